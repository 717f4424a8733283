/**
 * The ledger of the embedded database, which this process alone writes. Holds and Entries go into the journal, which costs
 * next to nothing, and from there into the database in groups so large that a row costs a fifth of what it costs alone. A
 * full, locked or failing disk stops new calls; those that run end, and their Entries wait in the journal.
 */
import type { Entry } from "../domain/entry.ts";
import type { Clock } from "../platform/contract.ts";
import type { Book, HeldCall, Settled } from "./book.ts";
import { openDatabaseFeed } from "./database-feed.ts";
import { type Engine, type StoreError, toStoreError } from "./engine.ts";
import { toEntryColumns } from "./entry-row.ts";
import { type Journal, journalFull, zeroMark } from "./journal.ts";
import { toEntryPayload, toHoldPayload } from "./journal-record.ts";
import { type Durability, type Ledger, settleWithinMs } from "./ledger.ts";
import type { OpenHolds } from "./open-holds.ts";
import type { HotStatements } from "./statements.ts";

export interface JournaledLedgerOptions {
	readonly engine: Engine;
	readonly statements: HotStatements;
	readonly book: Book;
	/** Begun. */
	readonly journal: Journal;
	/** Begun; it carries the holds of `open`, and is never synced. */
	readonly holds: Journal;
	/** Payloads of the holds that are open, by id. */
	readonly open: OpenHolds;
	readonly durability: Durability;
	readonly clock: Clock;
	/** Called when the database takes nothing, and with null when it does again. */
	readonly onFault: (fault: StoreError | null) => void;
	/** An Entry that no database will ever take: to be saved elsewhere. */
	readonly onLost: (entry: Entry, fault: StoreError) => void;
}

/**
 * While other calls run that will end soon, this long lies between two syncs: thirty calls then share one. A call that is
 * alone never waits for it.
 */
const syncApartMs = 4;

interface Waiting {
	readonly settled: Settled;
	resolve(): void;
	reject(fault: StoreError): void;
}

interface State {
	readonly options: JournaledLedgerOptions;
	readonly feed: ReturnType<typeof openDatabaseFeed>;
	/** Entries whose sync has not begun. */
	waiting: Waiting[];
	syncing: Promise<void> | null;
	syncedMs: number;
	/** The journal can no longer be relied upon; the database must take every Entry at once. */
	broken: StoreError | null;
	/** What `onFault` was told last. */
	told: StoreError | null;
	renewal: ReturnType<typeof setTimeout> | undefined;
	closing: boolean;
}

export function openJournaledLedger(options: JournaledLedgerOptions): Ledger {
	const { open, journal, durability } = options;
	const feed = openDatabaseFeed({ ...options, onFault: () => tell(s) });
	const s: State = {
		options,
		feed,
		waiting: [],
		syncing: null,
		syncedMs: 0,
		broken: null,
		told: null,
		renewal: undefined,
		closing: false,
	};
	const settle = durability === "always" ? settleSynced : settleAtOnce;
	return {
		hold: (held) => hold(s, held),
		settle: (entry, model, endUser = null) => {
			const columns = JSON.stringify(toEntryColumns(entry));
			return settle(s, { entry, model, endUser, columns });
		},
		fault: () => toFault(s),
		waiting: () => s.waiting.length + feed.waiting(),
		flush: async () => {
			if (s.syncing !== null) await s.syncing;
			await feed.flush();
		},
		close: async () => {
			s.closing = true;
			clearTimeout(s.renewal);
			while (s.syncing !== null) await s.syncing;
			await feed.close();
			open.clear();
			journal.close();
			options.holds.close();
		},
	};
}

const toFault = ({ broken, feed }: State): StoreError | null =>
	broken ?? feed.fault();

function tell(s: State): void {
	const fault = toFault(s);
	const changes = (s.told === null) !== (fault === null);
	s.told = fault;
	if (changes) s.options.onFault(fault);
}

