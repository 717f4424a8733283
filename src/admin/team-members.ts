/** Who is in a team, as changes of the team. */
import { GatewayError } from "../domain/error.ts";
import { findMember, type Member, type Team } from "../domain/people.ts";
import { refuseField } from "./read-input.ts";
import { type AdminState, toMade } from "./state.ts";

/** What is said of a member; what is not said is as the team says for all of them. */
export type MemberPart = Partial<Omit<Member, "userId" | "addedMs">>;

const touched = (team: Team, members: readonly Member[], state: AdminState) => {
	const { nowMs, actor } = toMade(state);
	return { ...team, members, updatedMs: nowMs, updatedBy: actor };
};

/** @throws GatewayError `malformed_request` for one who is in it already */
export function withMember(
	team: Team,
	userId: string,
	part: MemberPart,
	state: AdminState,
): Team {
	if (findMember(team, userId) !== null) {
		throw refuseField(
			"user_id",
			`${userId} is in the team already. Change the member with /team/member_update.`,
		);
	}
	const member: Member = {
		role: "user",
		maxBudgetNanos: null,
		budgetDuration: null,
		rpmLimit: null,
		tpmLimit: null,
		reset: null,
		...part,
		userId,
		addedMs: toMade(state).nowMs,
	};
	return touched(team, [...team.members, member], state);
}

/** @throws GatewayError `not_found` for one who is not in it */
export function withChanged(
	team: Team,
	userId: string,
	part: MemberPart,
	state: AdminState,
): Team {
	requireMember(team, userId);
	return touched(
		team,
		team.members.map((one) =>
			one.userId === userId ? { ...one, ...part } : one,
		),
		state,
	);
}

/** @throws GatewayError `not_found` for one who is not in it */
export function withoutMember(
	team: Team,
	userId: string,
	state: AdminState,
): Team {
	requireMember(team, userId);
	return touched(
		team,
		team.members.filter((one) => one.userId !== userId),
		state,
	);
}

function requireMember(team: Team, userId: string): void {
	if (findMember(team, userId) !== null) return;
	throw new GatewayError(
		"not_found",
		"user_id: nobody of that id is in the team.",
	);
}
