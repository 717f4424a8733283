/** What has been counted of one limit: money in its windows, requests and tokens of the last minute, calls that run. */
import type { Balance } from "../domain/balance.ts";
import { type Buckets, openBuckets, sumAt } from "../domain/buckets.ts";
import type { Limit } from "../domain/limit.ts";
import { toSubjectName } from "../domain/subject.ts";
import { forever, isIn, type Window, windowAt } from "../domain/window.ts";
import { toCellName } from "./cell-name.ts";

/** The money of one window. */
export interface Tally {
	readonly window: Window;
	/** Calls that began before do not count: what they come to was said by somebody, or is another window's. */
	sinceMs: number;
	settled: bigint;
	held: bigint;
	/** Whether what the ledger has of it is in `settled`. */
	state: "due" | "reading" | "read";
}

export interface Cell {
	readonly name: string;
	/** One of the limits that share this count. What does not apply to its measure stays as it began. */
	readonly limit: Limit;
	/** A clock that is set back finds the window that it left. */
	readonly tallies: Tally[];
	/** The tally that was asked for last. */
	last: Tally | null;
	/** From here on the ledger has nothing of it. */
	horizonMs: number;
	/** Requests and tokens of a sliding window. */
	readonly buckets: Buckets | null;
	/** Calls at once. */
	running: number;
	/** By the monotonic clock. */
	usedMs: number;
	/** Another has taken its place, or will. */
	dropped: boolean;
}

/** Windows of one limit that are remembered; older ones are read again. */
const maxTallies = 3;

export const openCell = (
	name: string,
	limit: Limit,
	horizonMs: number,
): Cell => ({
	name,
	limit,
	tallies: [],
	last: null,
	horizonMs,
	buckets:
		limit.span.kind === "sliding" ? openBuckets(limit.span.windowMs) : null,
	running: 0,
	usedMs: 0,
	dropped: false,
});

/** Of the count that a limit has. */
export const toName = (limit: Limit): string =>
	`${toSubjectName(limit.subject)}\n${toCellName(limit)}`;

/** Of the window that holds the moment; null: nothing was asked of it. */
export function findTally(cell: Cell, atMs: number): Tally | null {
	if (cell.last !== null && isIn(cell.last.window, atMs)) return cell.last;
	return cell.tallies.find(({ window }) => isIn(window, atMs)) ?? null;
}

/** The same, begun where it is missing. */
export function tallyAt(cell: Cell, atMs: number): Tally {
	cell.last = findTally(cell, atMs) ?? beginTally(cell, atMs);
	return cell.last;
}

function beginTally(cell: Cell, atMs: number): Tally {
	const { span } = cell.limit;
	const window =
		span.kind === "scheduled" ? windowAt(span.schedule, atMs) : forever;
	// Where no call can have begun, nobody needs to ask: the end of a window makes no call wait.
	const isEmpty = window.startMs >= cell.horizonMs;
	const tally: Tally = {
		window,
		sinceMs: window.startMs,
		settled: 0n,
		held: 0n,
		state: isEmpty ? "read" : "due",
	};
	if (cell.tallies.length >= maxTallies) forgetTally(cell);
	cell.tallies.push(tally);
	return tally;
}

/** The oldest of which nothing is held, or else the oldest. */
function forgetTally({ tallies }: Cell): void {
	tallies.sort((a, b) => a.window.startMs - b.window.startMs);
	const at = tallies.findIndex(({ held }) => held === 0n);
	tallies.splice(Math.max(0, at), 1);
}

/** From here on the ledger, or the operator, has said nothing of it: later than `atMs`, and than all before. */
export function raiseHorizon(cell: Cell, atMs: number): void {
	if (atMs >= cell.horizonMs) cell.horizonMs = atMs + 1;
}

/** What the ledger has must be asked for again; what is held stays. */
export function expireCell(cell: Cell): void {
	for (const tally of cell.tallies) {
		tally.state = "due";
		tally.settled = 0n;
	}
}

/** What is counted now of anything but money. */
export function toBalance(cell: Cell, atMs: number): Balance {
	const { buckets, running } = cell;
	return buckets === null
		? { settled: 0n, held: BigInt(running) }
		: { settled: BigInt(sumAt(buckets, atMs)), held: 0n };
}

/** Nothing would be lost with it that cannot be read again. */
export const isAtRest = (cell: Cell, atMs: number): boolean =>
	cell.running === 0 &&
	(cell.buckets === null || sumAt(cell.buckets, atMs) === 0) &&
	cell.tallies.every(({ held, state }) => held === 0n && state !== "reading");
