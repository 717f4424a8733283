/**
 * Counts in this process's memory, for the database that this process has to itself. What was spent before is read from the
 * ledger when a budget is first asked for; requests, tokens and calls that run begin at nothing.
 */
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
import { type Claim, judge, toRefusal } from "../domain/judge.ts";
import type { Limit } from "../domain/limit.ts";
import type { Subject } from "../domain/subject.ts";
import { allowsModel } from "../domain/virtual-key.ts";
import { forever, isIn, type Window, windowAt } from "../domain/window.ts";
import type { Clock } from "../platform/contract.ts";
import type {
	Amounts,
	Asking,
	Counter,
	Fullness,
	OnSpent,
	ReadSpent,
	Reservation,
	Reserved,
} from "./counter.ts";

export interface MemoryCounterOptions {
	readonly clock: Clock;
	/** All that is settled by now is part of it. Rejects with StoreError. */
	readonly readSpent: ReadSpent;
	/** A budget has more spent than before; must not throw. */
	readonly onSpent: OnSpent;
}

/** The count of one limit. What does not apply to its measure stays as it began. */
interface Cell {
	readonly subject: Subject;
	readonly model: string | null;
	/** Nanos. */
	window: Window;
	balance: Balance;
	/** Requests and tokens of a sliding window. */
	readonly buckets: Buckets | null;
	/** Calls at once. */
	running: number;
}

interface Stake {
	readonly cell: Cell;
	readonly limit: Limit;
	readonly amount: bigint;
	/** When it was taken: the window's start, or the monotonic clock. */
	readonly windowStartMs: number;
	readonly atMs: number;
}

interface State {
	readonly options: MemoryCounterOptions;
	readonly cells: Map<string, Cell>;
	/** Budgets by subject: also calls that began before one was made count in it when they end. */
	readonly budgets: Map<string, Cell[]>;
	readonly loading: Map<string, Promise<Cell>>;
}

export function openMemoryCounter(options: MemoryCounterOptions): Counter {
	const s: State = {
		options,
		cells: new Map(),
		budgets: new Map(),
		loading: new Map(),
	};
	const reserve: Counter["reserve"] = (asking) => {
		const { limits } = asking;
		const missing = limits.filter((limit) => !s.cells.has(toName(limit)));
		if (missing.length === 0) return take(s, asking);
		const loading = missing.map((limit) => load(s, limit));
		// Asked again, because what was loaded may have been forgotten meanwhile.
		return Promise.all(loading).then(() => reserve(asking));
	};
	return {
		forget: (subject) => forget(s, toSubjectName(subject)),
		restate: async (subject, spent) => {
			const name = toSubjectName(subject);
			// What is still being read would be added to it.
			for (const [cell, loading] of s.loading) {
				if (cell.startsWith(`${name}\n`)) await loading.catch(() => {});
			}
			for (const cell of s.budgets.get(name) ?? []) {
				// What is said is of all models together: see `withResets`.
				const settled = cell.model === null ? spent : 0n;
				cell.balance = { ...cell.balance, settled };
			}
		},
		fullest: (limits) => findFullest(s, limits),
		reserve,
		close: async () => {},
	};
}

function forget(s: State, subject: string): void {
	s.budgets.delete(subject);
	for (const [name, cell] of s.cells) {
		if (toSubjectName(cell.subject) === subject) s.cells.delete(name);
	}
}

