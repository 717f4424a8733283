/** What is done to counts that several processes share, each a task on what nobody else can change meanwhile. */
import type { Refusal } from "../domain/judge.ts";
import type { Limit } from "../domain/limit.ts";
import type {
	CountTask,
	CountView,
	OrphanedStakes,
} from "../domain/shared-counts.ts";
import { type Subject, toSubjectName } from "../domain/subject.ts";
import { toCellName } from "./cell-name.ts";
import {
	type Counts,
	readStakes,
	type SharedStake,
	writeStakes,
} from "./count-doc.ts";
import type { Amounts, Asking } from "./counter.ts";
import {
	addSpent,
	type Cell,
	endStake,
	isAbout,
	openCell,
	periodAt,
	restateCell,
	take,
	unloadCell,
} from "./shared-cells.ts";

type Task<Outcome> = CountTask<Counts, Outcome>;
type View = CountView<Counts>;

/** The counts as they stand when all of its transaction is committed. */
export interface Seen {
	readonly subject: Subject;
	readonly counts: Counts;
}

/** A budget of which it is not known yet what was spent before. */
export interface Unloaded {
	readonly limit: Limit;
	readonly birth: string;
	readonly windowStartMs: number;
	/** As the cell's, before the ledger is asked. */
	readonly unloads: number;
}

export interface Admission {
	/** Nothing is taken while there are any. */
	readonly unloaded: readonly Unloaded[];
	readonly refusal: Refusal | null;
	readonly seen: readonly Seen[];
}

/** A connection that breaks is back within this; a call that has not begun waits no longer for it. */
const blipMs = 500;
/** Whoever waits for more than a call. */
const patienceMs = 5_000;

const distinct = (subjects: readonly Subject[]): readonly Subject[] => [
	...new Map(subjects.map((one) => [toSubjectName(one), one])).values(),
];

const look = (view: View, subjects: readonly Subject[]): readonly Seen[] =>
	subjects.flatMap((subject) => {
		const counts = view.find(subject);
		return counts === null ? [] : [{ subject, counts }];
	});

/** @param onUnsure the call was refused, and what it wanted may have been taken all the same */
export function toReserving(
	{ id, limits, wanted }: Asking,
	onUnsure: () => void,
): Task<Admission> {
	const subjects = distinct(limits.map(({ subject }) => subject));
	return {
		id,
		subjects,
		begins: true,
		withinMs: blipMs,
		onUnsure,
		run: (view) => {
			const nothing = { unloaded: [], refusal: null };
			const seen = look(view, subjects);
			// A commit whose answer was lost.
			if (view.stakes !== null) {
				return { stakes: view.stakes, outcome: { ...nothing, seen } };
			}
			const wishes = limits.map((limit) => toWish(view, limit));
			const unloaded = wishes
				.filter(({ cell }) => !cell.loaded)
				.map(({ limit, cell, birth }) => {
					const { startMs } = periodAt(cell, view.nowMs).window;
					const { unloads } = cell;
					return { limit, birth, windowStartMs: startMs, unloads };
				});
			if (unloaded.length > 0) {
				return { stakes: null, outcome: { ...nothing, unloaded, seen } };
			}
			const moment = { nowMs: view.nowMs, atMs: view.nowMs };
			const { stakes, refusal } = take(wishes, wanted, moment);
			if (stakes === null) {
				return { stakes: null, outcome: { ...nothing, refusal, seen } };
			}
			const shared = stakes.map((stake, at) => {
				const { limit, birth } = wishes[at] as (typeof wishes)[number];
				const name = toCellName(limit);
				return { ...stake, subject: limit.subject, name, birth };
			});
			return { stakes: writeStakes(shared), outcome: { ...nothing, seen } };
		},
	};
}

function toWish(view: View, limit: Limit) {
	const counts = view.find(limit.subject) as Counts;
	const name = toCellName(limit);
	const cell = counts.cells.get(name) ?? openCell(limit);
	counts.cells.set(name, cell);
	return { limit, cell, birth: counts.birth };
}

/** Of several processes that have read it at once, the first adds it. */
export const toLoading = (
	{ limit, birth, windowStartMs, unloads }: Unloaded,
	spent: bigint,
): Task<void> => ({
	id: null,
	subjects: [limit.subject],
	begins: false,
	withinMs: patienceMs,
	run: (view) => {
		const counts = view.find(limit.subject);
		const cell = counts?.cells.get(toCellName(limit));
		const isFresh = cell?.loaded === false && cell.unloads === unloads;
		if (counts?.birth === birth && isFresh) {
			const period = cell.periods.find(
				({ window }) => window.startMs === windowStartMs,
			);
			if (period !== undefined) addSpent(period, spent);
			cell.loaded = true;
		}
		return { stakes: null, outcome: undefined };
	},
});

type Ending = Pick<Asking, "id" | "subjects" | "limits" | "models">;

/** A budget of which more is spent, and what was spent before. */
export interface Spent {
	readonly limit: Limit;
	readonly before: bigint;
}

export interface Ended {
	readonly seen: readonly Seen[];
	readonly spent: readonly Spent[];
}

