import type { Entry } from "../domain/entry.ts";
import type { Nanos } from "../domain/nanos.ts";
import type { Clock } from "../platform/contract.ts";
import { firstLink, type Link, toLink } from "./chain.ts";
import {
	type Engine,
	type Statement,
	StoreError,
	type StoreFault,
} from "./engine.ts";
import { toColumn, toEntryColumns } from "./entry-row.ts";
import { type Summed, toRollups } from "./rollup.ts";
import type { HotStatements } from "./statements.ts";

/**
 * When a commit counts as done. `always`: when a power cut cannot undo it. `interval`: at once, and at most 200 ms later a
 * power cut cannot undo it. `off`: at once; a power cut may undo the last seconds, and never damages the database.
 */
export type Durability = "always" | "interval" | "off";

/** Money that is reserved for a call, and what its Entry is made of if nobody sees its end. */
export interface HeldCall {
	readonly id: string;
	readonly kind: "call" | "batch";
	readonly startedMs: number;
	readonly nanos: Nanos;
	/** JSON. */
	readonly detail: string;
}

export interface LedgerOptions {
	readonly engine: Engine;
	readonly statements: HotStatements;
	readonly writer: number;
	readonly durability: Durability;
	readonly clock: Clock;
	/** Called when commits begin to fail, and with null when they work again. */
	readonly onFault: (fault: StoreError | null) => void;
}

/** The one way in: holds before calls, Entries behind them. Rejects with StoreError. */
export interface Ledger {
	/** Resolves when the hold is committed; no power cut is waited for. Rejects at once when it cannot be. */
	hold(held: HeldCall): Promise<void>;
	/**
	 * Resolves when the Entry is committed at the configured durability, and its hold is gone. Tries again for five
	 * seconds when it cannot be; then the Entry is the caller's to save elsewhere.
	 * @param model as the sums name it
	 */
	settle(entry: Entry, model: string): Promise<void>;
	/** Holds and Entries that are not committed yet. */
	waiting(): number;
	/** After what waits. */
	close(): Promise<void>;
}

const syncEveryMs = 200;
const settleWithinMs = 5_000;
const retryEveryMs = 50;
const maxGroup = 1_000;
const maxWaiting = 20_000;

interface Task {
	readonly held: HeldCall | null;
	readonly settled: Summed | null;
	readonly deadlineMs: number;
	resolve(): void;
	reject(error: unknown): void;
}

/** After these, trying again can help. */
const passing: ReadonlySet<StoreFault> = new Set([
	"busy",
	"full",
	"readonly",
	"io",
	"unreachable",
]);

interface State {
	readonly options: LedgerOptions;
	last: Link;
	queue: Task[];
	/** One group is committed at a time; whatever comes meanwhile is the next. */
	running: Promise<void> | null;
	syncedMs: number;
	/** Something committed would not survive a power cut. */
	unsynced: boolean;
	failing: boolean;
}

