/** Members of teams and what each may use: LiteLLM's `/team/member_…`. */
import { z } from "zod";
import { GatewayError } from "../domain/error.ts";
import { findMember, type Team, toMemberId } from "../domain/people.ts";
import {
	clearable,
	count,
	dollars,
	limitDuration,
	optional,
	toBody,
} from "./fields.ts";
import { changeItem, findItem, toEdit } from "./items.ts";
import { joining, memberRole, toJoined } from "./join.ts";
import { toBudget } from "./limit-row.ts";
import { refuseField, text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { type AdminState, restate, toAct, toMade } from "./state.ts";
import {
	type MemberPart,
	withChanged,
	withMember,
	withoutMember,
} from "./team-members.ts";
import { toMembership, toTeamRow } from "./team-row.ts";
import { toUserRow } from "./user-row.ts";
import { findByEmail } from "./users.ts";

const limits = {
	max_budget_in_team: clearable(dollars),
	budget_duration: clearable(limitDuration),
	rpm_limit: clearable(count),
	tpm_limit: clearable(count),
};

type Limits = {
	readonly [K in keyof typeof limits]?: z.output<(typeof limits)[K]>;
};

const maxJoining = 1_000;

const addBody = toBody({
	team_id: text,
	member: z.union([
		joining.transform((one) => [one]),
		z.array(joining).max(maxJoining, "is too long"),
	]),
	...limits,
});

/** Whom it is about. */
const named = {
	team_id: text,
	user_id: optional(text),
	user_email: optional(text),
};

const updateBody = toBody({
	...named,
	role: optional(memberRole),
	...limits,
});
const deleteBody = toBody(named);
const resetBody = toBody({ reset_to: dollars });

/** Only what was said. */
const toPart = (fields: Limits): MemberPart => ({
	...(fields.max_budget_in_team !== undefined && {
		maxBudgetNanos: fields.max_budget_in_team,
	}),
	...(fields.budget_duration !== undefined && {
		budgetDuration: fields.budget_duration,
	}),
	...(fields.rpm_limit !== undefined && { rpmLimit: fields.rpm_limit }),
	...(fields.tpm_limit !== undefined && { tpmLimit: fields.tpm_limit }),
});

async function add(asked: Asked<z.output<typeof addBody>>, state: AdminState) {
	const { team_id, member, ...fields } = asked.body;
	const { team, users } = await state.directory.change(toAct(asked), () => {
		const { joined, edits } = toJoined(member, state);
		const changed = joined.reduce(
			(so, { user, role }) =>
				withMember(so, user.id, { role, ...toPart(fields) }, state),
			findItem("team", team_id, state),
		);
		return {
			edits: [...edits, toEdit("team", team_id, changed)],
			result: { team: changed, users: joined.map(({ user }) => user) },
		};
	});
	const memberships = users.flatMap(({ id }) => findMember(team, id) ?? []);
	return {
		...(await toTeamRow(team, state)),
		updated_users: await Promise.all(
			users.map((user) => toUserRow(user, state)),
		),
		updated_team_memberships: await Promise.all(
			memberships.map((one) => toMembership(team, one, state)),
		),
	};
}

/** @throws GatewayError `malformed_request`, `not_found` */
function findUserId(
	{ members }: Team,
	{ user_id, user_email }: z.output<typeof deleteBody>,
	state: AdminState,
): string {
	if (user_id !== undefined) return user_id;
	if (user_email === undefined) throw refuseField("user_id", "is missing.");
	const id = findByEmail(user_email, state)?.id;
	const member = members.find(({ userId }) => userId === id);
	if (member !== undefined) return member.userId;
	throw new GatewayError(
		"not_found",
		"user_email: nobody of that address is in the team.",
		{ answer: { param: "user_email" } },
	);
}

async function update(
	asked: Asked<z.output<typeof updateBody>>,
	state: AdminState,
) {
	const { team_id, role, ...fields } = asked.body;
	const userId = findUserId(
		findItem("team", team_id, state),
		asked.body,
		state,
	);
	const part = { ...toPart(fields), ...(role && { role }) };
	const team = await changeItem("team", team_id, toAct(asked), {
		state,
		edit: (found) => withChanged(found, userId, part, state),
	});
	const member = findMember(team, userId);
	return {
		team_id,
		user_id: userId,
		user_email: state.directory.users.byId(userId)?.email ?? null,
		role: member?.role ?? null,
		max_budget_in_team: toBudget(member?.maxBudgetNanos ?? null),
		budget_duration: member?.budgetDuration ?? null,
		rpm_limit: member?.rpmLimit ?? null,
		tpm_limit: member?.tpmLimit ?? null,
	};
}

async function remove(
	asked: Asked<z.output<typeof deleteBody>>,
	state: AdminState,
) {
	const { team_id } = asked.body;
	const userId = findUserId(
		findItem("team", team_id, state),
		asked.body,
		state,
	);
	const team = await changeItem("team", team_id, toAct(asked), {
		state,
		edit: (found) => withoutMember(found, userId, state),
	});
	state.counter.forget({ kind: "member", id: toMemberId(team_id, userId) });
	return toTeamRow(team, state);
}

async function resetSpend(
	asked: Asked<z.output<typeof resetBody>>,
	state: AdminState,
) {
	const { team_id: teamId = "", user_id: userId = "" } = asked.params;
	const spend = asked.body.reset_to;
	const reset = { nanos: spend, atMs: toMade(state).nowMs };
	const before = findItem("team", teamId, state);
	const known = findMember(before, userId);
	const previous = known && (await toMembership(before, known, state));
	const team = await changeItem("team", teamId, toAct(asked), {
		state,
		edit: (found) => withChanged(found, userId, { reset }, state),
	});
	const id = toMemberId(teamId, userId);
	await restate({ kind: "member", id }, { spend }, { reset }, state);
	const member = findMember(team, userId);
	const now = member && (await toMembership(team, member, state));
	return {
		team_id: teamId,
		user_id: userId,
		spend: now?.spend ?? 0,
		previous_spend: previous?.spend ?? 0,
		max_budget: toBudget(member?.maxBudgetNanos ?? null),
	};
}

export const memberRoutes: readonly ManagedRoute<AdminState>[] = [
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/team/member_add",
		summary: "Put users into a team; who is not known yet is added",
		body: addBody,
		answer: add,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/team/member_update",
		summary: "Change what a member may use, or the role",
		body: updateBody,
		answer: update,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/team/member_delete",
		summary: "Take a user out of a team",
		body: deleteBody,
		answer: remove,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/team/:team_id/member/:user_id/reset_spend",
		summary: "Say anew what counts as spent by a member",
		body: resetBody,
		answer: resetSpend,
	}),
];
