/** A call asks shared counts to be let in. */
import type { Refusal } from "../domain/judge.ts";
import type { Limit } from "../domain/limit.ts";
import { toCellName } from "./cell-name.ts";
import { type Counts, type SharedStake, writeStakes } from "./count-doc.ts";
import { type FindReset, toUnread, type Unread } from "./count-reading.ts";
import {
	blipMs,
	distinct,
	look,
	type Seen,
	type Task,
	type View,
} from "./count-tasks.ts";
import type { Asking } from "./counter.ts";
import { periodAt } from "./periods.ts";
import { type Cell, type Moment, openCell, take } from "./shared-cells.ts";

export interface Admission {
	/** Nothing is taken while there are any. */
	readonly unread: readonly Unread[];
	readonly refusal: Refusal | null;
	readonly seen: readonly Seen[];
}

export interface Admitting {
	readonly findReset: FindReset;
	/** All calls of which this process knows began before. */
	readonly horizonMs: number;
	/** What this process knows holds, whatever others have heard. */
	readonly insists: boolean;
	/** The call was refused, and what it wanted may have been taken all the same. */
	readonly onUnsure: () => void;
}

export function toReserving(
	{ id, limits, wanted, startedMs }: Asking,
	admitting: Admitting,
): Task<Admission> {
	const { findReset, insists, onUnsure } = admitting;
	const subjects = distinct(limits.map(({ subject }) => subject));
	return {
		id,
		subjects,
		begins: true,
		withinMs: blipMs,
		onUnsure,
		run: (view) => {
			const seen = look(view, subjects);
			const outcome = { unread: [], refusal: null, seen };
			// A commit whose answer was lost.
			if (view.stakes !== null) return { stakes: view.stakes, outcome };
			const atMs = view.nowMs;
			const moment = { startedMs: startedMs ?? atMs, atMs };
			const wishes = toWishes(view, limits, { ...admitting, moment });
			const unread = wishes.flatMap((wish) => {
				const { limit, cell, repeats } = wish;
				if (limit.measure !== "nanos" || repeats) return [];
				const period = periodAt(cell, moment.startedMs);
				const saidMs = findReset(limit.subject);
				return toUnread(wish, period, { saidMs, insists }) ?? [];
			});
			if (unread.length > 0) {
				return { stakes: null, outcome: { ...outcome, unread } };
			}
			const { stakes, refusal } = take(wishes, wanted, moment);
			if (stakes === null) {
				return { stakes: null, outcome: { ...outcome, refusal } };
			}
			const shared = stakes.map(({ of, ...stake }): SharedStake => {
				const { limit, name, birth } = of;
				return { ...stake, subject: limit.subject, name, birth };
			});
			return { stakes: writeStakes(shared), outcome };
		},
	};
}

function toWishes(
	view: View,
	limits: readonly Limit[],
	{
		findReset,
		horizonMs,
		moment,
	}: Pick<Admitting, "findReset" | "horizonMs"> & { readonly moment: Moment },
) {
	const known = new Set<Cell>();
	return limits.map((limit) => {
		const { birth, cells } = view.find(limit.subject) as Counts;
		const name = toCellName(limit);
		const saidMs = findReset(limit.subject);
		const cell =
			cells.get(name) ?? openCell(limit, { saidMs, horizonMs }, moment);
		cells.set(name, cell);
		// Where a window ends is the limit's to say, and may have been changed.
		cell.span = limit.span;
		const repeats = known.has(cell);
		known.add(cell);
		return { limit, cell, name, birth, repeats };
	});
}
