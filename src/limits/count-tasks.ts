/** What tasks on counts that several processes share have in common. Each works on what nobody else can change meanwhile. */
import type { CountTask, CountView } from "../domain/shared-counts.ts";
import { type Subject, toSubjectName } from "../domain/subject.ts";
import type { Counts } from "./count-doc.ts";

export type Task<Outcome> = CountTask<Counts, Outcome>;
export type View = CountView<Counts>;

/** The counts as they stand when all of its transaction is committed. */
export interface Seen {
	readonly subject: Subject;
	readonly counts: Counts;
}

/** A connection that breaks is back within this; a call that has not begun waits no longer for it. */
export const blipMs = 500;
/** Whoever waits for more than a call. */
export const patienceMs = 5_000;

export const distinct = (subjects: readonly Subject[]): readonly Subject[] => [
	...new Map(subjects.map((one) => [toSubjectName(one), one])).values(),
];

export const look = (
	view: View,
	subjects: readonly Subject[],
): readonly Seen[] =>
	subjects.flatMap((subject) => {
		const counts = view.find(subject);
		return counts === null ? [] : [{ subject, counts }];
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