/** Continues the chain of `writer` where it ended. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
	const state: State = {
		options,
		last: await readLastLink(options),
		queue: [],
		running: null,
		syncedMs: options.clock.monotonic(),
		unsynced: false,
		failing: false,
	};
	const timer =
		options.durability === "interval"
			? setInterval(syncIfDue, syncEveryMs, state)
			: undefined;
	return {
		hold: (held) => add(state, held, null),
		settle: (entry, model) => add(state, null, { entry, model }),
		waiting: () => state.queue.length,
		close: async () => {
			clearInterval(timer);
			while (state.running !== null) await state.running;
			if (state.unsynced && options.durability !== "off") await sync(state);
		},
	};
}

function add(
	state: State,
	held: HeldCall | null,
	settled: Summed | null,
): Promise<void> {
	return new Promise((resolve, reject) => {
		if (state.queue.length >= maxWaiting) {
			reject(new StoreError("busy", "too much waits for the database"));
			return;
		}
		const deadlineMs = state.options.clock.monotonic() + settleWithinMs;
		state.queue.push({ held, settled, deadlineMs, resolve, reject });
		// Not at once: everything that this turn of the event loop brings goes into one transaction.
		state.running ??= new Promise(setImmediate).then(() => run(state));
	});
}

async function run(state: State): Promise<void> {
	while (state.queue.length > 0) {
		const group = state.queue.slice(0, maxGroup);
		state.queue = state.queue.slice(maxGroup);
		try {
			await commit(state, group);
			tell(state, null);
		} catch (error) {
			await recover(state, group, toStoreError(error));
		}
	}
	state.running = null;
}

async function commit(state: State, group: readonly Task[]): Promise<void> {
	const { engine, clock, durability } = state.options;
	const { statements, link } = toStatements(state, group);
	const synced =
		durability === "always"
			? group.some(({ settled }) => settled !== null)
			: durability === "interval" && isDue(state);
	try {
		await engine.commit(statements, synced);
	} catch (error) {
		// The commit may be there although its answer never came.
		if (link === state.last || !(await isLast(state, link))) throw error;
	}
	state.last = link;
	state.unsynced = !synced;
	if (synced) state.syncedMs = clock.monotonic();
	for (const { resolve } of group) resolve();
}

/** What a failed group leaves to be tried again goes to the front of the queue. */
async function recover(
	state: State,
	group: readonly Task[],
	fault: StoreError,
): Promise<void> {
	if (!passing.has(fault.fault)) {
		// One of them is at fault; the others must not fall with it.
		for (const task of group) {
			await commit(state, [task]).catch((error) => {
				if (passing.has(toStoreError(error).fault)) state.queue.push(task);
				else task.reject(error);
			});
		}
		return;
	}
	tell(state, fault);
	const nowMs = state.options.clock.monotonic();
	const again = group.filter((task) => {
		// A call that has not begun is refused at once; one that has ended cannot be.
		if (task.settled !== null && nowMs < task.deadlineMs) return true;
		task.reject(fault);
		return false;
	});
	state.queue = [...again, ...state.queue];
	await new Promise((resolve) => setTimeout(resolve, retryEveryMs));
}

function tell(state: State, fault: StoreError | null): void {
	const failing = fault !== null;
	if (state.failing !== failing) state.options.onFault(fault);
	state.failing = failing;
}

const isDue = ({ options, syncedMs }: State): boolean =>
	options.clock.monotonic() - syncedMs >= syncEveryMs;

/** When nothing is committed for a while, what was committed before must reach the disk all the same. */
function syncIfDue(state: State): void {
	if (!state.unsynced || state.running || !isDue(state)) return;
	state.running = sync(state).then(() => run(state));
}

async function sync(state: State): Promise<void> {
	const { engine, clock, statements, writer } = state.options;
	try {
		const values = [clock.now(), writer];
		await engine.commit([{ sql: statements.touchWriter, values }], true);
		state.unsynced = false;
		state.syncedMs = clock.monotonic();
	} catch (error) {
		tell(state, toStoreError(error));
	}
}

function toStatements(
	{ options, last }: State,
	group: readonly Task[],
): { statements: Statement[]; link: Link } {
	const { writer } = options;
	const { addEntry, addHold, dropHold, addToRollup } = options.statements;
	const statements: Statement[] = [];
	const summed: Summed[] = [];
	let link = last;
	for (const { held, settled } of group) {
		if (held !== null) {
			const { id, kind, startedMs, nanos, detail } = held;
			const values = [id, writer, kind, startedMs, toColumn(nanos), detail];
			statements.push({ sql: addHold, values });
		}
		if (settled !== null) {
			const columns = toEntryColumns(settled.entry);
			link = toLink(link, writer, columns);
			const values = [writer, link.seq, ...columns, link.hash];
			statements.push({ sql: addEntry, values });
			statements.push({ sql: dropHold, values: [settled.entry.id] });
			summed.push(settled);
		}
	}
	for (const values of toRollups(summed)) {
		statements.push({ sql: addToRollup, values });
	}
	return { statements, link };
}

async function readLastLink(options: LedgerOptions): Promise<Link> {
	const { engine, statements, writer } = options;
	const sql = statements.lastEntries;
	const [row] = await engine.readInOrder({ sql, values: [writer, 1] });
	return row ? { seq: Number(row[0]), hash: String(row[1]) } : firstLink;
}

async function isLast({ options }: State, link: Link): Promise<boolean> {
	try {
		return (await readLastLink(options)).hash === link.hash;
	} catch {
		return false; // the reason is the one that the commit already failed for
	}
}

const toStoreError = (error: unknown): StoreError =>
	error instanceof StoreError
		? error
		: new StoreError("broken", "the ledger failed", { cause: error });
