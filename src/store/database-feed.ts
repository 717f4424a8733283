/** Brings what stands in the journal into the database, in order, and each Entry once. */
import type { Entry } from "../domain/entry.ts";
import type { Clock } from "../platform/contract.ts";
import type { Book, Settled } from "./book.ts";
import { type Engine, StoreError, toStoreError } from "./engine.ts";
import { isAfter, type Journal, type Mark, toMarkText } from "./journal.ts";
import { type Durability, settleWithinMs } from "./ledger.ts";
import { isRecorded, markName, readRecordedMark } from "./recorded.ts";
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
	/** The end of what was written to the journal together with it, for the last of that; null: it is not the last, or not there. */
	readonly mark: Mark | null;
	/** Called when the database has it for good, or with the reason why it never will. */
	done?(lost: StoreError | null): void;
}

export interface DatabaseFeed {
	push(fed: Fed): void;
	fault(): StoreError | null;
	waiting(): number;
	/** Resolves when the database has all that was pushed before. Rejects with StoreError when five seconds did not do. */
	flush(): Promise<void>;
	/** It has nothing that a power cut could take from the database. */
	isEmpty(): boolean;
	/** Everything is in the database, unless that fails for five seconds: then the journal keeps it for the next start. */
	close(): Promise<void>;
}

const gatherMs = 100;
const gatherEntries = 1_000;
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
	timerFor: "gather" | "sync";
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
		timerFor: "gather",
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
		flush: () => flush(s),
		isEmpty: () => s.items.length === 0,
		close: () => close(s),
	};
}

function wake(s: State): void {
	if (s.running !== null || s.closing) return;
	const fresh = s.items.length - s.committed;
	if (fresh >= gatherEntries || s.items.at(-1)?.done) start(s);
	else if (fresh > 0) startWithin(s, "gather", gatherMs);
	else if (s.committed > 0) startWithin(s, "sync", toSyncMs(s));
}

async function flush(s: State): Promise<void> {
	const { clock } = s.options;
	const deadlineMs = clock.monotonic() + settleWithinMs;
	const last = s.items.at(-1);
	const isThere = () =>
		last === undefined || s.items.indexOf(last) < s.committed;
	while (!isThere()) {
		if (clock.monotonic() >= deadlineMs) {
			throw s.fault ?? new StoreError("busy", "the ledger is behind");
		}
		start(s);
		await Promise.race([
			s.running,
			new Promise((resolve) => setTimeout(resolve, retryMs.first)),
		]);
	}
}

/** What is fresh does not wait for a sync that is due later. */
function startWithin(s: State, why: "gather" | "sync", ms: number): void {
	if (s.timer !== undefined && (s.timerFor === "gather" || why === "sync")) {
		return;
	}
	clearTimeout(s.timer);
	s.timerFor = why;
	s.timer = setTimeout(start, Math.max(1, ms), s);
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
			tell(s, toStoreError(error));
			await new Promise((resolve) => setTimeout(resolve, waitMs));
			waitMs = Math.min(2 * waitMs, retryMs.most);
			await takeUpAgain(s);
		}
	} while (isUrgent(s));
}

/** Whether there is something to do before the next gathering. */
const isUrgent = ({ items, committed, fault, closing }: State): boolean =>
	!closing && (items.length - committed >= gatherEntries || fault !== null);

async function commitNext(s: State): Promise<void> {
	const group = s.items.slice(s.committed, s.committed + maxGroup);
	try {
		const synced = await commit(s, group);
		s.committed += group.length;
		if (synced || s.options.durability === "off") finish(s);
	} catch (error) {
		if (toStoreError(error).fault !== "conflict") throw error;
		await commitSingly(s, group);
	}
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
	for (const fed of done) fed.done?.(null);
	const mark = done.findLast((fed) => fed.mark !== null)?.mark;
	if (mark) s.options.journal.release(mark);
}

/** One of them is at fault; the others must not fall with it. Rejects with StoreError, for any other fault. */
async function commitSingly(s: State, group: readonly Fed[]): Promise<void> {
	for (const fed of group) {
		const fault = await commitOne(s, fed);
		if (fault === null) s.committed += 1;
		else {
			const { id } = fed.settled.entry;
			drop(s, fed, (await isRecorded(s.options, id)) ? null : fault);
		}
	}
}

/** Resolves with the conflict, if there is one. Rejects with StoreError for any other fault. */
async function commitOne(s: State, fed: Fed): Promise<StoreError | null> {
	// The second time with the end of the chain as the database has it: where that was not known, no Entry is at fault.
	for (let attempt = 1; ; attempt++) {
		try {
			await commit(s, [fed]);
			return null;
		} catch (error) {
			const fault = toStoreError(error);
			if (fault.fault !== "conflict") throw fault;
			if (attempt === 2) return fault;
			await s.options.book.reread();
		}
	}
}

/** @param lost why no database will ever take it; null: it was there */
function drop(s: State, fed: Fed, lost: StoreError | null): void {
	s.items.splice(s.committed, 1);
	if (fed.done) fed.done(lost);
	else if (lost !== null) s.options.onLost(fed.settled.entry, lost);
}

/** After a failure only the database knows what it has. */
async function takeUpAgain(s: State): Promise<void> {
	try {
		await s.options.book.reread();
		const mark = await readRecordedMark(s.options);
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
