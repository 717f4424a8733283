/** Brings what stands in the journal into the database, in order, and each Entry once. */
import type { Entry } from "../domain/entry.ts";
import type { Clock } from "../platform/contract.ts";
import type { Book, Settled } from "./book.ts";
import { type Engine, type StoreError, toStoreError } from "./engine.ts";
import {
	isAfter,
	type Journal,
	type Mark,
	readMark,
	toMarkText,
} from "./journal.ts";
import type { Durability } from "./ledger.ts";
import type { HotStatements } from "./statements.ts";

export interface FeedOptions {
	readonly engine: Engine;
	readonly statements: HotStatements;
	readonly book: Book;
	readonly journal: Journal;
	readonly durability: Durability;
	readonly clock: Clock;
	readonly onFault: (fault: StoreError | null) => void;
	readonly onLost: (entry: Entry, fault: StoreError) => void;
}

/** An Entry on its way into the database. */
export interface Fed {
	readonly settled: Settled;
	/** Where the journal has it; null: nowhere. */
	readonly mark: Mark | null;
	/** Called when the database has it for good. */
	done?(): void;
}

export interface DatabaseFeed {
	push(fed: Fed): void;
	fault(): StoreError | null;
	waiting(): number;
	/** Everything is in the database, unless that fails for five seconds: then the journal keeps it for the next start. */
	close(): Promise<void>;
}

/** The name in the table `meta` of the place up to which the database has what the journal has. */
export const markName = "journal";

const gatherMs = 100;
const gatherEntries = 256;
const maxGroup = 1_000;
const retryMs = { first: 50, most: 1_000 };
const closeWithinMs = 5_000;

/** How old a commit may become that a power cut could undo. Where the journal is synced itself, its room is what counts. */
const syncAfterMs: { readonly [D in Durability]: number } = {
	always: 1_000,
	interval: 100,
	off: Number.POSITIVE_INFINITY,
};

interface State {
	readonly options: FeedOptions;
	/** In the order of the journal. The first `committed` of them are in the database, and a power cut could undo that. */
	items: Fed[];
	committed: number;
	timer: ReturnType<typeof setTimeout> | undefined;
	running: Promise<void> | null;
	closing: boolean;
	syncedMs: number;
	fault: StoreError | null;
}

export function openDatabaseFeed(options: FeedOptions): DatabaseFeed {
	const s: State = {
		options,
		items: [],
		committed: 0,
		timer: undefined,
		running: null,
		closing: false,
		syncedMs: options.clock.monotonic(),
		fault: null,
	};
	return {
		push: (fed) => {
			s.items.push(fed);
			wake(s);
		},
		fault: () => s.fault,
		waiting: () => s.items.length - s.committed,
		close: () => close(s),
	};
}

function wake(s: State): void {
	if (s.running !== null || s.closing) return;
	const fresh = s.items.length - s.committed;
	if (fresh >= gatherEntries || s.items.at(-1)?.done) start(s);
	else if (fresh > 0) s.timer ??= setTimeout(start, gatherMs, s);
	else if (s.committed > 0) s.timer ??= setTimeout(start, toSyncMs(s), s);
}

const toSyncMs = ({ options, syncedMs }: State): number =>
	syncAfterMs[options.durability] - (options.clock.monotonic() - syncedMs);

function start(s: State): void {
	clearTimeout(s.timer);
	s.timer = undefined;
	s.running ??= run(s).finally(() => {
		s.running = null;
		wake(s);
	});
}

async function run(s: State): Promise<void> {
	let waitMs = retryMs.first;
	do {
		try {
			await commitNext(s);
			tell(s, null);
			waitMs = retryMs.first;
		} catch (error) {
			const fault = toStoreError(error);
			if (fault.fault === "conflict") await commitSingly(s);
			else {
				tell(s, fault);
				await new Promise((resolve) => setTimeout(resolve, waitMs));
				waitMs = Math.min(2 * waitMs, retryMs.most);
				await takeUpAgain(s);
			}
		}
	} while (isUrgent(s));
}

