/** What counts as spent: what the ledger says, from the last time on that the operator said otherwise. */
import type { Directory } from "../domain/directory.ts";
import type { Limit } from "../domain/limit.ts";
import type { Limited } from "../domain/limit-set.ts";
import { findMember, fromMemberId } from "../domain/people.ts";
import type { Subject } from "../domain/subject.ts";
import type { ReadSpent } from "./counter.ts";

/** @param read what the ledger says, from a moment on; nano-dollars */
export const withResets =
	(read: ReadSpent, directory: Directory): ReadSpent =>
	async (limit, sinceMs, untilMs = Number.POSITIVE_INFINITY) => {
		const reset = findReset(limit.subject, directory);
		if (reset === null || reset.atMs < sinceMs || reset.atMs >= untilMs) {
			return read(limit, sinceMs, untilMs);
		}
		// What a reset says is of all models together.
		const before = limit.model === null ? BigInt(reset.nanos) : 0n;
		return before + (await read(limit, reset.atMs, untilMs));
	};

type FindReset = (id: string, directory: Directory) => Limited["reset"];

const resets: { readonly [K in Subject["kind"]]: FindReset } = {
	key: (id, { keys }) => keys.byId(id)?.reset ?? null,
	user: (id, { users }) => users.byId(id)?.reset ?? null,
	team: (id, { teams }) => teams.byId(id)?.reset ?? null,
	member: (id, { teams }) => {
		const [teamId, userId] = fromMemberId(id);
		const team = teams.byId(teamId);
		return team === null ? null : (findMember(team, userId)?.reset ?? null);
	},
	customer: (id, { customers }) => customers.byId(id)?.reset ?? null,
	tag: (id, { tags }) => tags.byId(id)?.reset ?? null,
	global: () => null,
};

/** What the operator last said that somebody has spent; null: nothing. */
export const findReset = ({ kind, id }: Subject, directory: Directory) =>
	resets[kind](id, directory);

/** Of all models, as a question to the ledger. */
export const allOf = (subject: Subject): Limit => ({
	subject,
	measure: "nanos",
	span: { kind: "unending" },
	ceiling: 0n,
	model: null,
});