/** What the call has taken is given back, and what it came to is counted; where somebody has done so already, nothing. */
export function toEnding(
	{ id, subjects: all, limits, models }: Ending,
	actual: Amounts,
): Task<Ended> {
	const subjects = distinct([...all, ...limits.map((one) => one.subject)]);
	return {
		id,
		subjects,
		begins: false,
		withinMs: null,
		run: (view) => {
			if (view.stakes === null) {
				return {
					stakes: null,
					outcome: { seen: look(view, subjects), spent: [] },
				};
			}
			const ended = endStakes(view, readStakes(view.stakes), () => actual);
			const of = { subjects: all, models };
			for (const cell of listOthers(view, of, ended)) {
				addSpent(periodAt(cell, view.nowMs), actual.nanos);
			}
			const spent = limits.flatMap((limit) => {
				const cell = view.find(limit.subject)?.cells.get(toCellName(limit));
				const before = cell && ended.get(cell);
				return typeof before === "bigint" ? [{ limit, before }] : [];
			});
			return { stakes: null, outcome: { seen: look(view, subjects), spent } };
		},
	};
}

/** Where a call had taken something, with what was spent there before; null: it is no budget. */
type EndedCells = ReadonlyMap<Cell, bigint | null>;

function endStakes(
	view: View,
	stakes: readonly SharedStake[],
	toActual: (stake: SharedStake) => Amounts,
): EndedCells {
	const ended = new Map<Cell, bigint | null>();
	for (const stake of stakes) {
		const counts = view.find(stake.subject);
		if (counts?.birth !== stake.birth) continue;
		// Rates that have nothing to say any more are not kept.
		const cell = counts.cells.get(stake.name);
		if (cell === undefined) continue;
		ended.set(cell, endStake(cell, stake, toActual(stake)));
	}
	return ended;
}

/** Budgets that the call was not asked about when it began. */
const listOthers = (
	view: View,
	{ subjects, models }: Pick<Asking, "subjects" | "models">,
	known: EndedCells,
): readonly Cell[] =>
	look(view, subjects)
		.flatMap(({ counts }) => [...counts.cells.values()])
		.filter((cell) => !known.has(cell) && isAbout(cell, models));

/**
 * A call that took nothing when it began, and has budgets now: it takes nothing of them, so that it can end like any
 * other, and only once. Tells whether there are any.
 */
export const toEnrolling = ({
	id,
	subjects,
	models,
}: Ending): Task<boolean> => ({
	id,
	subjects,
	begins: false,
	withinMs: null,
	run: (view) => {
		if (view.stakes !== null) return { stakes: view.stakes, outcome: true };
		const stakes = look(view, subjects).flatMap(({ subject, counts }) =>
			[...counts.cells]
				.filter(([, cell]) => isAbout(cell, models))
				.map(([name, cell]): SharedStake => {
					const { startMs } = periodAt(cell, view.nowMs).window;
					const of = { subject, name, birth: counts.birth };
					const when = { windowStartMs: startMs, atMs: view.nowMs };
					return { ...of, ...when, measure: "nanos", amount: 0n };
				}),
		);
		if (stakes.length === 0) return { stakes: null, outcome: false };
		return { stakes: writeStakes(stakes), outcome: true };
	},
});

/** By what the ledger says; where it says nothing, a call of which nobody knows has spent what it held. */
export function toOrphanEnding({
	id,
	stakes,
	actual,
}: OrphanedStakes): Task<void> {
	const subjects = readStakes(stakes).map(({ subject }) => subject);
	return {
		id,
		subjects: distinct(subjects),
		begins: false,
		withinMs: patienceMs,
		run: (view) => {
			endStakes(view, readStakes(view.stakes ?? "[]"), ({ amount }) => {
				return actual ?? { nanos: amount, tokens: Number(amount) };
			});
			return { stakes: null, outcome: undefined };
		},
	};
}

export const toRestating = (
	subject: Subject,
	spent: bigint,
): Task<readonly Seen[]> => ({
	id: null,
	subjects: [subject],
	begins: false,
	withinMs: patienceMs,
	run: (view) => {
		for (const cell of view.find(subject)?.cells.values() ?? []) {
			if (cell.measure === "nanos") restateCell(cell, spent, view.nowMs);
		}
		return { stakes: null, outcome: look(view, [subject]) };
	},
});

/** Whoever asks next reads the ledger again; a call that ends meanwhile may count twice, and never not at all. */
export const toRecounting = (subject: Subject): Task<readonly Seen[]> => ({
	id: null,
	subjects: [subject],
	begins: false,
	withinMs: patienceMs,
	run: (view) => {
		for (const cell of view.find(subject)?.cells.values() ?? []) {
			if (cell.measure === "nanos") unloadCell(cell, view.nowMs);
		}
		return { stakes: null, outcome: look(view, [subject]) };
	},
});

export const toForgetting = (subject: Subject): Task<void> => ({
	id: null,
	subjects: [subject],
	begins: false,
	withinMs: null,
	run: (view) => {
		view.remove(subject);
		return { stakes: null, outcome: undefined };
	},
});
