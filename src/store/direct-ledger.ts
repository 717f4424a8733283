/** The ledger of a database that other processes write too: every hold and Entry is committed there before anything goes on. */
import type { Clock } from "../platform/contract.ts";
import type { Book, HeldCall, Settled } from "./book.ts";
import { isPassing, StoreError, toStoreError } from "./engine.ts";
import { toEntryColumns } from "./entry-row.ts";
import { type Durability, type Ledger, settleWithinMs } from "./ledger.ts";

export interface DirectLedgerOptions {
	readonly book: Book;
	readonly durability: Durability;
	readonly clock: Clock;
	/** Called when commits begin to fail, and with null when they work again. */
	readonly onFault: (fault: StoreError | null) => void;
}

const syncEveryMs = 200;
const retryEveryMs = 50;
const maxGroup = 1_000;
const maxWaiting = 20_000;

interface Task {
	readonly held: HeldCall | null;
	readonly settled: Settled | null;
	readonly deadlineMs: number;
	resolve(): void;
	reject(error: unknown): void;
}

interface State {
	readonly options: DirectLedgerOptions;
	queue: Task[];
	/** One group is committed at a time; whatever comes meanwhile is the next. */
	running: Promise<void> | null;
	syncedMs: number;
	/** Something committed would not survive a power cut. */
	unsynced: boolean;
	fault: StoreError | null;
}

export function openDirectLedger(options: DirectLedgerOptions): Ledger {
	const state: State = {
		options,
		queue: [],
		running: null,
		syncedMs: options.clock.monotonic(),
		unsynced: false,
		fault: null,
	};
	const timer =
		options.durability === "interval"
			? setInterval(syncIfDue, syncEveryMs, state)
			: undefined;
	return {
		hold: (held) => add(state, held, null),
		settle: (entry, model) => {
			const columns = JSON.stringify(toEntryColumns(entry));
			return add(state, null, { entry, model, columns });
		},
		fault: () => state.fault,
		waiting: () => state.queue.length,
		close: async () => {
			clearInterval(timer);
			while (state.running !== null) await state.running;
			if (state.unsynced && options.durability !== "off") await sync(state);
		},
	};
}

async function add(
	state: State,
	held: HeldCall | null,
	settled: Settled | null,
): Promise<void> {
	if (state.queue.length >= maxWaiting) {
		throw new StoreError("busy", "too much waits for the database");
	}
	return new Promise((resolve, reject) => {
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
	const { book, clock, durability } = state.options;
	const holds = group.flatMap(({ held }) => held ?? []);
	const settled = group.flatMap((task) => task.settled ?? []);
	const synced =
		durability === "always"
			? settled.length > 0
			: durability === "interval" && isDue(state);
	await book.commit({ holds, settled, dropsHolds: true, along: [] }, synced);
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
	if (!isPassing(fault)) {
		// One of them is at fault; the others must not fall with it.
		for (const task of group) {
			await commit(state, [task]).catch((error) => {
				if (isPassing(toStoreError(error))) state.queue.push(task);
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
	const changes = (state.fault === null) !== (fault === null);
	state.fault = fault;
	if (changes) state.options.onFault(fault);
}

const isDue = ({ options, syncedMs }: State): boolean =>
	options.clock.monotonic() - syncedMs >= syncEveryMs;

/** When nothing is committed for a while, what was committed before must reach the disk all the same. */
function syncIfDue(state: State): void {
	if (!state.unsynced || state.running || !isDue(state)) return;
	state.running = sync(state).then(() => run(state));
}

async function sync(state: State): Promise<void> {
	const { book, clock } = state.options;
	try {
		await book.touch(true);
		state.unsynced = false;
		state.syncedMs = clock.monotonic();
	} catch (error) {
		tell(state, toStoreError(error));
	}
}