/** Whether there is something to do before the next gathering. */
const isUrgent = ({ items, committed, fault, closing }: State): boolean =>
	!closing && (items.length - committed >= gatherEntries || fault !== null);

async function commitNext(s: State): Promise<void> {
	const group = s.items.slice(s.committed, s.committed + maxGroup);
	const synced = await commit(s, group);
	s.committed += group.length;
	if (synced || s.options.durability === "off") finish(s);
}

/** Returns whether no power cut can undo it. */
async function commit(s: State, group: readonly Fed[]): Promise<boolean> {
	const { book, statements, clock } = s.options;
	const synced = isSyncDue(s, group);
	const mark = group.findLast((fed) => fed.mark !== null)?.mark;
	const values = [markName, mark ? toMarkText(mark) : ""];
	const along = mark ? [{ sql: statements.setMeta, values }] : [];
	const settled = group.map((fed) => fed.settled);
	const entries = { holds: [], settled, dropsHolds: false, along };
	if (group.length === 0) await book.touch(synced);
	else await book.commit(entries, synced);
	if (synced) s.syncedMs = clock.monotonic();
	return synced;
}

function isSyncDue(s: State, group: readonly Fed[]): boolean {
	const { durability, journal } = s.options;
	if (durability === "off") return false;
	return (
		s.closing ||
		group.length === 0 ||
		toSyncMs(s) <= 0 ||
		journal.isPressed() ||
		group.some(({ done }) => done)
	);
}

/** What the disk has for good need not stand in the journal. */
function finish(s: State): void {
	const done = s.items.splice(0, s.committed);
	s.committed = 0;
	for (const fed of done) fed.done?.();
	const mark = done.findLast((fed) => fed.mark !== null)?.mark;
	if (mark) s.options.journal.release(mark);
}

/** One of them is at fault; the others must not fall with it. */
async function commitSingly(s: State): Promise<void> {
	for (const fed of s.items.slice(s.committed, s.committed + maxGroup)) {
		try {
			await commit(s, [fed]);
			s.committed += 1;
		} catch (error) {
			const fault = toStoreError(error);
			if (fault.fault !== "conflict") {
				tell(s, fault);
				return;
			}
			s.items.splice(s.committed, 1);
			if (!(await isThere(s, fed))) s.options.onLost(fed.settled.entry, fault);
			fed.done?.();
		}
	}
}

/** An Entry whose commit was taken for failed, and was not. */
async function isThere({ options }: State, fed: Fed): Promise<boolean> {
	const { engine, statements } = options;
	const values = [fed.settled.entry.id];
	const sql = statements.findEntry;
	return (await engine.readInOrder({ sql, values })).length > 0;
}

/** After a failure only the database knows what it has. */
async function takeUpAgain(s: State): Promise<void> {
	const { engine, statements, book } = s.options;
	try {
		await book.reread();
		const sql = statements.readMeta;
		const [row] = await engine.readInOrder({ sql, values: [markName] });
		const mark = readMark(String(row?.[0] ?? "0:0"));
		s.committed =
			s.items.findLastIndex(
				(fed) => fed.mark !== null && !isAfter(fed.mark, mark),
			) + 1;
	} catch (error) {
		tell(s, toStoreError(error));
	}
}

function tell(s: State, fault: StoreError | null): void {
	const changes = (s.fault === null) !== (fault === null);
	s.fault = fault;
	if (changes) s.options.onFault(fault);
}

async function close(s: State): Promise<void> {
	const { clock } = s.options;
	const deadlineMs = clock.monotonic() + closeWithinMs;
	s.closing = true;
	await s.running;
	while (s.items.length > 0 && clock.monotonic() < deadlineMs) {
		start(s);
		await s.running;
	}
	clearTimeout(s.timer);
}
