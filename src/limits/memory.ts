/**
 * Counts in this process's memory, for the database that this process has to itself. What was spent before is read from the
 * ledger when a window of a budget is first asked for; requests, tokens and calls that run begin at nothing.
 */
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
} from "./cell.ts";
import { type Cells, openCells } from "./cells.ts";
import type {
	Asking,
	Counter,
	Fullness,
	OnSpent,
	ReadSpent,
	Reserved,
} from "./counter.ts";
import { toResetMs } from "./measuring.ts";
import { spend, take } from "./taking.ts";

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
