/**
 * Counts in this process's memory, for the database that this process has to itself. What was spent before is read from the
 * ledger when a budget is first asked for; requests, tokens and calls that run begin at nothing.
 */
import type { Limit } from "../domain/limit.ts";
import { type Subject, toSubjectName } from "../domain/subject.ts";
import type { Clock } from "../platform/contract.ts";
import {
	addSpent,
	type Cell,
	endStake,
	findFullest,
	isAbout,
	openCell,
	periodAt,
	restateCell,
	type Stake,
	take,
	toCellName,
	type Wish,
} from "./cells.ts";
import type {
	Amounts,
	Asking,
	Counter,
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

/** By the names of the limits. */
type Cells = Map<string, Cell>;

interface State {
	readonly options: MemoryCounterOptions;
	/** By subject, budgets that are being read included: also calls that began before one was made count in it. */
	readonly subjects: Map<string, Cells>;
	/** By subject and limit. */
	readonly loading: Map<string, Promise<void>>;
}

export function openMemoryCounter(options: MemoryCounterOptions): Counter {
	const s: State = { options, subjects: new Map(), loading: new Map() };
	const reserve: Counter["reserve"] = (asking) => {
		const { limits } = asking;
		const wishes: Wish[] = [];
		for (const limit of limits) {
			const cell = find(s, limit);
			if (cell?.loaded) wishes.push({ limit, cell });
		}
		if (wishes.length === limits.length) return admit(s, asking, wishes);
		const loading = limits.map((limit) => load(s, limit));
		// Asked again, because what was loaded may have been forgotten meanwhile.
		return Promise.all(loading).then(() => reserve(asking));
	};
	return {
		forget: (subject) => {
			s.subjects.delete(toSubjectName(subject));
		},
		restate: (subject, spent) => restate(s, subject, spent),
		fullest: (limits) => {
			const findLoaded = (limit: Limit) => {
				const cell = find(s, limit);
				return cell?.loaded ? cell : undefined;
			};
			return findFullest(limits, findLoaded, options.clock.now());
		},
		reserve,
		close: async () => {},
	};
}

const find = ({ subjects }: State, limit: Limit): Cell | undefined =>
	subjects.get(toSubjectName(limit.subject))?.get(toCellName(limit));

async function restate(s: State, subject: Subject, spent: bigint) {
	const name = toSubjectName(subject);
	// What is still being read would be added to it.
	for (const [cell, loading] of s.loading) {
		if (cell.startsWith(`${name}\n`)) await loading.catch(() => {});
	}
	for (const cell of s.subjects.get(name)?.values() ?? []) {
		if (cell.measure !== "nanos") continue;
		restateCell(cell, spent, s.options.clock.now());
	}
}

async function load(s: State, limit: Limit): Promise<void> {
	const [subject, cellName] = [toSubjectName(limit.subject), toCellName(limit)];
	const name = `${subject}\n${cellName}`;
	const under = s.loading.get(name);
	if (under !== undefined) return under;
	const cells: Cells = s.subjects.get(subject) ?? new Map();
	s.subjects.set(subject, cells);
	if (cells.get(cellName)?.loaded) return;
	const cell = openCell(limit);
	// Before the reading: a call that ends meanwhile may count twice until the window ends, and never not at all.
	cells.set(cellName, cell);
	if (cell.loaded) return;
	const loading = readBefore(s, cell, limit)
		.catch((error) => {
			cells.delete(cellName);
			throw error;
		})
		.finally(() => s.loading.delete(name));
	s.loading.set(name, loading);
	return loading;
}

async function readBefore(s: State, cell: Cell, limit: Limit): Promise<void> {
	const period = periodAt(cell, s.options.clock.now());
	const spent = await s.options.readSpent(limit, period.window.startMs);
	addSpent(period, spent);
	cell.loaded = true;
}

function admit(s: State, asking: Asking, wishes: readonly Wish[]): Reserved {
	const { clock } = s.options;
	const moment = { nowMs: clock.now(), atMs: clock.monotonic() };
	const { stakes, refusal } = take(wishes, asking.wanted, moment);
	if (stakes === null) return { reservation: null, refusal };
	const reservation = toReservation(s, asking, wishes, stakes);
	return { reservation, refusal: null };
}

function toReservation(
	s: State,
	{ subjects, models }: Asking,
	wishes: readonly Wish[],
	stakes: readonly Stake[],
): Reservation {
	let ended = false;
	return {
		end: (actual) => {
			if (ended) return;
			ended = true;
			for (const [at, stake] of stakes.entries()) {
				const { limit, cell } = wishes[at] as Wish;
				const before = endStake(cell, stake, actual);
				if (before !== null) s.options.onSpent(limit, before, actual.nanos);
			}
			for (const subject of subjects) {
				for (const cell of s.subjects.get(toSubjectName(subject))?.values() ??
					[]) {
					if (wishes.some((wish) => wish.cell === cell)) continue;
					if (isAbout(cell, models)) count(s, cell, actual);
				}
			}
		},
	};
}

const count = (s: State, cell: Cell, { nanos }: Amounts): void =>
	addSpent(periodAt(cell, s.options.clock.now()), nanos);