function hold(s: State, held: HeldCall): undefined {
	const { open, journal, holds } = s.options;
	if (s.broken !== null) throw s.broken;
	if (journal.isFull()) throw journalFull();
	const payload = toHoldPayload(held);
	// First, so that it is carried if this very record opens the other file.
	open.set(held.id, payload);
	try {
		holds.hold(payload);
	} catch (error) {
		open.delete(held.id);
		noteBroken(s, toStoreError(error));
		throw error;
	}
}

function settleAtOnce(s: State, settled: Settled): Promise<void> | undefined {
	const { open, journal } = s.options;
	try {
		if (s.broken !== null) throw s.broken;
		const mark = journal.append([toEntryPayload(settled)]);
		open.delete(settled.entry.id);
		s.feed.push({ settled, mark });
		return undefined;
	} catch (error) {
		return settleDirectly(s, settled, toStoreError(error));
	}
}

function settleSynced(s: State, settled: Settled): Promise<void> {
	return new Promise((resolve, reject) => {
		s.waiting.push({ settled, resolve, reject });
		// Not at once: everything that this turn of the event loop brings shares the sync.
		s.syncing ??= new Promise(setImmediate).then(() => syncAll(s));
	});
}

async function syncAll(s: State): Promise<void> {
	const { clock, open } = s.options;
	while (s.waiting.length > 0) {
		const restMs = s.syncedMs + syncApartMs - clock.monotonic();
		if (restMs > 0 && open.size > s.waiting.length) {
			await new Promise((resolve) => setTimeout(resolve, Math.ceil(restMs)));
		}
		s.syncedMs = clock.monotonic();
		const group = s.waiting;
		s.waiting = [];
		await syncGroup(s, group);
	}
	s.syncing = null;
}

async function syncGroup(s: State, group: readonly Waiting[]): Promise<void> {
	const { open, journal } = s.options;
	try {
		if (s.broken !== null) throw s.broken;
		const mark = journal.append(
			group.map(({ settled }) => toEntryPayload(settled)),
		);
		await journal.sync();
		const last = group.at(-1);
		for (const one of group) {
			open.delete(one.settled.entry.id);
			// Not for each: the database may take them in two groups, and must not say of the first that it was all.
			s.feed.push({
				settled: one.settled,
				mark: one === last ? mark : null,
			});
			one.resolve();
		}
	} catch (error) {
		const fault = toStoreError(error);
		for (const { settled, resolve, reject } of group) {
			settleDirectly(s, settled, fault).then(resolve, reject);
		}
	}
}

/** Where the journal has failed, the database itself must take the Entry while the reply waits. */
function settleDirectly(
	s: State,
	settled: Settled,
	fault: StoreError,
): Promise<void> {
	noteBroken(s, fault);
	s.options.open.delete(settled.entry.id);
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(fault), settleWithinMs);
		const done = (lost: StoreError | null) => {
			clearTimeout(timer);
			if (lost === null) resolve();
			else reject(lost);
		};
		s.feed.push({ settled, mark: null, done });
	});
}

/** What a file may have lost once it was told to be safe, it cannot be asked for again (fsync fails only once). */
function noteBroken(s: State, fault: StoreError): void {
	if (fault.fault !== "io" || s.broken !== null) return;
	s.broken = fault;
	tell(s);
	renewLater(s);
}

const renewEveryMs = 1_000;

function renewLater(s: State): void {
	if (s.closing) return;
	s.renewal = setTimeout(() => void renew(s), renewEveryMs);
}

/** Begins a new journal with the holds that are open, once the database has all that stands in the old one. */
async function renew(s: State): Promise<void> {
	const { journal, holds } = s.options;
	try {
		if (s.syncing !== null || !s.feed.isEmpty()) throw s.broken;
		await journal.begin(zeroMark);
		await holds.begin(zeroMark);
		s.broken = null;
		tell(s);
	} catch {
		renewLater(s); // it is told already
	}
}
