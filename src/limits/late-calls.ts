/**
 * Calls that had no limit when they began, and may have a budget now that they have ended. Nearly none has: they are asked
 * about together, now and then, so that they cost next to nothing.
 */
import type { SharedCounts } from "../domain/shared-counts.ts";
import { type Subject, toSubjectName } from "../domain/subject.ts";
import type { Counts } from "./count-doc.ts";
import type { Actual, Asking } from "./counter.ts";

export interface LateCall {
	readonly asking: Asking;
	readonly actual: Actual;
}

export interface LateCalls {
	add(call: LateCall): void;
	/** Asks about all that wait, now. */
	flush(): Promise<void>;
}

export interface LateCallsOptions {
	readonly counts: SharedCounts<Counts>;
	/** Of a call whose subjects are counted. */
	readonly end: (call: LateCall) => void;
	readonly onFault: (error: unknown) => void;
}

const askEveryMs = 100;
/** As many end in some seconds. Those for which there is no place are told of: a budget of theirs may miss them. */
const maxWaiting = 20_000;

export function openLateCalls(options: LateCallsOptions): LateCalls {
	const { counts, end, onFault } = options;
	let waiting: LateCall[] = [];
	let timer: ReturnType<typeof setTimeout> | undefined;
	const wait = () => {
		timer ??= setTimeout(() => {
			timer = undefined;
			void flush();
		}, askEveryMs);
	};
	const flush = async () => {
		clearTimeout(timer);
		timer = undefined;
		const calls = waiting;
		waiting = [];
		if (calls.length === 0) return;
		try {
			const found = await counts.findCounted(listSubjects(calls));
			const counted = new Set(found.map(toSubjectName));
			for (const call of calls) {
				const { subjects } = call.asking;
				if (subjects.some((one) => counted.has(toSubjectName(one)))) end(call);
			}
		} catch (error) {
			// The database is away.
			waiting = [...calls, ...waiting].slice(0, maxWaiting);
			if (waiting.length === maxWaiting) onFault(error);
			wait();
		}
	};
	return {
		add: (call) => {
			if (waiting.length >= maxWaiting) {
				onFault(counts.toBusy("too many calls wait to be counted"));
				return;
			}
			waiting.push(call);
			wait();
		},
		flush,
	};
}

const listSubjects = (calls: readonly LateCall[]): readonly Subject[] => [
	...new Map(
		calls
			.flatMap(({ asking }) => asking.subjects)
			.map((one) => [toSubjectName(one), one]),
	).values(),
];
