/**
 * Counts in a database that several processes share: all that a call wants is read, judged and written while nobody else
 * can change it, many calls at a time. Windows and rates go by the database's clock.
 */
import type { Limit } from "../domain/limit.ts";
import type {
	OpenSharedCounts,
	SharedCounts,
} from "../domain/shared-counts.ts";
import { type Subject, toSubjectName } from "../domain/subject.ts";
import type { Clock } from "../platform/contract.ts";
import { toCellName } from "./cell-name.ts";
import { type Counts, countFormat } from "./count-doc.ts";
import {
	type Seen,
	toEnding,
	toEnrolling,
	toForgetting,
	toLoading,
	toOrphanEnding,
	toRecounting,
	toReserving,
	toRestating,
	type Unloaded,
} from "./count-tasks.ts";
import type {
	Amounts,
	Asking,
	Counter,
	OnSpent,
	ReadSpent,
	Reservation,
	Reserved,
} from "./counter.ts";
import { type LateCall, type LateCalls, openLateCalls } from "./late-calls.ts";
import { findFullest } from "./shared-cells.ts";

export interface PostgresCounterOptions {
	readonly openCounts: OpenSharedCounts;
	/** For what is answered from memory. */
	readonly clock: Clock;
	/** All that any process has settled by now is part of it. Rejects with StoreError. */
	readonly readSpent: ReadSpent;
	/** A budget has more spent than before; must not throw. */
	readonly onSpent: OnSpent;
	/** Something could not be counted; must not throw. */
	readonly onFault: (error: unknown) => void;
}

interface State {
	readonly options: PostgresCounterOptions;
	readonly counts: SharedCounts<Counts>;
	readonly late: LateCalls;
	/** By subject, as they were when a task of this process last changed or read them. */
	readonly seen: Map<string, Counts>;
	/** By subject and limit. */
	readonly loading: Map<string, Promise<void>>;
	/** Calls that have not ended. */
	running: number;
	/** Waits for the last of them. */
	onIdle: (() => void) | null;
}

/** More subjects than this, and those that were seen first are asked for again before anybody is told of them. */
const maxSeen = 10_000;
/** A budget that is removed by others each time when it has been read. */
const maxAttempts = 10;
/** The replies of calls have ended when it is closed; their Entries have five seconds. */
const closeWithinMs = 6_000;

const nothing: Amounts = { nanos: 0n, tokens: 0 };

export function openPostgresCounter(options: PostgresCounterOptions): Counter {
	const counts = options.openCounts<Counts>({
		format: countFormat,
		onOrphans: async (orphans) => {
			await Promise.all(
				orphans.map((orphan) => counts.run(toOrphanEnding(orphan))),
			);
		},
	});
	const late = openLateCalls({
		counts,
		end: (call) => void endLate(s, call),
		onFault: options.onFault,
	});
	const s: State = {
		options,
		counts,
		late,
		seen: new Map(),
		loading: new Map(),
		running: 0,
		onIdle: null,
	};
	return {
		forget: (subject) => {
			s.seen.delete(toSubjectName(subject));
			counts.run(toForgetting(subject)).catch(options.onFault);
		},
		restate: async (subject, spent) => {
			note(s, await counts.run(toRestating(subject, spent)));
		},
		recount: (subjects) => recount(s, subjects),
		fullest: (limits) =>
			findFullest(limits, (limit) => findSeen(s, limit), options.clock.now()),
		reserve: (asking) =>
			asking.limits.length === 0
				? { reservation: toReservation(s, asking), refusal: null }
				: reserve(s, asking),
		close: () => close(s),
	};
}

function findSeen({ seen }: State, limit: Limit) {
	const counts = seen.get(toSubjectName(limit.subject));
	const cell = counts?.cells.get(toCellName(limit));
	return cell?.loaded ? cell : undefined;
}

function note({ seen }: State, found: readonly Seen[]): void {
	for (const { subject, counts } of found) {
		seen.set(toSubjectName(subject), counts);
	}
	for (const name of seen.keys()) {
		if (seen.size <= maxSeen) return;
		seen.delete(name);
	}
}

/** So many at a time, so that calls do not wait behind all of them. */
const recountAtOnce = 100;

async function recount(s: State, subjects: readonly Subject[]): Promise<void> {
	for (let at = 0; at < subjects.length; at += recountAtOnce) {
		const some = subjects.slice(at, at + recountAtOnce);
		const counted = await s.counts.findCounted(some);
		const tasks = counted.map((one) => s.counts.run(toRecounting(one)));
		for (const seen of await Promise.all(tasks)) note(s, seen);
	}
}

async function reserve(s: State, asking: Asking): Promise<Reserved> {
	const onUnsure = () => void end(s, asking, nothing);
	for (let attempt = 0; attempt < maxAttempts; attempt++) {
		const task = toReserving(asking, onUnsure);
		const { unloaded, refusal, seen } = await s.counts.run(task);
		if (unloaded.length > 0) {
			await Promise.all(unloaded.map((one) => load(s, one)));
			continue;
		}
		note(s, seen);
		if (refusal !== null) return { reservation: null, refusal };
		return { reservation: toReservation(s, asking), refusal };
	}
	throw s.counts.toBusy("a budget does not stay");
}

/**
 * The budget is in the database, and counts what ends, before the ledger is asked: a call that ends meanwhile may count
 * twice until the window ends, and never not at all.
 */
function load(s: State, unloaded: Unloaded): Promise<void> {
	const { limit, windowStartMs } = unloaded;
	const name = `${toSubjectName(limit.subject)}\n${toCellName(limit)}`;
	const under = s.loading.get(name);
	if (under !== undefined) return under;
	const loading = s.options
		.readSpent(limit, windowStartMs)
		.then((spent) => s.counts.run(toLoading(unloaded, spent)))
		.finally(() => s.loading.delete(name));
	s.loading.set(name, loading);
	return loading;
}

function toReservation(s: State, asking: Asking): Reservation {
	let ended = false;
	const waited = asking.outlives === true ? 0 : 1;
	s.running += waited;
	return {
		end: (actual, recorded) => {
			if (ended) return;
			ended = true;
			const whenDone = () => finish(s, asking, actual, waited);
			if (recorded === undefined) whenDone();
			else void recorded.then(whenDone);
		},
	};
}

/** A budget that is made now reads the ledger, on which the call stands already. */
function finish(
	s: State,
	asking: Asking,
	actual: Amounts,
	waited: number,
): void {
	if (asking.limits.length > 0) void end(s, asking, actual);
	else if (actual.nanos > 0n) s.late.add({ asking, actual });
	s.running -= waited;
	if (s.running === 0) s.onIdle?.();
}

async function end(s: State, asking: Asking, actual: Amounts): Promise<void> {
	try {
		const { seen, spent } = await s.counts.run(toEnding(asking, actual));
		note(s, seen);
		for (const { limit, before } of spent) {
			s.options.onSpent(limit, before, actual.nanos);
		}
	} catch (error) {
		s.options.onFault(error);
	}
}

async function endLate(s: State, { asking, actual }: LateCall): Promise<void> {
	try {
		if (await s.counts.run(toEnrolling(asking))) await end(s, asking, actual);
	} catch (error) {
		s.options.onFault(error);
	}
}

/** What does not end in time is given back when this process's lease has ended. */
async function close(s: State): Promise<void> {
	const until = s.options.clock.monotonic() + closeWithinMs;
	const leftMs = () => Math.max(0, until - s.options.clock.monotonic());
	if (s.running > 0) {
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, leftMs());
			s.onIdle = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}
	await s.late.flush();
	await s.counts.close(leftMs());
}
