/** The money of one limit in its windows, as processes share it. What the ledger has of a window is read when it is first asked for. */
import {
	type Balance,
	emptyBalance,
	settle as settleIn,
} from "../domain/balance.ts";
import type { Span } from "../domain/limit.ts";
import { forever, isIn, type Window, windowAt } from "../domain/window.ts";

/** A budget in one of its windows. */
export interface Period {
	readonly window: Window;
	/** Calls that began before do not count: what they come to was said by somebody, or is another window's. */
	sinceMs: number;
	balance: Balance;
	/** Whether what the ledger has of it is in the balance. What ends counts while it is read, and not while it is due. */
	state: "due" | "reading" | "read";
}

export interface Periods {
	span: Span;
	/** A clock that is set back finds the window that it left, and a call that took long the one in which it began. */
	readonly periods: Period[];
	/** From here on the ledger has nothing of it. */
	horizonMs: number;
	/** When the operator last said what was spent, since 1970; null: never, as far as those know who counted here. */
	saidMs: number | null;
	/** How often the ledger has said something else of its past since it is counted: what was read before is stale. */
	recounts: number;
}

/** Windows that are remembered. Those of which something is held stay: they are no more than the calls that run. */
const maxPeriods = 3;

export const findPeriod = ({ periods }: Periods, atMs: number): Period | null =>
	periods.findLast(({ window }) => isIn(window, atMs)) ?? null;

/** The same, begun where it is missing. */
export const periodAt = (of: Periods, atMs: number): Period =>
	findPeriod(of, atMs) ?? beginPeriod(of, atMs);

function beginPeriod(of: Periods, atMs: number): Period {
	const { span, periods, horizonMs } = of;
	const window =
		span.kind === "scheduled" ? windowAt(span.schedule, atMs) : forever;
	// Where no call can have begun, nobody needs to ask: the end of a window makes no call wait.
	const isEmpty = window.startMs >= horizonMs;
	const fresh: Period = {
		window,
		sinceMs: window.startMs,
		balance: emptyBalance,
		state: isEmpty ? "read" : "due",
	};
	if (periods.length >= maxPeriods) forgetPeriod(periods);
	periods.push(fresh);
	return fresh;
}

function forgetPeriod(periods: Period[]): void {
	periods.sort((a, b) => a.window.startMs - b.window.startMs);
	const at = periods.findIndex(({ balance }) => balance.held === 0n);
	if (at >= 0) periods.splice(at, 1);
}

/** A call began then, or somebody said something: the ledger may have something of it. */
export function raiseHorizon(of: Periods, atMs: number): void {
	if (atMs >= of.horizonMs) of.horizonMs = atMs + 1;
}

/** What the ledger has, from when the operator last said something, must be asked for again; what is held stays. */
export function expirePeriods(of: Periods, saidMs: number | null): void {
	of.saidMs = saidMs;
	if (saidMs !== null) raiseHorizon(of, saidMs);
	for (const period of of.periods) {
		period.state = "due";
		period.balance = { ...period.balance, settled: 0n };
	}
}

/** The ledger says something else of its past than it did; what is held stays. */
export function recountPeriods(of: Periods): void {
	expirePeriods(of, of.saidMs);
	of.recounts += 1;
}

/** From here on what ends counts, so that nothing is missed that the ledger does not have yet. */
export function beginReading(period: Period, saidMs: number | null): void {
	const { startMs, endMs } = period.window;
	const isIts = saidMs !== null && saidMs >= startMs && saidMs < endMs;
	period.sinceMs = isIts ? saidMs : startMs;
	period.state = "reading";
}

/** Whether a call that began then is to be counted here when it ends; where it is not, what is read has it. */
export const takesUp = (
	{ state, sinceMs }: Period,
	startedMs: number,
): boolean => state !== "due" && startedMs >= sinceMs;

/** What was spent without having been held. */
export function addSpent(period: Period, nanos: bigint): void {
	period.balance = settleIn(period.balance, { held: 0n, actual: nanos });
}
