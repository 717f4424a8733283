/** Whom limits, budgets, sums and charts are about. `global` is everybody; its id is empty. */
export const subjectKinds = [
	"key",
	"user",
	"team",
	"member",
	"customer",
	"tag",
	"global",
] as const;

export type SubjectKind = (typeof subjectKinds)[number];

export interface Subject {
	readonly kind: SubjectKind;
	/** Unique within its kind. A member is one user within one team. */
	readonly id: string;
}

/** No two have the same. */
export const toSubjectName = ({ kind, id }: Subject): string =>
	`${kind}\n${id}`;
