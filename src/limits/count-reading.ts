/** How shared counts learn what was spent before anybody counted, and of what an operator says. */
import type { Limit } from "../domain/limit.ts";
import type { Subject } from "../domain/subject.ts";
import type { Window } from "../domain/window.ts";
import { look, patienceMs, type Seen, type Task } from "./count-tasks.ts";
import {
	addSpent,
	beginReading,
	expirePeriods,
	findPeriod,
	type Period,
	recountPeriods,
} from "./periods.ts";
import type { Cell } from "./shared-cells.ts";

/** A window of a budget of which it is not known yet what was spent before. */
export interface Unread {
	readonly limit: Limit;
	/** Of the limit. */
	readonly name: string;
	/** Of the counts. */
	readonly birth: string;
	readonly window: Window;
	readonly sinceMs: number;
	/** As the cell's, before the ledger is asked. */
	readonly recounts: number;
	/**
	 * The operator has said something that this process has not heard of yet: what it would read is no longer true. Whoever
	 * has heard of it reads.
	 */
	readonly isBehind: boolean;
}

/** When the operator last said what a subject has spent, since 1970; null: never, as far as this process knows. */
export type FindReset = (subject: Subject) => number | null;

type Counted = Pick<Unread, "limit" | "name" | "birth"> & {
	readonly cell: Cell;
};

/**
 * Null: nothing is to be read.
 * @param saidMs when the operator last said something, as this process knows
 * @param insists it has waited for what it has not heard long enough
 */
export function toUnread(
	{ cell, ...of }: Counted,
	period: Period,
	{ saidMs, insists }: { saidMs: number | null; insists: boolean },
): Unread | null {
	const [mine, theirs] = [saidMs ?? 0, cell.saidMs ?? 0];
	if (mine > theirs || (mine < theirs && insists)) expirePeriods(cell, saidMs);
	if (period.state === "read") return null;
	const isBehind = mine < theirs && !insists;
	if (!isBehind && period.state === "due") beginReading(period, saidMs);
	const { window, sinceMs } = period;
	const { recounts } = cell;
	return { ...of, window, sinceMs, recounts, isBehind };
}

/** Of several processes that have read it at once, the first adds it. */
export const toLoading = (
	{ limit: { subject }, name, birth, window, sinceMs, recounts }: Unread,
	spent: bigint,
): Task<readonly Seen[]> => ({
	id: null,
	subjects: [subject],
	begins: false,
	withinMs: patienceMs,
	run: (view) => {
		const counts = view.find(subject);
		const cell = counts?.cells.get(name);
		const period = cell?.periods.find(
			(one) => one.window.startMs === window.startMs,
		);
		const isWanted =
			counts?.birth === birth &&
			period?.state === "reading" &&
			// Something else may have been said meanwhile, by the operator or the ledger.
			period.sinceMs === sinceMs &&
			cell?.recounts === recounts;
		if (isWanted) {
			addSpent(period, spent);
			period.state = "read";
		}
		return { stakes: null, outcome: look(view, [subject]) };
	},
});

/** What the operator says takes the place of what was counted. Gives the windows of now, which are to be read at once. */
export const toRestating = (
	subject: Subject,
	findReset: FindReset,
): Task<readonly Unread[]> => ({
	id: null,
	subjects: [subject],
	begins: false,
	withinMs: patienceMs,
	run: (view) => {
		const counts = view.find(subject);
		const saidMs = findReset(subject);
		const unread = [...(counts?.cells ?? [])].flatMap(([name, cell]) => {
			const { measure, span, model } = cell;
			if (counts === null || measure !== "nanos") return [];
			expirePeriods(cell, saidMs);
			const period = findPeriod(cell, view.nowMs);
			if (period === null) return [];
			const limit: Limit = { subject, measure, span, model, ceiling: 0n };
			const of = { limit, name, birth: counts.birth, cell };
			return toUnread(of, period, { saidMs, insists: false }) ?? [];
		});
		return { stakes: null, outcome: unread };
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
			if (cell.measure === "nanos") recountPeriods(cell);
		}
		return { stakes: null, outcome: look(view, [subject]) };
	},
});
