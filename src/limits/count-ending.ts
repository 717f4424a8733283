/** A call that shared counts have let in is over. */
import type { Limit } from "../domain/limit.ts";
import type { OrphanedStakes } from "../domain/shared-counts.ts";
import { toCellName } from "./cell-name.ts";
import { readStakes, type SharedStake, writeStakes } from "./count-doc.ts";
import {
	distinct,
	look,
	patienceMs,
	type Seen,
	type Task,
	type View,
} from "./count-tasks.ts";
import type { Actual, Asking } from "./counter.ts";
import { findPeriod, raiseHorizon } from "./periods.ts";
import { addElsewhere, type Cell, endStake } from "./shared-cells.ts";

type Ending = Pick<
	Asking,
	"id" | "subjects" | "limits" | "models" | "startedMs"
>;

/** Which models a limit is about. */
export interface Models {
	/** As the sums name it. */
	toSumModel(model: string): string;
	/** Of a model as the sums name it. */
	isFor(pattern: string, model: string): boolean;
}

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
	{ id, subjects: all, limits, models: named, startedMs }: Ending,
	actual: Actual,
	models: Models,
): Task<Ended> {
	const subjects = distinct([...all, ...limits.map((one) => one.subject)]);
	return {
		id,
		subjects,
		begins: false,
		withinMs: null,
		run: (view) => {
			if (view.stakes === null) {
				const seen = look(view, subjects);
				return { stakes: null, outcome: { seen, spent: [] } };
			}
			const stakes = readStakes(view.stakes);
			const ended = endStakes(view, stakes, { toActual: () => actual, models });
			const beganMs = startedMs ?? stakes[0]?.startedMs ?? view.nowMs;
			for (const { cell } of listBudgets(view, distinct(all))) {
				if (ended.has(cell) || actual.nanos === 0n) continue;
				if (isAbout(cell, actual.model, named, models)) {
					addElsewhere(cell, beganMs, actual.nanos);
				}
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

/** Where a call had taken something, with what was spent there before; null: it is no budget, or it does not count there. */
type EndedCells = ReadonlyMap<Cell, bigint | null>;

function endStakes(
	view: View,
	stakes: readonly SharedStake[],
	how: {
		readonly toActual: (stake: SharedStake) => Actual;
		readonly models: Models;
	},
): EndedCells {
	const ended = new Map<Cell, bigint | null>();
	for (const stake of stakes) {
		const counts = view.find(stake.subject);
		if (counts?.birth !== stake.birth) continue;
		// Rates that have nothing to say any more are not kept.
		const cell = counts.cells.get(stake.name);
		if (cell === undefined) continue;
		const actual = how.toActual(stake);
		const isIts =
			cell.model === null ||
			actual.model === undefined ||
			how.models.isFor(cell.model, actual.model);
		ended.set(cell, endStake(cell, stake, { actual, isIts }));
	}
	return ended;
}

const listBudgets = (view: View, subjects: Asking["subjects"]) =>
	look(view, subjects).flatMap(({ subject, counts: { birth, cells } }) =>
		[...cells]
			.filter(([, { measure }]) => measure === "nanos")
			.map(([name, cell]) => ({ subject, birth, name, cell })),
	);

/** By what served, or else by all that the call named. */
const isAbout = (
	{ model }: Cell,
	served: string | undefined,
	named: readonly string[],
	{ toSumModel, isFor }: Models,
): boolean =>
	model === null ||
	(served === undefined
		? named.some((one) => isFor(model, toSumModel(one)))
		: isFor(model, served));

/**
 * A call that took nothing when it began, and has budgets now: it takes nothing of them, so that it can end like any
 * other, and only once. Tells whether there are any.
 */
export const toEnrolling = ({
	id,
	subjects,
	startedMs,
}: Ending): Task<boolean> => ({
	id,
	subjects,
	begins: false,
	withinMs: null,
	run: (view) => {
		if (view.stakes !== null) return { stakes: view.stakes, outcome: true };
		const atMs = view.nowMs;
		const beganMs = startedMs ?? atMs;
		const stakes = listBudgets(view, subjects).flatMap(
			({ cell, ...of }): SharedStake[] => {
				raiseHorizon(cell, beganMs);
				// A window that is still to be read will have it.
				if (findPeriod(cell, beganMs) === null) return [];
				const when = { startedMs: beganMs, atMs };
				return [{ ...of, ...when, measure: "nanos", amount: 0n }];
			},
		);
		if (stakes.length === 0) return { stakes: null, outcome: false };
		return { stakes: writeStakes(stakes), outcome: true };
	},
});

/** By what the ledger says; where it says nothing, a call of which nobody knows has spent what it held. */
export function toOrphanEnding(
	{ id, stakes, actual }: OrphanedStakes,
	models: Models,
): Task<void> {
	const subjects = readStakes(stakes).map(({ subject }) => subject);
	const toActual = ({ amount }: SharedStake): Actual => {
		if (actual === null) return { nanos: amount, tokens: Number(amount) };
		const { model, ...amounts } = actual;
		if (model === null) return amounts;
		return { ...amounts, model: models.toSumModel(model) };
	};
	return {
		id,
		subjects: distinct(subjects),
		begins: false,
		withinMs: patienceMs,
		run: (view) => {
			endStakes(view, readStakes(view.stakes ?? "[]"), { toActual, models });
			return { stakes: null, outcome: undefined };
		},
	};
}
