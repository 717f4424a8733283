/**
 * Where holds and Entries are written first: two files of fixed size beside the embedded database, which follows behind
 * in large groups. What stands here survives the process; what was synced survives the machine.
 *
 * A file holds one generation: a header, then records, each a line with its checksum. They are filled in turns, and one is
 * written over when all in it is in the database. Holds that are open then are carried over to the other.
 */
import { crc32 } from "node:zlib";
import { StoreError } from "./engine.ts";
import type { JournalFile } from "./journal-file.ts";

/** A place in the journal: the end of a record. They are in order. */
export interface Mark {
	readonly generation: number;
	readonly position: number;
}

export interface JournalRecord {
	/** One line. */
	readonly payload: string;
	readonly mark: Mark;
}

export interface Journal {
	/** What the process before left, in the order in which it was written. */
	readonly left: readonly JournalRecord[];
	/**
	 * Forgets all of that and goes on behind every mark there has been; resolves when no power cut can bring it back.
	 * Must be called first. Rejects with StoreError.
	 */
	begin(after: Mark): Promise<void>;
	/** Where the records end. @throws StoreError `full` when neither file has room, `io` */
	append(payloads: readonly string[]): Mark;
	/** Resolves when all that was appended before survives a power cut. Rejects with StoreError `io`. */
	sync(): Promise<void>;
	/** All up to here is in the database. */
	release(mark: Mark): void;
	/** It will be full soon unless something is released. */
	isPressed(): boolean;
	close(): void;
}

export interface JournalOptions {
	readonly files: readonly [JournalFile, JournalFile];
	/** What must go on standing here when a file is written over: the open holds. */
	readonly toCarried: () => Iterable<string>;
}

export const isAfter = (mark: Mark, other: Mark): boolean =>
	mark.generation === other.generation
		? mark.position > other.position
		: mark.generation > other.generation;

/** `17:4096` */
export const toMarkText = ({ generation, position }: Mark): string =>
	`${generation}:${position}`;

export function readMark(text: string): Mark {
	const [generation, position] = text.split(":").map(Number);
	return { generation: generation ?? 0, position: position ?? 0 };
}

const headerBytes = 64;
const toHeader = (generation: number): string =>
	`${`tollway-journal 1 ${generation}`.padEnd(headerBytes - 1)}\n`;

interface Segment {
	readonly file: JournalFile;
	generation: number;
	position: number;
	/** Written to since it was last synced. */
	dirty: boolean;
}

interface State {
	readonly options: JournalOptions;
	active: Segment;
	other: Segment;
	released: Mark;
}

export function openJournal(options: JournalOptions): Journal {
	const [first, second] = options.files.map(toSegment) as [Segment, Segment];
	const left = [first, second]
		.sort((a, b) => a.generation - b.generation)
		.flatMap(readRecords);
	const s: State = {
		options,
		active: first,
		other: second,
		released: { generation: 0, position: 0 },
	};
	return {
		left,
		begin: (after) => begin(s, after),
		append: (payloads) => append(s, payloads),
		sync: () => sync(s),
		release: (mark) => {
			s.released = mark;
		},
		isPressed: () => s.active.position > s.active.file.bytes / 4,
		close: () => {
			for (const { file } of [s.active, s.other]) file.close();
		},
	};
}

function toSegment(file: JournalFile): Segment {
	const header = file.read().toString("latin1", 0, headerBytes);
	const generation = Number(/^tollway-journal 1 (\d+) *\n$/.exec(header)?.[1]);
	return {
		file,
		generation: Number.isSafeInteger(generation) ? generation : 0,
		position: headerBytes,
		dirty: false,
	};
}

const lineEnd = 0x0a;

/** Up to the first that is torn, or of an earlier generation. */
function readRecords({ file, generation }: Segment): JournalRecord[] {
	const records: JournalRecord[] = [];
	if (generation === 0) return records;
	const bytes = file.read();
	let start = headerBytes;
	for (;;) {
		const end = bytes.indexOf(lineEnd, start);
		if (end < 0) return records;
		const line = bytes.toString("utf8", start, end);
		const blank = line.indexOf(" ");
		const payload = line.slice(blank + 1);
		if (blank < 1 || line !== toLine(payload, generation)) return records;
		start = end + 1;
		records.push({ payload, mark: { generation, position: start } });
	}
}

const toLine = (payload: string, generation: number): string =>
	`${crc32(payload, generation).toString(36)} ${payload}`;

async function begin(s: State, after: Mark): Promise<void> {
	const { active, other } = s;
	const generation =
		Math.max(after.generation, active.generation, other.generation) + 1;
	write(s.other, toHeader(0), 0);
	s.other.generation = 0;
	restart(s.active, generation);
	s.released = { generation, position: headerBytes };
	await sync(s);
}

function restart(segment: Segment, generation: number): void {
	segment.generation = generation;
	segment.position = write(segment, toHeader(generation), 0);
}

function write(segment: Segment, text: string, position: number): number {
	segment.dirty = true;
	return segment.file.write(text, position);
}

function append(s: State, payloads: readonly string[]): Mark {
	const { file, position } = s.active;
	if (position > file.bytes / 2 && isReleased(s)) turn(s);
	if (!put(s.active, payloads)) {
		if (!isReleased(s)) throw full();
		turn(s);
		if (!put(s.active, payloads)) throw full();
	}
	const { generation, position: end } = s.active;
	return { generation, position: end };
}

const full = () =>
	new StoreError("full", "the journal is full, and the database takes nothing");

/** Nothing is in the other file that is not elsewhere too. */
const isReleased = ({ active, other, released }: State): boolean =>
	other.generation === 0 ||
	released.generation >= active.generation ||
	(released.generation === other.generation &&
		released.position >= other.position);

/** Goes on in the other file. */
function turn(s: State): void {
	const { generation } = s.active;
	[s.active, s.other] = [s.other, s.active];
	restart(s.active, generation + 1);
	if (!put(s.active, [...s.options.toCarried()])) throw full();
}

/** False when there is no room for all of them. */
function put(segment: Segment, payloads: readonly string[]): boolean {
	let text = "";
	for (const payload of payloads) {
		text += `${toLine(payload, segment.generation)}\n`;
	}
	const room = segment.file.bytes - segment.position;
	// No UTF-16 unit takes more than three bytes.
	if (text.length * 3 > room && Buffer.byteLength(text) > room) return false;
	segment.position += write(segment, text, segment.position);
	return true;
}

async function sync({ active, other }: State): Promise<void> {
	const dirty = [other, active].filter((segment) => segment.dirty);
	for (const segment of dirty) segment.dirty = false;
	await Promise.all(dirty.map(({ file }) => file.sync()));
}
