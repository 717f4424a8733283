/** A group of tasks on what was locked for it: each sees what those before it have changed. */
import type {
	CountFormat,
	CountTask,
	CountView,
} from "../domain/shared-counts.ts";
import { type Subject, toSubjectName } from "../domain/subject.ts";
import type { Changed, CountRow, Locked, StakeRow } from "./count-rows.ts";

/** What came of a task, told when all of it is committed. */
export type Result =
	| { readonly outcome: unknown }
	| { readonly error: unknown }
	/** Counts that it begins have no row yet. */
	| { readonly missing: readonly Subject[] };

export interface Worked {
	/** Of each task. */
	readonly results: readonly Result[];
	readonly changed: Changed;
}

export function workOn<Counts>(
	format: CountFormat<Counts>,
	tasks: readonly CountTask<Counts, unknown>[],
	locked: Locked,
): Worked {
	const before = new Map(locked.counts.map((row) => [toSubjectName(row), row]));
	const counts = new Map(
		locked.counts.map((row) => [toSubjectName(row), format.read(row.doc)]),
	);
	const stakesBefore = new Map(locked.stakes.map(({ id, doc }) => [id, doc]));
	const stakes = new Map<string, string | null>(stakesBefore);
	const results = tasks.map((task): Result => {
		const { id, begins, subjects } = task;
		const missing = subjects.filter((one) => !counts.has(toSubjectName(one)));
		if (begins && missing.length > 0) return { missing };
		const view: CountView<Counts> = {
			nowMs: locked.nowMs,
			stakes: (id === null ? null : stakes.get(id)) ?? null,
			find: (subject) => counts.get(toSubjectName(subject)) ?? null,
			remove: (subject) => counts.delete(toSubjectName(subject)),
		};
		try {
			const { outcome, stakes: taken } = task.run(view);
			if (id !== null) stakes.set(id, taken);
			return { outcome };
		} catch (error) {
			return { error };
		}
	});
	const changed = {
		...toChangedCounts(format, before, counts),
		...toChangedStakes(stakesBefore, stakes),
	};
	return { results, changed };
}

function toChangedCounts<Counts>(
	format: CountFormat<Counts>,
	before: ReadonlyMap<string, Subject & { readonly doc: string }>,
	counts: ReadonlyMap<string, Counts>,
) {
	const changed: CountRow[] = [];
	const removed: Subject[] = [];
	for (const [name, { kind, id, doc }] of before) {
		const now = counts.get(name);
		if (now === undefined) {
			removed.push({ kind, id });
			continue;
		}
		const { text, untilMs } = format.write(now);
		if (text !== doc) changed.push({ kind, id, doc: text, until: untilMs });
	}
	return { counts: changed, removed };
}

function toChangedStakes(
	before: ReadonlyMap<string, string>,
	stakes: ReadonlyMap<string, string | null>,
) {
	const taken: StakeRow[] = [];
	const returned: string[] = [];
	for (const [id, doc] of stakes) {
		const was = before.get(id) ?? null;
		if (doc === was) continue;
		if (doc === null) returned.push(id);
		else taken.push({ id, doc });
	}
	return { taken, returned };
}
