/**
 * Where holds and Entries are written first: two files of fixed size beside the embedded database, which follows behind
 * in large groups. What stands here survives the process; what was synced survives the machine.
 *
 * A file holds one generation: a header, then records, each a line that begins with its checksum. They are filled in turns,
 * and one is written over when all in it is in the database. Holds that are open then are carried over to the other.
 */
import { Buffer } from "node:buffer";
import { StoreError } from "./engine.ts";
import type { JournalFile } from "./journal-file.ts";
import {
	lineEnd,
	type Payload,
	putLines,
	readLine,
	toBytes,
	toMostBytes,
} from "./journal-lines.ts";

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
	 * Forgets all that stands here but the open holds, and goes on behind every mark there has been; resolves when no power
	 * cut can undo that. Must be called first, and can be again. Rejects with StoreError.
	 */
	begin(after: Mark): Promise<void>;
	/** What must stand here until it is released. Where the records end. @throws StoreError `full` when neither file has room, `io` */
	append(payloads: readonly Payload[]): Mark;
	/** What is among the carried ones as long as it must stand here. @throws StoreError, as `append` */
	hold(payload: Payload): void;
	/** Resolves when all that was appended before survives a power cut. Rejects with StoreError `io`. */
	sync(): Promise<void>;
	/** All up to here is in the database. */
	release(mark: Mark): void;
	/** It will be full soon unless something is released. */
	isPressed(): boolean;
	/** There is no room left but for what has begun. */
	isFull(): boolean;
	close(): void;
}

export interface JournalOptions {
	readonly files: readonly [JournalFile, JournalFile];
	/** What must go on standing here when a file is written over: the open holds. */
	readonly toCarried: () => readonly Payload[];
}

export const isAfter = (mark: Mark, other: Mark): boolean =>
	mark.generation === other.generation
		? mark.position > other.position
		: mark.generation > other.generation;

/** Before every record. */
export const zeroMark: Mark = { generation: 0, position: 0 };

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
	/** Where the last of its records ends that is not carried; 0: there is none. */
	needed: number;
	/** Written to since it was last synced. */
	dirty: boolean;
}

interface State {
	readonly options: JournalOptions;
	active: Segment;
	other: Segment;
	released: Mark;
	/** When it was last tried, the open holds had no room in the other file. */
	crowded: boolean;
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
		released: zeroMark,
		crowded: false,
	};
	return {
		left,
		begin: (after) => begin(s, after),
		append: (payloads) => {
			append(s, payloads, "writeLater");
			const { active } = s;
			active.needed = active.position;
			return { generation: active.generation, position: active.position };
		},
		hold: (payload) => append(s, [payload], "write"),
		sync: () => sync(s),
		release: (mark) => {
			s.released = mark;
		},
		isPressed: () => s.active.position > s.active.file.bytes / 4,
		isFull: () =>
			s.active.position > (s.active.file.bytes * 3) / 4 && !isReleased(s),
		close: () => {
			for (const { file } of [s.active, s.other]) file.close();
		},
	};
}

const toSegment = (file: JournalFile): Segment => ({
	file,
	generation: readGeneration(file),
	position: headerBytes,
	needed: 0,
	dirty: false,
});

/** 0 where there is none. @throws StoreError `broken` with what to do */
function readGeneration(file: JournalFile): number {
	const header = file.read(headerBytes).toString("latin1");
	const found = /^tollway-journal 1 (\d{1,15}) *\n$/.exec(header)?.[1];
	if (found !== undefined) return Number(found);
	// A new file is all zeros.
	if (/^\0*$/.test(header)) return 0;
	throw new StoreError(
		"broken",
		`${file.path} is damaged: it does not begin as a journal does. It may hold the last calls of the process before, which stand nowhere else. Put it back from a copy; or, to do without them, move it to another folder and start again.`,
	);
}

/** Behind this many bytes without a record of its generation nothing more is looked for. */
const maxDamageBytes = 64 * 1024;

/**
 * All of its generation. What is damaged between them is passed over: a power cut may have kept a later page of what was
 * not synced and lost an earlier one, and each record is true by itself.
 */
