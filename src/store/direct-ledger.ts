/** The ledger of a database that other processes write too: every hold and Entry is committed there before anything goes on. */
import type { Clock } from "../platform/contract.ts";
import type { Book, HeldCall, Settled } from "./book.ts";
import {
	isPassing,
	type Statement,
	StoreError,
	toStoreError,
} from "./engine.ts";
import { toEntryColumns } from "./entry-row.ts";
import { type Durability, type Ledger, settleWithinMs } from "./ledger.ts";
import type { HotStatements } from "./statements.ts";

export interface DirectLedgerOptions {
	readonly book: Book;
	readonly statements: HotStatements;
	readonly durability: Durability;
	readonly clock: Clock;
	/** Called when commits begin to fail, and with null when they work again. */
	readonly onFault: (fault: StoreError | null) => void;
}

const syncEveryMs = 200;
const retryEveryMs = 50;
/** While the database takes nothing, it is asked this often whether it does again. */
const askEveryMs = 250;
/** A thousand take a second, which the first of them would wait for the last. */
const maxGroup = 200;
const maxWaiting = 20_000;
/** A connection that breaks is back within this; a hold waits for it, and nobody is told. */
const blipMs = 500;
const maxStrays = 10_000;

interface Task {
	readonly held: HeldCall | null;
	readonly settled: Settled | null;
	readonly deadlineMs: number;
	/** It was sent and no answer came: the database may have it. */
	unsure: boolean;
	resolve(): void;
	reject(error: unknown): void;
}

interface State {
	readonly options: DirectLedgerOptions;
	queue: Task[];
	/** One group is committed at a time; whatever comes meanwhile is the next. */
	running: Promise<void> | null;
	closing: boolean;
	syncedMs: number;
	/** Something committed would not survive a power cut. */
	unsynced: boolean;
	fault: StoreError | null;
	/** When the first of the commits began that have failed since; null: the last one did not. */
	failingSinceMs: number | null;
	/** Ids of holds that were refused, and may be in the database all the same. */
	strays: string[];
}

export function openDirectLedger(options: DirectLedgerOptions): Ledger {
	const state: State = {
		options,
		queue: [],
		running: null,
		closing: false,
		syncedMs: options.clock.monotonic(),
		unsynced: false,
		fault: null,
		failingSinceMs: null,
		strays: [],
	};
	const timer =
		options.durability === "interval"
			? setInterval(syncIfDue, syncEveryMs, state)
			: undefined;
	return {
		hold: (held) => add(state, held, null),
		settle: (entry, model, endUser = null) => {
			const columns = JSON.stringify(toEntryColumns(entry));
			return add(state, null, { entry, model, endUser, columns });
		},
		fault: () => state.fault,
		waiting: () => state.queue.length,
		// Not until nothing runs any more: under load something always does.
		flush: async () => {
			if (state.running !== null) await add(state, null, null);
		},
		close: async () => {
			state.closing = true;
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
		const withinMs = held === null ? settleWithinMs : blipMs;
		const deadlineMs = state.options.clock.monotonic() + withinMs;
		const task = { held, settled, deadlineMs, unsure: false, resolve, reject };
		state.queue.push(task);
		// Not at once: everything that this turn of the event loop brings goes into one transaction.
		state.running ??= new Promise(setImmediate).then(() => run(state));
	});
}

async function run(state: State): Promise<void> {
	const hasMore = () =>
		state.queue.length > 0 ||
		(!state.closing && (state.fault !== null || state.strays.length > 0));
	while (hasMore()) {
		const group = state.queue.slice(0, maxGroup);
		state.queue = state.queue.slice(maxGroup);
		const beganMs = state.options.clock.monotonic();
		try {
			if (group.length > 0) await commit(state, group);
			else await ask(state);
			state.failingSinceMs = null;
			tell(state, null);
		} catch (error) {
			const fault = toStoreError(error);
			if (isPassing(fault)) state.failingSinceMs ??= beganMs;
			await recover(state, group, fault);
		}
	}
	state.running = null;
}

/** While it is down all calls are refused: without asking, nobody would see that it is back. */
async function ask(state: State): Promise<void> {
	await pause(askEveryMs);
	await commit(state, []);
}

async function commit(state: State, group: readonly Task[]): Promise<void> {
	const { book, clock, durability, statements } = state.options;
	const holds = group.flatMap(({ held }) => held ?? []);
	const settled = group.flatMap((task) => task.settled ?? []);
	const synced =
		durability === "always"
			? settled.length > 0
			: durability === "interval" && isDue(state);
	const strays = [...state.strays];
	if (holds.length + settled.length + strays.length === 0) {
		const isFailing = state.fault !== null || state.failingSinceMs !== null;
		if (isFailing) await book.touch(false);
		for (const { resolve } of group) resolve();
		return;
	}
	const along = strays.map(
		(id): Statement => ({ sql: statements.dropHold, values: [id] }),
	);
	await book.commit({ holds, settled, dropsHolds: true, along }, synced);
	state.strays = state.strays.slice(strays.length);
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
		await commitEach(state, group);
		return;
	}
	const nowMs = state.options.clock.monotonic();
	if (nowMs - (state.failingSinceMs ?? nowMs) >= blipMs) tell(state, fault);
	state.queue = [
		...group.filter((task) => isToBeTriedAgain(state, task, fault)),
		...state.queue,
	];
	await pause(retryEveryMs);
}

/** A call that has not begun is refused soon; one that has ended cannot be. */
function isToBeTriedAgain(state: State, task: Task, fault: StoreError) {
	task.unsure = true;
	if (state.options.clock.monotonic() < task.deadlineMs) return true;
	if (task.held !== null && state.strays.length < maxStrays) {
		state.strays.push(task.held.id);
	}
	task.reject(fault);
	return false;
}

/** One of them is at fault; the others must not fall with it. */
async function commitEach(state: State, group: readonly Task[]): Promise<void> {
	const { book } = state.options;
	// A commit whose answer was lost may have carried the chain on.
	const passing = await book.reread().then(() => null, toStoreError);
	for (const task of group) {
		try {
			if (passing !== null) throw passing;
			await commit(state, [task]);
		} catch (error) {
			await judge(state, task, toStoreError(error));
		}
	}
}

async function judge(state: State, task: Task, fault: StoreError) {
	const { book } = state.options;
	if (isPassing(fault)) {
		if (isToBeTriedAgain(state, task, fault)) state.queue.push(task);
		return;
	}
	const { settled, unsure } = task;
	const isThere =
		unsure && settled !== null && (await book.has(settled.entry.id).catch(no));
	if (isThere) task.resolve();
	else task.reject(fault);
}

const no = () => false;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

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
