/**
 * Counts in a database that several processes share: all that a call wants is read, judged and written while nobody else
 * can change it, many calls at a time. Rates go by the database's clock, windows of money by when a call began, as the ledger
 * has it.
 */
import type { Limit } from "../domain/limit.ts";
import type {
	OpenSharedCounts,
	SharedCounts,
} from "../domain/shared-counts.ts";
import { type Subject, toSubjectName } from "../domain/subject.ts";
import type { Clock } from "../platform/contract.ts";
import { toCellName } from "./cell-name.ts";
import { toReserving } from "./count-admission.ts";
import { type Counts, countFormat } from "./count-doc.ts";
import {
	type Models,
	toEnding,
	toEnrolling,
	toOrphanEnding,
} from "./count-ending.ts";
import {
	type FindReset,
	toLoading,
	toRecounting,
	toRestating,
	type Unread,
} from "./count-reading.ts";
import { type Seen, toForgetting } from "./count-tasks.ts";
import type {
	Actual,
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
	/** As `readSpent` knows of it. */
	readonly findReset: FindReset;
	readonly models: Models;
	/** All calls of the ledger began before; Infinity: nobody knows. */
	readonly horizonMs: number;
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
	/** By all that is told of a window that is read. */
	readonly loading: Map<string, Promise<void>>;
	/** All calls of which this process knows began before. */
	horizonMs: number;
	/** Calls that have not ended. */
	running: number;
	/** Waits for the last of them. */
	onIdle: (() => void) | null;
}

/** More subjects than this, and those that were seen first are asked for again before anybody is told of them. */
const maxSeen = 10_000;
/** A budget that is removed by others, or expires, each time when it has been read. */
const maxAttempts = 10;
/** What an operator says to one process all have heard within this. */
const hearWithinMs = 2_000;
const askEveryMs = 50;
/** The replies of calls have ended when it is closed; their Entries have five seconds. */
const closeWithinMs = 6_000;

const nothing: Actual = { nanos: 0n, tokens: 0 };

export function openPostgresCounter(options: PostgresCounterOptions): Counter {
	const counts = options.openCounts<Counts>({
		format: countFormat,
		onOrphans: async (orphans) => {
			await Promise.all(
				orphans.map((orphan) =>
					counts.run(toOrphanEnding(orphan, options.models)),
				),
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
		horizonMs: options.horizonMs,
		running: 0,
		onIdle: null,
	};
	return {
		forget: (subject) => {
			s.seen.delete(toSubjectName(subject));
			counts.run(toForgetting(subject)).catch(options.onFault);
		},
		// By now the ledger is asked with what was said in mind.
		restate: async (subject) => {
			const task = toRestating(subject, options.findReset);
			const unread = await counts.run(task);
			await Promise.all(unread.map((one) => load(s, one)));
		},
		recount: (subjects) => recount(s, subjects),
		fullest: (limits) =>
			findFullest(limits, (limit) => findSeen(s, limit), options.clock.now()),
		reserve: (asking) => {
			const beganMs = asking.startedMs ?? options.clock.now();
			s.horizonMs = Math.max(s.horizonMs, beganMs + 1);
			return asking.limits.length === 0
				? { reservation: toReservation(s, asking), refusal: null }
				: reserve(s, asking);
		},
		close: () => close(s),
	};
}

function findSeen({ seen }: State, limit: Limit) {
	const counts = seen.get(toSubjectName(limit.subject));
	return counts?.cells.get(toCellName(limit));
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
	const { findReset, clock } = s.options;
	const untilMs = clock.monotonic() + hearWithinMs;
	for (let attempt = 0; attempt < maxAttempts; ) {
		const insists = clock.monotonic() >= untilMs;
		const how = { findReset, horizonMs: s.horizonMs, insists, onUnsure };
		const task = toReserving(asking, how);
		const { unread, refusal, seen } = await s.counts.run(task);
		if (unread.some(({ isBehind }) => isBehind)) {
			await new Promise((resolve) => setTimeout(resolve, askEveryMs));
			continue;
		}
		if (unread.length > 0) {
			await Promise.all(unread.map((one) => load(s, one)));
			attempt += 1;
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
function load(s: State, unread: Unread): Promise<void> {
	const { limit, name, birth, window, sinceMs, recounts } = unread;
	const { startMs, endMs } = window;
	const subject = toSubjectName(limit.subject);
	const of = [subject, name, birth, startMs, sinceMs, recounts];
	const key = of.join("\n");
	const under = s.loading.get(key);
	if (under !== undefined) return under;
	const loading = s.options
		.readSpent(limit, startMs, endMs)
		.then((spent) => s.counts.run(toLoading(unread, spent)))
		.then((seen) => note(s, seen))
		.finally(() => s.loading.delete(key));
	s.loading.set(key, loading);
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
	actual: Actual,
	waited: number,
): void {
	if (asking.limits.length > 0) void end(s, asking, actual);
	else if (actual.nanos > 0n) s.late.add({ asking, actual });
	s.running -= waited;
	if (s.running === 0) s.onIdle?.();
}

async function end(s: State, asking: Asking, actual: Actual): Promise<void> {
	try {
		const task = toEnding(asking, actual, s.options.models);
		const { seen, spent } = await s.counts.run(task);
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