function readRecords({ file, generation }: Segment): JournalRecord[] {
	const records: JournalRecord[] = [];
	if (generation === 0) return records;
	let bytes = file.read(firstReadBytes);
	let soundEnd = headerBytes;
	let start = headerBytes;
	while (start - soundEnd <= maxDamageBytes) {
		const end = bytes.indexOf(lineEnd, start);
		if (end < 0) {
			const unsound = bytes.length - soundEnd;
			if (unsound > maxDamageBytes || bytes.length >= file.bytes) break;
			bytes = file.read(4 * bytes.length);
			continue;
		}
		const payload = readLine(bytes, start, end, generation);
		start = end + 1;
		if (payload === null) continue;
		soundEnd = start;
		records.push({ payload, mark: { generation, position: start } });
	}
	return records;
}

/** Most files are read at a start that has little to find. */
const firstReadBytes = 256 * 1024;

async function begin(s: State, after: Mark): Promise<void> {
	const { active, other } = s;
	const generation =
		Math.max(after.generation, active.generation, other.generation) + 1;
	const isNew = generation === 1;
	const carried = s.options.toCarried();
	if (!fits(s.active, carried)) throw journalFull();
	if (!isNew) restart(other, 0, []);
	restart(active, generation, carried);
	s.released = { generation, position: headerBytes };
	// New files have nothing that a power cut could bring back; their first sync writes them whole.
	if (!isNew) await sync(s);
}

const fits = ({ file }: Segment, carried: readonly Payload[]): boolean =>
	toBytes(carried) <= file.bytes - headerBytes;

function restart(
	segment: Segment,
	generation: number,
	carried: readonly Payload[],
): void {
	const { file } = segment;
	const into = file.memory ?? Buffer.alloc(headerBytes + toBytes(carried));
	const end = putLines(into, headerBytes, carried, generation);
	// Last: a process that ends before it leaves a file of the generation before, whose records are elsewhere too.
	into.write(toHeader(generation), 0, "latin1");
	segment.dirty = true;
	segment.generation = generation;
	segment.needed = 0;
	segment.position = end;
	if (file.memory === null) file.write(into, 0);
}

type How = "write" | "writeLater";

function append(s: State, payloads: readonly Payload[], how: How): void {
	const { file, position } = s.active;
	if (position > file.bytes / 2 && !s.crowded && isReleased(s)) turn(s);
	if (!put(s.active, payloads, how)) {
		const goesOn = isReleased(s) && turn(s) && put(s.active, payloads, how);
		if (!goesOn) throw journalFull();
	}
}

export const journalFull = () =>
	new StoreError("full", "the journal is full, and the database takes nothing");

/** Nothing is in the other file that is not elsewhere too. */
const isReleased = ({ other, released }: State): boolean =>
	other.needed === 0 ||
	released.generation > other.generation ||
	(released.generation === other.generation &&
		released.position >= other.needed);

/** Goes on in the other file. False when the open holds have no room in it; then nothing has been written over. */
function turn(s: State): boolean {
	const generation = s.active.generation + 1;
	const carried = s.options.toCarried();
	s.crowded = !fits(s.other, carried);
	if (s.crowded) return false;
	[s.active, s.other] = [s.other, s.active];
	restart(s.active, generation, carried);
	return true;
}

/** False when there is no room for all of them. @throws StoreError `io` */
function put(
	segment: Segment,
	payloads: readonly Payload[],
	how: How,
): boolean {
	const { file, generation, position } = segment;
	const room = file.bytes - position;
	if (toMostBytes(payloads) > room && toBytes(payloads) > room) return false;
	segment.dirty = true;
	if (file.memory !== null) {
		segment.position = putLines(file.memory, position, payloads, generation);
	} else {
		const lines = Buffer.allocUnsafe(toBytes(payloads));
		segment.position += putLines(lines, 0, payloads, generation);
		file[how](lines, position);
	}
	return true;
}

async function sync({ active, other }: State): Promise<void> {
	const dirty = [other, active].filter((segment) => segment.dirty);
	for (const segment of dirty) segment.dirty = false;
	await Promise.all(dirty.map(({ file }) => file.sync()));
}
