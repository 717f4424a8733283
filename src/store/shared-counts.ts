/**
 * The keeping of counts that several processes share. A process does all tasks that wait in one transaction, one
 * transaction at a time: what comes meanwhile is the next. A task whose commit was not answered is tried again, and sees
 * by its call's stakes whether it has been done.
 */
import type {
	CountTask,
	OpenSharedCounts,
	SharedCounts,
	SharedCountsOptions,
} from "../domain/shared-counts.ts";
import { type Subject, toSubjectName } from "../domain/subject.ts";
import type { Clock } from "../platform/contract.ts";
import { type Result, workOn } from "./count-group.ts";
import {
	beginCounts,
	findCounted,
	findOrphanedStakes,
	lockRows,
	sweepCounts,
	writeRows,
} from "./count-rows.ts";
import { isPassing, StoreError, toStoreError } from "./engine.ts";
import type { PostgresEngine } from "./postgres.ts";

export interface CountPlace {
	readonly engine: PostgresEngine;
	readonly writer: number;
	/** Whether a commit is to outlive a power cut. */
	readonly synced: boolean;
	readonly clock: Clock;
}

/** A thousand at once are two transactions, and nobody else waits long for the rows of one. */
const maxGroup = 500;
/** Those that are tried until they are done come on top; they are no more than the calls that were let in. */
const maxWaiting = 20_000;
const retryEveryMs = 50;
/** A task whose row is removed again and again by others; or never made, because of another that cannot be. */
const maxBeginnings = 20;

interface Waiting {
	readonly task: CountTask<unknown, unknown>;
	readonly deadlineMs: number;
	beginnings: number;
	/** It was sent and no answer came: the database may have it. */
	unsure: boolean;
	resolve(outcome: unknown): void;
	reject(error: unknown): void;
}

interface State extends CountPlace {
	readonly options: SharedCountsOptions<unknown>;
	queue: Waiting[];
	running: Promise<void> | null;
	closed: boolean;
}

export interface SharedPlace {
	readonly open: OpenSharedCounts;
	/** After those of others whose lease has ended, and after rows that say nothing any more. May reject. */
	look(): Promise<void>;
}

export function openSharedPlace(place: CountPlace): SharedPlace {
	let opened: State | null = null;
	let sweptTo: { kind: string; id: string } = { kind: "", id: "" };
	return {
		open: <Counts>(options: SharedCountsOptions<Counts>) => {
			const state: State = {
				...place,
				// What it reads it writes: nobody else touches these counts.
				options: options as SharedCountsOptions<unknown>,
				queue: [],
				running: null,
				closed: false,
			};
			opened = state;
			return toCounts<Counts>(state);
		},
		look: async () => {
			if (opened === null) return;
			const orphans = await findOrphanedStakes(place.engine);
			if (orphans.length > 0) await opened.options.onOrphans(orphans);
			const last = await sweepCounts(place.engine, sweptTo);
			sweptTo = last ?? { kind: "", id: "" };
		},
	};
}

const toCounts = <Counts>(state: State): SharedCounts<Counts> => ({
	run: <Outcome>(task: CountTask<Counts, Outcome>) =>
		add(state, task as CountTask<unknown, unknown>) as Promise<Outcome>,
	findCounted: (subjects) => findCounted(state.engine, subjects),
	toBusy: (message) => new StoreError("busy", message),
	idle: () => waitUntilIdle(state),
	close: (withinMs) => close(state, withinMs),
});

function add(
	state: State,
	task: CountTask<unknown, unknown>,
): Promise<unknown> {
	if (state.closed) {
		return Promise.reject(new StoreError("unreachable", "it is closed"));
	}
	if (task.withinMs !== null && state.queue.length >= maxWaiting) {
		return Promise.reject(
			new StoreError("busy", "too much waits to be counted"),
		);
	}
	return new Promise((resolve, reject) => {
		const withinMs = task.withinMs ?? Number.POSITIVE_INFINITY;
		const deadlineMs = state.clock.monotonic() + withinMs;
		const waiting = { task, deadlineMs, resolve, reject };
		state.queue.push({ ...waiting, beginnings: 0, unsure: false });
		// Not at once: everything that this turn of the event loop brings goes into one transaction.
		state.running ??= new Promise(setImmediate).then(() => run(state));
	});
}

