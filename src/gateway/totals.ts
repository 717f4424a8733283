import type { Entry } from "../domain/entry.ts";
import { type Nanos, noNanos, toNanos } from "../domain/nanos.ts";
import type { Clock } from "../platform/contract.ts";

/** What the operator has paid, for the terminal and for headers; the ledger is the truth. */
export interface Totals {
	add(entry: Entry): void;
	/** Since the last midnight of this machine's time zone. */
	todayNanos(): Nanos;
	/** Since the ledger began. */
	allNanos(): Nanos;
}

export interface TotalsAtStart {
	readonly todayNanos: Nanos;
	readonly allNanos: Nanos;
}

/** The start of the day that `atMs` lies in, and of the next, in this machine's time zone. */
export function toDay(atMs: number): { startMs: number; endMs: number } {
	const start = new Date(atMs);
	start.setHours(0, 0, 0, 0);
	const end = new Date(start);
	end.setDate(end.getDate() + 1);
	return { startMs: start.getTime(), endMs: end.getTime() };
}

export function openTotals(clock: Clock, at: TotalsAtStart): Totals {
	let { todayNanos, allNanos } = at;
	let day = toDay(clock.now());
	const turn = () => {
		const nowMs = clock.now();
		if (nowMs >= day.startMs && nowMs < day.endMs) return;
		day = toDay(nowMs);
		todayNanos = noNanos;
	};
	return {
		add: ({ kind, startedMs, payer, cost }) => {
			turn();
			if (payer !== "operator" || cost === null) return;
			// A correction counts on the day of its call.
			if (kind !== "correction" || startedMs >= day.startMs) {
				todayNanos = toNanos(todayNanos + cost);
			}
			allNanos = toNanos(allNanos + cost);
		},
		todayNanos: () => {
			turn();
			return todayNanos;
		},
		allNanos: () => allNanos,
	};
}
