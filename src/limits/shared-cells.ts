/** What is counted of one limit, and the arithmetic on it: the same whoever keeps it, in memory or in a database. */
import {
	type Balance,
	emptyBalance,
	reserve as reserveIn,
	settle as settleIn,
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
import { allowsModel } from "../domain/virtual-key.ts";
import { forever, isIn, type Window, windowAt } from "../domain/window.ts";
import type { Amounts } from "./counter.ts";

/** A budget in one of its windows. */
export interface Period {
	readonly window: Window;
	balance: Balance;
}

/** The count of one limit. What does not apply to its measure stays as it began. */
export interface Cell {
	readonly measure: Measure;
	readonly model: string | null;
	span: Span;
	/** Nanos: the window of now and the one before it, which a clock that is set back finds again. The newest stands last. */
	readonly periods: Period[];
	/** Nanos: what was spent before anybody counted is part of it. */
	loaded: boolean;
	/** Nanos: how often that was forgotten since; what was read before the last time is stale. */
	unloads: number;
	/** Requests and tokens of a sliding window. */
	readonly buckets: Buckets | null;
	/** Calls at once. */
	running: number;
}

/** What a call has taken of one limit. */
export interface Stake {
	readonly measure: Measure;
	readonly amount: bigint;
	/** When it was taken: the window's start, and the clock of the buckets. */
	readonly windowStartMs: number;
	readonly atMs: number;
}

/** By the wall clock, and by the clock of the buckets. */
export interface Moment {
	readonly nowMs: number;
	readonly atMs: number;
}

export const openCell = ({ measure, span, model }: Limit): Cell => ({
	measure,
	model,
	span,
	periods: [],
	loaded: measure !== "nanos",
	unloads: 0,
	buckets: toBuckets(measure, span),
	running: 0,
});

export const toBuckets = (measure: Measure, span: Span): Buckets | null =>
	span.kind === "sliding" && measure !== "nanos"
		? openBuckets(span.windowMs)
		: null;

const windowOf = (span: Span, nowMs: number): Window =>
	span.kind === "scheduled" ? windowAt(span.schedule, nowMs) : forever;

const maxPeriods = 2;

/** A new window begins with nothing: what the one before it held stays there. */
export function periodAt(cell: Cell, nowMs: number): Period {
	const { periods } = cell;
	const known = periods.findLast(({ window }) => isIn(window, nowMs));
	if (known !== undefined) return known;
	const fresh = { window: windowOf(cell.span, nowMs), balance: emptyBalance };
	periods.push(fresh);
	if (periods.length > maxPeriods) periods.shift();
	return fresh;
}

/** A call's wish of one limit. */
export interface Wish {
	readonly limit: Limit;
	readonly cell: Cell;
}

export type Taken =
	| { readonly stakes: readonly Stake[]; readonly refusal: null }
	| { readonly stakes: null; readonly refusal: Refusal };

/** Takes what the call may come to of all its limits, a stake for each, or nothing. */
export function take(
	wishes: readonly Wish[],
	wanted: Amounts,
	moment: Moment,
): Taken {
	const claims = wishes.map(({ limit, cell }): Claim => {
		// Where a window ends is the limit's to say, and may have been changed.
		cell.span = limit.span;
		const balance = toBalance(cell, moment);
		return { limit, balance, amount: toAmount(limit.measure, wanted) };
	});
	const verdict = judge(claims);
	if (verdict !== null) {
		const { cell } = wishes[claims.indexOf(verdict.claim)] as Wish;
		const times = toTimes(cell, verdict.claim, moment);
		return { stakes: null, refusal: toRefusal(verdict, times) };
	}
	const stakes = wishes.map(({ cell }) => takeOf(cell, wanted, moment));
	return { stakes, refusal: null };
}

function takeOf(cell: Cell, wanted: Amounts, { nowMs, atMs }: Moment): Stake {
	const { measure } = cell;
	const amount = toAmount(measure, wanted);
	if (measure !== "nanos") {
		if (measure === "concurrent") cell.running += 1;
		else if (cell.buckets) addTo(cell.buckets, Number(amount), atMs);
		return { measure, amount, windowStartMs: 0, atMs };
	}
	const period = periodAt(cell, nowMs);
	period.balance = reserveIn(period.balance, amount);
	return { measure, amount, windowStartMs: period.window.startMs, atMs };
}

function toBalance(cell: Cell, { nowMs, atMs }: Moment): Balance {
	const { measure, buckets, running } = cell;
	if (measure === "nanos") return periodAt(cell, nowMs).balance;
	if (measure === "concurrent") return { settled: 0n, held: BigInt(running) };
	const sum = buckets === null ? 0 : sumAt(buckets, atMs);
	return { settled: BigInt(sum), held: 0n };
}

function toAmount(measure: Measure, { nanos, tokens }: Amounts): bigint {
	if (measure === "nanos") return nanos;
	return measure === "tokens" ? BigInt(tokens) : 1n;
}

const toTimes = (
	cell: Cell,
	{ amount, limit }: Claim,
	{ nowMs, atMs }: Moment,
) => ({
	roomAfterMs:
		cell.buckets &&
		roomAfterMs(cell.buckets, {
			amount: Number(amount),
			ceiling: Number(limit.ceiling),
			nowMs: atMs,
		}),
	resetsMs:
		cell.measure === "nanos" ? toResetMs(periodAt(cell, nowMs).window) : null,
	nowMs,
});

export const toResetMs = (window: Window): number | null =>
	window === forever || window.endMs === forever.endMs ? null : window.endMs;

/**
 * What a call has come to takes the place of what it has taken.
 * @returns of a budget what was spent before; null: nothing came to it
 */
export function endStake(
	cell: Cell,
	stake: Stake,
	actual: Amounts,
): bigint | null {
	const { measure, amount, windowStartMs, atMs } = stake;
	if (measure === "nanos") {
		// An amount counts in the window in which it was held.
		const period = cell.periods.find(
			({ window }) => window.startMs === windowStartMs,
		);
		if (period === undefined) return null;
		const { settled } = period.balance;
		const amounts = { held: amount, actual: actual.nanos };
		period.balance = settleIn(period.balance, amounts);
		return settled;
	}
	if (measure === "concurrent") cell.running -= 1;
	else if (measure === "tokens" && cell.buckets) {
		addTo(cell.buckets, actual.tokens - Number(amount), atMs);
	}
	return null;
}

/** Whether a call that was not asked about this budget counts in it all the same. */
export const isAbout = (
	{ measure, model }: Cell,
	models: readonly string[],
): boolean =>
	measure === "nanos" &&
	(model === null || models.some((one) => allowsModel([model], one)));

/** What was spent without having been held. */
export function addSpent(period: Period, nanos: bigint): void {
	period.balance = settleIn(period.balance, { held: 0n, actual: nanos });
}

export function restateCell(cell: Cell, spent: bigint, nowMs: number): void {
	const period = periodAt(cell, nowMs);
	// What is said is of all models together: see `withResets`.
	const settled = cell.model === null ? spent : 0n;
	period.balance = { ...period.balance, settled };
	cell.loaded = true;
}

/** As before it was first read; what is held stays. */
export function unloadCell(cell: Cell, nowMs: number): void {
	const period = periodAt(cell, nowMs);
	period.balance = { ...period.balance, settled: 0n };
	cell.loaded = false;
	cell.unloads += 1;
}

/** Of these budgets the fullest. */
export function findFullest(
	limits: readonly Limit[],
	find: (limit: Limit) => Cell | undefined,
	nowMs: number,
) {
	let fullest: {
		limit: Limit;
		spent: bigint;
		share: number;
		resetsMs: number | null;
	} | null = null;
	for (const limit of limits) {
		if (limit.measure !== "nanos" || limit.soft) continue;
		const cell = find(limit);
		if (cell === undefined) continue;
		const { window, balance } = periodAt(cell, nowMs);
		const share =
			limit.ceiling === 0n
				? 1
				: Number(balance.settled) / Number(limit.ceiling);
		if (fullest !== null && share <= fullest.share) continue;
		const spent = balance.settled;
		fullest = { limit, spent, share, resetsMs: toResetMs(window) };
	}
	return fullest;
}