async function run(state: State): Promise<void> {
	while (state.queue.length > 0 && !state.closed) {
		const group = state.queue.slice(0, maxGroup);
		state.queue = state.queue.slice(maxGroup);
		await attempt(state, group);
	}
	if (state.closed) dismiss(state);
	state.running = null;
}

async function attempt(state: State, group: readonly Waiting[]) {
	try {
		await commit(state, group);
	} catch (error) {
		await recover(state, group, toStoreError(error));
	}
}

async function commit(state: State, group: readonly Waiting[]): Promise<void> {
	const { engine, options, synced, writer } = state;
	const tasks = group.map(({ task }) => task);
	const subjects = tasks.flatMap((task) => task.subjects);
	const ids = tasks.flatMap(({ id }) => id ?? []);
	const results = await engine.transact(async (ask) => {
		const locked = await lockRows(ask, subjects, ids);
		const worked = workOn(options.format, tasks, locked);
		for (const [at, waiting] of group.entries()) {
			waiting.unsure ||= "outcome" in (worked.results[at] ?? {});
		}
		await writeRows(ask, writer, worked.changed);
		return worked.results;
	}, synced);
	const later = group.filter((waiting, at) => tell(waiting, results[at]));
	if (later.length > 0) await begin(state, later);
}

/** @returns whether it is still to be done */
function tell(waiting: Waiting, result: Result | undefined): boolean {
	if (result === undefined || "missing" in result) return true;
	if ("error" in result) waiting.reject(result.error);
	else waiting.resolve(result.outcome);
	return false;
}

/** They come before all that waits, because they were asked before. */
async function begin(state: State, later: readonly Waiting[]): Promise<void> {
	const { format } = state.options;
	const fresh = new Map<string, Subject & { readonly doc: string }>();
	for (const { task } of later) {
		for (const { kind, id } of task.subjects) {
			const birth = `${task.id} ${state.clock.now()}`;
			const { text } = format.write(format.empty(birth));
			fresh.set(toSubjectName({ kind, id }), { kind, id, doc: text });
		}
	}
	const open = later.filter((waiting) => {
		waiting.beginnings += 1;
		if (waiting.beginnings <= maxBeginnings) return true;
		waiting.reject(new StoreError("busy", "its counts do not stay"));
		return false;
	});
	try {
		await beginCounts(state.engine, [...fresh.values()]);
		state.queue = [...open, ...state.queue];
	} catch (error) {
		await recover(state, open, toStoreError(error));
	}
}

/** What a failed group leaves to be tried again goes to the front of the queue. */
async function recover(
	state: State,
	group: readonly Waiting[],
	fault: StoreError,
): Promise<void> {
	if (!isPassing(fault)) {
		await separate(state, group, fault);
		return;
	}
	const nowMs = state.clock.monotonic();
	const all = [...group, ...state.queue];
	state.queue = all.filter(({ deadlineMs }) => nowMs < deadlineMs);
	for (const waiting of all) {
		if (nowMs >= waiting.deadlineMs) giveUp(waiting, fault);
	}
	await new Promise((resolve) => setTimeout(resolve, retryEveryMs));
}

/** One of them is at fault; the others must not fall with it. */
async function separate(
	state: State,
	group: readonly Waiting[],
	fault: StoreError,
): Promise<void> {
	const middle = Math.ceil(group.length / 2);
	if (group.length > 1) {
		await attempt(state, group.slice(0, middle));
		await attempt(state, group.slice(middle));
	} else for (const waiting of group) giveUp(waiting, fault);
}

function giveUp({ task, unsure, reject }: Waiting, fault: StoreError): void {
	reject(fault);
	if (unsure) task.onUnsure?.();
}

async function waitUntilIdle(state: State): Promise<void> {
	while (state.running !== null) await state.running;
}

async function close(state: State, withinMs: number): Promise<void> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, withinMs);
	});
	await Promise.race([waitUntilIdle(state), late]);
	clearTimeout(timer);
	state.closed = true;
	if (state.running === null) dismiss(state);
}

/** What these have taken others give back, when this process's lease has ended. */
function dismiss(state: State): void {
	for (const { reject } of state.queue.splice(0)) {
		reject(new StoreError("unreachable", "it is closed"));
	}
}
