/**
 * Counts in this process's memory, for the database that this process has to itself. What was spent before is read from the
 * ledger when a window of a budget is first asked for; requests, tokens and calls that run begin at nothing.
 */
import { reserve as reserveIn, settle as settleIn } from "../domain/balance.ts";
import { addTo, roomAfterMs } from "../domain/buckets.ts";
import { type Claim, judge, toRefusal, type Verdict } from "../domain/judge.ts";
import type { Limit } from "../domain/limit.ts";
import type { Subject } from "../domain/subject.ts";
import type { Clock } from "../platform/contract.ts";
import {
	type Cell,
	expireCell,
	findTally,
	isAtRest,
	raiseHorizon,
	type Tally,
	tallyAt,
	toBalance,
} from "./cell.ts";
import { type Cells, openCells, type Place } from "./cells.ts";
import type {
	Actual,
	Amounts,
	Asking,
	Counter,
	Fullness,
	OnSpent,
	ReadSpent,
	Reservation,
	Reserved,
} from "./counter.ts";
import { toAmount, toResetMs } from "./measuring.ts";

export interface MemoryCounterOptions {
	readonly clock: Clock;
	/** All that is settled by now is part of it. Rejects with StoreError. */
	readonly readSpent: ReadSpent;
	/** When the operator last said what a subject has spent, since 1970; null: never. */
	readonly findReset: (subject: Subject) => number | null;
	/** As the sums name a model. */
	readonly toSumModel: (model: string) => string;
	/** Whether what a model has cost, as the sums name it, counts for a limit of that name or pattern. */
	readonly isFor: (pattern: string, model: string) => boolean;
	/** A budget has more spent than before; must not throw. */
	readonly onSpent: OnSpent;
	/** All calls of the ledger began before; Infinity: nobody knows. */
	readonly horizonMs: number;
	readonly maxCells?: number;
}

/** Counts of limits that are kept: 50 MB at the most, and as much for ten thousand keys. */
const defaultMaxCells = 50_000;

interface Stake extends Claim, Place {
	/** Null for anything but money. */
	readonly tally: Tally | null;
}

interface State {
	readonly options: MemoryCounterOptions;
	readonly cells: Cells;
	/** By the tally that is read. */
	readonly reading: Map<Tally, Promise<void>>;
}

export interface MemoryCounter extends Counter {
	/** Limits that have a count. */
	size(): number;
}

export function openMemoryCounter(
	options: MemoryCounterOptions,
): MemoryCounter {
	const s: State = {
		options,
		cells: openCells({
			maxCells: options.maxCells ?? defaultMaxCells,
			horizonMs: options.horizonMs,
			findReset: options.findReset,
			monotonic: options.clock.monotonic,
		}),
		reading: new Map(),
	};
	return {
		forget: (subject) => forget(s, subject),
		// By now the ledger is asked with what was said in mind.
		restate: async (subject) => {
			const saidMs = options.findReset(subject);
			for (const cell of s.cells.ofSubject(subject)) {
				expireCell(cell);
				if (saidMs !== null) raiseHorizon(cell, saidMs);
			}
		},
		recount: async (subjects) => {
			for (const subject of subjects) {
				for (const cell of s.cells.ofSubject(subject)) expireCell(cell);
			}
		},
		fullest: (limits) => findFullest(s, limits),
		reserve: (asking) => reserve(s, asking),
		close: async () => {},
		size: s.cells.size,
	};
}

/** What calls hold stays: whoever is deleted may call on, as an end user does, or be made again. */
function forget(s: State, subject: Subject): void {
	const nowMs = s.options.clock.monotonic();
	for (const cell of s.cells.ofSubject(subject)) {
		if (isAtRest(cell, nowMs)) s.cells.drop(cell);
		else expireCell(cell);
	}
}

function findFullest(s: State, limits: readonly Limit[]): Fullness | null {
	const nowMs = s.options.clock.now();
	let fullest: Fullness | null = null;
	for (const { limit, cell } of s.cells.placesOf(limits)) {
		if (limit.measure !== "nanos" || limit.soft) continue;
		const tally = findTally(cell, nowMs);
		if (tally?.state !== "read") continue;
		const { ceiling } = limit;
		const share = ceiling === 0n ? 1 : Number(tally.settled) / Number(ceiling);
		if (fullest !== null && share <= fullest.share) continue;
		const spent = tally.settled;
		fullest = { limit, spent, share, resetsMs: toResetMs(tally.window) };
	}
	return fullest;
}

function reserve(s: State, asking: Asking): Reserved | Promise<Reserved> {
	const { clock } = s.options;
	const startedMs = asking.startedMs ?? clock.now();
	const places = s.cells.placesOf(asking.limits);
	s.cells.notice(startedMs);
	const reading: Promise<void>[] = [];
	for (const { limit, cell } of places) {
		if (limit.measure !== "nanos") continue;
		const tally = tallyAt(cell, startedMs);
		if (tally.state !== "read") reading.push(read(s, cell, tally));
	}
	if (reading.length === 0) return take(s, asking, places, startedMs);
	// Asked again, because what was read may have been restated meanwhile.
	return Promise.all(reading).then(() => reserve(s, asking));
}

/** Rejects with StoreError. */
function read(s: State, cell: Cell, tally: Tally): Promise<void> {
	const under = s.reading.get(tally);
	if (under !== undefined && tally.state === "reading") return under;
	const reading: Promise<void> = readTally(s, cell, tally, () => {
		const isLatest = s.reading.get(tally) === reading;
		if (isLatest) s.reading.delete(tally);
		return isLatest && tally.state === "reading";
	});
	s.reading.set(tally, reading);
	return reading;
}

