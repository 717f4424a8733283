/** What is counted of one limit where several processes share it, and the arithmetic on it. */
import {
	type Balance,
	release as releaseIn,
	reserve as reserveIn,
} from "../domain/balance.ts";
import {
	addTo,
	type Buckets,
	openBuckets,
	roomAfterMs,
	sumAt,
} from "../domain/buckets.ts";
import { type Claim, judge, type Refusal, toRefusal } from "../domain/judge.ts";
import type { Limit, Measure, Span } from "../domain/limit.ts";
import type { Actual, Amounts, Fullness } from "./counter.ts";
import { toAmount, toResetMs } from "./measuring.ts";
import {
	addSpent,
	findPeriod,
	type Periods,
	periodAt,
	raiseHorizon,
	takesUp,
} from "./periods.ts";

/** The count of one limit. What does not apply to its measure stays as it began. */
export interface Cell extends Periods {
	readonly measure: Measure;
	readonly model: string | null;
	/** Requests and tokens of a sliding window. */
	readonly buckets: Buckets | null;
	/** Calls at once. */
	running: number;
}

/** What a call has taken of one limit. */
export interface Stake {
	readonly measure: Measure;
	readonly amount: bigint;
	/** When the call began, as the ledger has it: its window of money. */
	readonly startedMs: number;
	/** When it was taken, by the clock of the buckets. */
	readonly atMs: number;
}

/** When a call began, and when it is let in or not, by the database's clock. */
export interface Moment {
	readonly startedMs: number;
	readonly atMs: number;
}

/** Clocks of processes that share a database are no further apart. */
const maxSkewMs = 60_000;

export const openCell = (
	{ measure, span, model }: Limit,
	{ saidMs, horizonMs }: Pick<Cell, "saidMs" | "horizonMs">,
	{ startedMs, atMs }: Moment,
): Cell => ({
	measure,
	model,
	span,
	periods: [],
	// Whatever ends from now on counts here; what has ended began before.
	horizonMs: Math.max(
		horizonMs,
		atMs + maxSkewMs,
		startedMs + 1,
		(saidMs ?? 0) + 1,
	),
	saidMs,
	recounts: 0,
	buckets: toBuckets(measure, span),
	running: 0,
});

export const toBuckets = (measure: Measure, span: Span): Buckets | null =>
	span.kind === "sliding" && measure !== "nanos"
		? openBuckets(span.windowMs)
		: null;

/** A call's wish of one limit. */
export interface Wish {
	readonly limit: Limit;
	readonly cell: Cell;
	/** Another of the same call is counted there too: the call is taken off once. */
	readonly repeats: boolean;
}

export type Taken<Of extends Wish> =
	| { readonly stakes: readonly (Stake & { of: Of })[]; readonly refusal: null }
	| { readonly stakes: null; readonly refusal: Refusal };

/** Takes what the call may come to of all its limits, or nothing. */
export function take<Of extends Wish>(
	wishes: readonly Of[],
	wanted: Amounts,
	moment: Moment,
): Taken<Of> {
	const claims = wishes.map(({ limit, cell }): Claim => {
		const balance = toBalance(cell, moment);
		return { limit, balance, amount: toAmount(limit.measure, wanted) };
	});
	const verdict = judge(claims);
	if (verdict !== null) {
		const { cell } = wishes[claims.indexOf(verdict.claim)] as Wish;
		const times = toTimes(cell, verdict.claim, moment);
		return { stakes: null, refusal: toRefusal(verdict, times) };
	}
	const stakes = wishes
		.filter(({ repeats }) => !repeats)
		.map((of) => ({ ...takeOf(of.cell, wanted, moment), of }));
	return { stakes, refusal: null };
}

function takeOf(cell: Cell, wanted: Amounts, moment: Moment): Stake {
	const { measure } = cell;
	const amount = toAmount(measure, wanted);
	if (measure === "nanos") {
		const period = periodAt(cell, moment.startedMs);
		period.balance = reserveIn(period.balance, amount);
		raiseHorizon(cell, moment.startedMs);
	} else if (measure === "concurrent") cell.running += 1;
	else if (cell.buckets) addTo(cell.buckets, Number(amount), moment.atMs);
	return { measure, amount, ...moment };
}

function toBalance(cell: Cell, { startedMs, atMs }: Moment): Balance {
	const { measure, buckets, running } = cell;
	if (measure === "nanos") return periodAt(cell, startedMs).balance;
	if (measure === "concurrent") return { settled: 0n, held: BigInt(running) };
	const sum = buckets === null ? 0 : sumAt(buckets, atMs);
	return { settled: BigInt(sum), held: 0n };
}

const toTimes = (
	cell: Cell,
	{ amount, limit }: Claim,
	{ startedMs, atMs }: Moment,
) => ({
	roomAfterMs:
		cell.buckets &&
		roomAfterMs(cell.buckets, {
			amount: Number(amount),
			ceiling: Number(limit.ceiling),
			nowMs: atMs,
		}),
	resetsMs:
		cell.measure === "nanos"
			? toResetMs(periodAt(cell, startedMs).window)
			: null,
	nowMs: atMs,
});

/**
 * What a call has come to takes the place of what it has taken.
 * @param isIts whether its money counts for the limit's model
 * @returns of a budget what was spent before; null: nothing came to it
 */
export function endStake(
	cell: Cell,
	{ measure, amount, startedMs, atMs }: Stake,
	{ actual, isIts }: { readonly actual: Actual; readonly isIts: boolean },
): bigint | null {
	if (measure === "nanos") {
		const period = findPeriod(cell, startedMs);
		if (period === null) return null;
		period.balance = releaseIn(period.balance, amount);
		const { settled } = period.balance;
		if (!isIts || !takesUp(period, startedMs)) return null;
		addSpent(period, actual.nanos);
		return settled;
	}
	if (measure === "concurrent") cell.running -= 1;
	else if (measure === "tokens" && cell.buckets) {
		addTo(cell.buckets, actual.tokens - Number(amount), atMs);
	}
	return null;
}

/** A budget that the call was not asked about when it began. */
export function addElsewhere(
	cell: Cell,
	startedMs: number,
	nanos: bigint,
): void {
	raiseHorizon(cell, startedMs);
	const period = findPeriod(cell, startedMs);
	if (period !== null && takesUp(period, startedMs)) addSpent(period, nanos);
}

/** Of these budgets the fullest. */
export function findFullest(
	limits: readonly Limit[],
	find: (limit: Limit) => Cell | undefined,
	nowMs: number,
): Fullness | null {
	let fullest: Fullness | null = null;
	for (const limit of limits) {
		if (limit.measure !== "nanos" || limit.soft) continue;
		const cell = find(limit);
		const period = cell && findPeriod(cell, nowMs);
		if (period?.state !== "read") continue;
		const { settled: spent } = period.balance;
		const { ceiling } = limit;
		const share = ceiling === 0n ? 1 : Number(spent) / Number(ceiling);
		if (fullest !== null && share <= fullest.share) continue;
		fullest = { limit, spent, share, resetsMs: toResetMs(period.window) };
	}
	return fullest;
}
