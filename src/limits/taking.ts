/**
 * What a call takes of its counts in memory, and what takes its place when it ends. Every call with limits comes by here: no
 * more objects than are needed, and whole numbers of money only where there is money.
 */
import { reserve as reserveIn, settle as settleIn } from "../domain/balance.ts";
import { addTo, roomAfterMs, sumAt } from "../domain/buckets.ts";
import { type Claim, judge, type Refusal, toRefusal } from "../domain/judge.ts";
import type { Limit } from "../domain/limit.ts";
import type { Clock } from "../platform/contract.ts";
import {
	type Cell,
	findTally,
	raiseHorizon,
	type Tally,
	tallyAt,
	toBalance,
} from "./cell.ts";
import type { Cells, Place } from "./cells.ts";
import type { Actual, Amounts, Asking, OnSpent, Reserved } from "./counter.ts";
import { toAmount, toResetMs } from "./measuring.ts";

export interface Taking {
	readonly cells: Pick<Cells, "budgetsOf">;
	readonly options: {
		readonly clock: Clock;
		readonly toSumModel: (model: string) => string;
		readonly isFor: (pattern: string, model: string) => boolean;
		readonly onSpent: OnSpent;
	};
}

/** What a call has taken, or would take. */
interface Taken {
	readonly asking: Asking;
	readonly places: readonly Place[];
	/** Of each place the window of money in which the call began; null: it is no money. */
	readonly tallies: readonly (Tally | null)[];
	/** As the ledger has it. */
	readonly startedMs: number;
	/** When it was let in, by the monotonic clock. */
	readonly atMs: number;
}

/** All of it, or nothing and why. What the ledger has must have been read. */
export function take(
	s: Taking,
	asking: Asking,
	places: readonly Place[],
	startedMs: number,
): Reserved {
	const atMs = s.options.clock.monotonic();
	const tallies = places.map(({ limit, cell }) =>
		limit.measure === "nanos" ? tallyAt(cell, startedMs) : null,
	);
	const taken = { asking, places, tallies, startedMs, atMs };
	const refusal = hasRoom(taken) ? null : findRefusal(s, taken);
	if (refusal !== null) return { reservation: null, refusal };
	for (let at = 0; at < places.length; at++) takeAt(taken, at);
	let ended = false;
	const end = (actual: Actual) => {
		if (ended) return;
		ended = true;
		const ending = { taken, actual };
		for (let at = 0; at < places.length; at++) endAt(s, ending, at);
		if (actual.nanos > 0n) countElsewhere(s, ending);
	};
	return { reservation: { end }, refusal: null };
}

/** What `judge` says, without what it takes to say why. */
function hasRoom({ asking, places, tallies, atMs }: Taken): boolean {
	for (let at = 0; at < places.length; at++) {
		const place = places[at] as Place;
		place.cell.usedMs = atMs;
		if (place.limit.soft) continue;
		const tally = tallies[at] ?? null;
		const fits =
			tally === null
				? isWithin(place, asking.wanted, atMs)
				: asking.wanted.nanos === 0n ||
					tally.settled + tally.held + asking.wanted.nanos <=
						place.limit.ceiling;
		if (!fits) return false;
	}
	return true;
}

function isWithin(
	{ limit, cell, ceiling }: Place,
	wanted: Amounts,
	atMs: number,
): boolean {
	const { buckets, running } = cell;
	const amount = toNumber(limit, wanted);
	const counted = buckets === null ? running : sumAt(buckets, atMs);
	return amount === 0 || counted + amount <= ceiling;
}

/** Null: there is room after all. */
function findRefusal(
	{ options }: Taking,
	{ asking, places, tallies, atMs }: Taken,
): Refusal | null {
	const claims = places.map(
		({ limit, cell }, at): Claim => ({
			limit,
			balance: tallies[at] ?? toBalance(cell, atMs),
			amount: toAmount(limit.measure, asking.wanted),
		}),
	);
	const verdict = judge(claims);
	if (verdict === null) return null;
	const { claim } = verdict;
	const at = claims.indexOf(claim);
	const { buckets } = (places[at] as Place).cell;
	const tally = tallies[at] ?? null;
	return toRefusal(verdict, {
		roomAfterMs:
			buckets &&
			roomAfterMs(buckets, {
				amount: Number(claim.amount),
				ceiling: Number(claim.limit.ceiling),
				nowMs: atMs,
			}),
		resetsMs: tally && toResetMs(tally.window),
		nowMs: options.clock.now(),
	});
}

/** The same as `toAmount`, of what is no money. */
const toNumber = ({ measure }: Limit, { tokens }: Amounts): number =>
	measure === "tokens" ? tokens : 1;

function takeAt(
	{ asking, places, tallies, startedMs, atMs }: Taken,
	at: number,
): void {
	const { limit, cell, repeats } = places[at] as Place;
	if (repeats) return;
	const tally = tallies[at] ?? null;
	if (tally !== null) {
		tally.held = reserveIn(tally, asking.wanted.nanos).held;
		raiseHorizon(cell, startedMs);
	} else if (cell.buckets === null) cell.running += 1;
	else addTo(cell.buckets, toNumber(limit, asking.wanted), atMs);
}

interface Ending {
	readonly taken: Taken;
	readonly actual: Actual;
}

function endAt(s: Taking, ending: Ending, at: number): void {
	const { taken, actual } = ending;
	const { asking, atMs } = taken;
	const { limit, cell, repeats } = taken.places[at] as Place;
	const tally = taken.tallies[at] ?? null;
	if (tally !== null) {
		const before = repeats ? tally.settled - actual.nanos : tally.settled;
		if (!repeats) tally.held -= asking.wanted.nanos;
		if (!counts(s, cell, tally, ending)) return;
		if (!repeats) spend(tally, actual.nanos);
		s.options.onSpent(limit, before, actual.nanos);
	} else if (!repeats) {
		if (cell.buckets === null) cell.running -= 1;
		else if (limit.measure === "tokens") {
			addTo(cell.buckets, actual.tokens - asking.wanted.tokens, atMs);
		}
	}
}

export function spend(tally: Tally, nanos: bigint): void {
	tally.settled = settleIn(tally, { held: 0n, actual: nanos }).settled;
}

/** What is due will be read with this in it. */
function counts(
	{ options }: Taking,
	{ limit }: Cell,
	{ state, sinceMs }: Tally,
	{ taken: { startedMs }, actual: { model } }: Ending,
): boolean {
	if (state === "due" || startedMs < sinceMs) return false;
	return (
		limit.model === null ||
		model === undefined ||
		options.isFor(limit.model, model)
	);
}

/** Budgets that came after the call, or that do not bind it. */
function countElsewhere(s: Taking, ending: Ending): void {
	const { taken, actual } = ending;
	const { asking, places, startedMs } = taken;
	for (const cell of s.cells.budgetsOf(asking.subjects)) {
		if (places.some((place) => place.cell === cell)) continue;
		if (actual.model === undefined && !isNamed(s, cell, asking.models))
			continue;
		raiseHorizon(cell, startedMs);
		const tally = findTally(cell, startedMs);
		if (tally !== null && counts(s, cell, tally, ending))
			spend(tally, actual.nanos);
	}
}

const isNamed = (
	{ options: { isFor, toSumModel } }: Taking,
	{ limit: { model } }: Cell,
	named: readonly string[],
): boolean =>
	model === null || named.some((one) => isFor(model, toSumModel(one)));