async function readTally(
	s: State,
	{ limit }: Cell,
	tally: Tally,
	isWanted: () => boolean,
): Promise<void> {
	const { readSpent, findReset } = s.options;
	const { startMs, endMs } = tally.window;
	const resetMs = findReset(limit.subject) ?? startMs;
	tally.sinceMs = resetMs < endMs ? Math.max(startMs, resetMs) : startMs;
	// From here on: a call that ends meanwhile may count twice until the window ends, and never not at all.
	tally.state = "reading";
	try {
		const settled = await readSpent(limit, startMs, endMs);
		if (!isWanted()) return;
		spend(tally, settled);
		tally.state = "read";
	} catch (error) {
		if (isWanted()) {
			tally.state = "due";
			tally.settled = 0n;
		}
		throw error;
	}
}

function spend(tally: Tally, nanos: bigint): void {
	tally.settled = settleIn(tally, { held: 0n, actual: nanos }).settled;
}

function take(
	s: State,
	asking: Asking,
	places: readonly Place[],
	startedMs: number,
): Reserved {
	const atMs = s.options.clock.monotonic();
	const stakes = places.map((place) =>
		toStake(place, asking.wanted, { startedMs, atMs }),
	);
	const verdict = judge(stakes);
	if (verdict !== null)
		return { reservation: null, refusal: refuse(s, verdict, stakes, atMs) };
	for (const stake of stakes) takeStake(stake, startedMs, atMs);
	let ended = false;
	const reservation: Reservation = {
		end: (actual) => {
			if (ended) return;
			ended = true;
			for (const stake of stakes) {
				endStake(s, stake, actual, { startedMs, atMs });
			}
			if (actual.nanos > 0n)
				countElsewhere(s, asking, stakes, { startedMs, actual });
		},
	};
	return { reservation, refusal: null };
}

interface Times {
	readonly startedMs: number;
	/** When it was let in, by the monotonic clock. */
	readonly atMs: number;
}

function toStake(
	{ limit, cell, repeats }: Place,
	wanted: Amounts,
	{ startedMs, atMs }: Times,
): Stake {
	cell.usedMs = atMs;
	const tally = limit.measure === "nanos" ? tallyAt(cell, startedMs) : null;
	const balance = tally ?? toBalance(cell, atMs);
	return {
		limit,
		cell,
		repeats,
		tally,
		balance,
		amount: toAmount(limit.measure, wanted),
	};
}

function refuse(
	s: State,
	verdict: Verdict,
	stakes: readonly Stake[],
	atMs: number,
) {
	const { claim } = verdict;
	const { cell, tally } = stakes.find((stake) => stake === claim) as Stake;
	return toRefusal(verdict, {
		roomAfterMs:
			cell.buckets &&
			roomAfterMs(cell.buckets, {
				amount: Number(claim.amount),
				ceiling: Number(claim.limit.ceiling),
				nowMs: atMs,
			}),
		resetsMs: tally && toResetMs(tally.window),
		nowMs: s.options.clock.now(),
	});
}

function takeStake(
	{ cell, tally, amount, repeats }: Stake,
	startedMs: number,
	atMs: number,
): void {
	if (repeats) return;
	if (tally !== null) {
		tally.held = reserveIn(tally, amount).held;
		raiseHorizon(cell, startedMs);
	} else if (cell.buckets !== null) addTo(cell.buckets, Number(amount), atMs);
	else cell.running += 1;
}

function endStake(
	s: State,
	{ limit, cell, tally, amount, repeats }: Stake,
	actual: Actual,
	{ startedMs, atMs }: Times,
): void {
	if (tally !== null) {
		const before = repeats ? tally.settled - actual.nanos : tally.settled;
		if (!repeats) tally.held -= amount;
		if (!counts(s, cell, tally, { startedMs, actual })) return;
		if (!repeats) spend(tally, actual.nanos);
		s.options.onSpent(limit, before, actual.nanos);
	} else if (!repeats) {
		if (cell.buckets === null) cell.running -= 1;
		else if (limit.measure === "tokens") {
			addTo(cell.buckets, actual.tokens - Number(amount), atMs);
		}
	}
}

interface Ended {
	readonly startedMs: number;
	readonly actual: Actual;
}

/** What is due will be read with this in it. */
function counts(
	{ options }: State,
	{ limit }: Cell,
	{ state, sinceMs }: Tally,
	{ startedMs, actual: { model } }: Ended,
): boolean {
	if (state === "due" || startedMs < sinceMs) return false;
	return (
		limit.model === null ||
		model === undefined ||
		options.isFor(limit.model, model)
	);
}

/** Budgets that came after the call, or that do not bind it. */
function countElsewhere(
	s: State,
	{ subjects, models }: Asking,
	stakes: readonly Stake[],
	ended: Ended,
): void {
	const { startedMs, actual } = ended;
	for (const cell of s.cells.budgetsOf(subjects)) {
		if (stakes.some((stake) => stake.cell === cell)) continue;
		if (actual.model === undefined && !isNamed(s, cell, models)) continue;
		raiseHorizon(cell, startedMs);
		const tally = findTally(cell, startedMs);
		if (tally !== null && counts(s, cell, tally, ended))
			spend(tally, actual.nanos);
	}
}

const isNamed = (
	{ options: { isFor, toSumModel } }: State,
	{ limit: { model } }: Cell,
	named: readonly string[],
): boolean =>
	model === null || named.some((one) => isFor(model, toSumModel(one)));