function findFullest(s: State, limits: readonly Limit[]): Fullness | null {
	let fullest: Fullness | null = null;
	for (const limit of limits) {
		const cell = s.cells.get(toName(limit));
		if (limit.measure !== "nanos" || limit.soft || !cell) continue;
		turn(cell, limit, s.options.clock.now());
		const { window, balance } = cell;
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

const toResetMs = (window: Window): number | null =>
	window === forever ? null : window.endMs;

const toSubjectName = ({ kind, id }: Subject): string => `${kind}\n${id}`;

/** Two limits of one name share a count: a ceiling that is raised does not forgive what was counted. */
function toName({ subject, measure, span, model, soft }: Limit): string {
	const of = `${toSubjectName(subject)}\n${soft ? "soft" : measure}\n${model ?? ""}`;
	switch (span.kind) {
		case "sliding":
			return `${of}\n${span.windowMs}`;
		case "scheduled": {
			const { duration, anchorMs } = span.schedule;
			return `${of}\n${duration.count}${duration.unit}\n${anchorMs}`;
		}
		default:
			return of;
	}
}

const windowOf = ({ span }: Limit, nowMs: number): Window =>
	span.kind === "scheduled" ? windowAt(span.schedule, nowMs) : forever;

function load(s: State, limit: Limit): Promise<Cell> {
	const name = toName(limit);
	const under = s.loading.get(name);
	if (under !== undefined) return under;
	const loading = openCell(s, limit).then((cell) => {
		s.cells.set(name, cell);
		return cell;
	});
	s.loading.set(name, loading);
	return loading.finally(() => s.loading.delete(name));
}

async function openCell(s: State, limit: Limit): Promise<Cell> {
	const { clock, readSpent } = s.options;
	const { subject, measure, span, model } = limit;
	const window = windowOf(limit, clock.now());
	const cell: Cell = {
		subject,
		model,
		window,
		balance: emptyBalance,
		buckets: span.kind === "sliding" ? openBuckets(span.windowMs) : null,
		running: 0,
	};
	if (measure !== "nanos") return cell;
	// Before the reading: a call that ends meanwhile may count twice until the window ends, and never not at all.
	const name = toSubjectName(subject);
	const others = () => s.budgets.get(name)?.filter((one) => one !== cell) ?? [];
	s.budgets.set(name, [...others(), cell]);
	try {
		const settled = await readSpent(limit, window.startMs);
		cell.balance = settleIn(cell.balance, { held: 0n, actual: settled });
		return cell;
	} catch (error) {
		s.budgets.set(name, others());
		throw error;
	}
}

function take(s: State, asking: Asking): Reserved {
	const { clock } = s.options;
	const { limits, wanted } = asking;
	const [nowMs, atMs] = [clock.now(), clock.monotonic()];
	const claims = limits.map((limit) => toClaim(s, limit, wanted));
	const verdict = judge(claims);
	if (verdict !== null) {
		const { claim } = verdict;
		const cell = cellOf(s, claim.limit);
		const times = {
			roomAfterMs: cell.buckets && toRoomMs(cell.buckets, claim, atMs),
			resetsMs: toResetMs(cell.window),
			nowMs,
		};
		return { reservation: null, refusal: toRefusal(verdict, times) };
	}
	const stakes = claims.map(({ limit, amount }) => {
		const cell = cellOf(s, limit);
		if (limit.measure === "nanos") {
			cell.balance = reserveIn(cell.balance, amount);
		} else if (limit.measure === "concurrent") cell.running += 1;
		else if (cell.buckets) addTo(cell.buckets, Number(amount), atMs);
		return { cell, limit, amount, windowStartMs: cell.window.startMs, atMs };
	});
	return { reservation: toReservation(s, asking, stakes), refusal: null };
}

const cellOf = (s: State, limit: Limit): Cell =>
	s.cells.get(toName(limit)) as Cell;

function toClaim(s: State, limit: Limit, wanted: Amounts): Claim {
	const { clock } = s.options;
	const cell = cellOf(s, limit);
	turn(cell, limit, clock.now());
	return {
		limit,
		balance: toBalance(cell, limit, clock.monotonic()),
		amount: toAmount(limit, wanted),
	};
}

/** A new window begins with nothing: what the old one held stays with it. */
function turn(cell: Cell, limit: Limit, nowMs: number): void {
	if (isIn(cell.window, nowMs)) return;
	cell.window = windowOf(limit, nowMs);
	cell.balance = emptyBalance;
}

function toBalance(cell: Cell, { measure }: Limit, atMs: number): Balance {
	if (measure === "nanos") return cell.balance;
	if (measure === "concurrent") {
		return { settled: 0n, held: BigInt(cell.running) };
	}
	const sum = cell.buckets === null ? 0 : sumAt(cell.buckets, atMs);
	return { settled: BigInt(sum), held: 0n };
}

function toAmount({ measure }: Limit, { nanos, tokens }: Amounts): bigint {
	if (measure === "nanos") return nanos;
	return measure === "tokens" ? BigInt(tokens) : 1n;
}

const toRoomMs = (
	buckets: Buckets,
	{ limit, amount }: Claim,
	nowMs: number,
): number | null =>
	roomAfterMs(buckets, {
		amount: Number(amount),
		ceiling: Number(limit.ceiling),
		nowMs,
	});

function toReservation(
	s: State,
	{ subjects, models }: Asking,
	stakes: readonly Stake[],
): Reservation {
	let ended = false;
	return {
		end: (actual) => {
			if (ended) return;
			ended = true;
			for (const stake of stakes) endStake(stake, actual, s.options);
			const known = new Set(stakes.map(({ cell }) => cell));
			for (const subject of subjects) {
				for (const cell of s.budgets.get(toSubjectName(subject)) ?? []) {
					if (!known.has(cell) && isAbout(cell, models)) count(cell, actual);
				}
			}
		},
	};
}

function endStake(
	stake: Stake,
	actual: Amounts,
	{ onSpent }: MemoryCounterOptions,
): void {
	const { cell, limit, amount, windowStartMs, atMs } = stake;
	switch (limit.measure) {
		case "nanos":
			// An amount counts in the window in which it was held.
			if (cell.window.startMs !== windowStartMs) return;
			onSpent(limit, cell.balance.settled, actual.nanos);
			cell.balance = settleIn(cell.balance, {
				held: amount,
				actual: actual.nanos,
			});
			return;
		case "tokens":
			if (cell.buckets) {
				addTo(cell.buckets, actual.tokens - Number(amount), atMs);
			}
			return;
		case "concurrent":
			cell.running -= 1;
			return;
		default:
	}
}

const isAbout = ({ model }: Cell, models: readonly string[]): boolean =>
	model === null || models.some((one) => allowsModel([model], one));

const count = (cell: Cell, { nanos }: Amounts): void => {
	cell.balance = settleIn(cell.balance, { held: 0n, actual: nanos });
};
