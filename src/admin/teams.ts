/** Teams: LiteLLM's `/team/…`, but for their members. */
import { z } from "zod";
import {
	type Member,
	type Team,
	toBlank,
	toMemberId,
} from "../domain/people.ts";
import {
	aliases,
	clearable,
	count,
	dollars,
	labels,
	limitDuration,
	metadata,
	optional,
	said,
	texts,
	throughput,
	toBody,
	yesOrNo,
} from "./fields.ts";
import {
	changeItem,
	editCommon,
	findItem,
	findItems,
	requireNew,
	requireSome,
	toEdit,
} from "./items.ts";
import { joining, toJoined } from "./join.ts";
import { toKeyInfo } from "./key-row.ts";
import { limitedShape, shownOfLimited } from "./limit-fields.ts";
import { readBack } from "./read-back.ts";
import { text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { type AdminState, restate, toAct, toFresh, toMade } from "./state.ts";
import { withMember } from "./team-members.ts";
import { toMembership, toTeamRow } from "./team-row.ts";

const maxMembers = 1_000;

const acted = {
	team_alias: clearable(text),
	organization_id: clearable(text),
	metadata: optional(metadata),
	models: optional(texts),
	model_aliases: optional(aliases),
	tags: optional(labels),
	blocked: optional(yesOrNo),
	...limitedShape,
	team_member_budget: clearable(dollars),
	team_member_budget_duration: clearable(limitDuration),
	team_member_rpm_limit: clearable(count),
	team_member_tpm_limit: clearable(count),
	rpm_limit_type: throughput,
	tpm_limit_type: throughput,
};

const inert = [
	"access_group_ids",
	"admins",
	"allowed_passthrough_routes",
	"allowed_vector_store_indexes",
	"guardrails",
	"members",
	"model_id",
	"object_permission",
	"object_permission_id",
	"policies",
	"prompts",
	"router_settings",
	"secret_manager_settings",
	"team_member_key_duration",
	"team_member_permissions",
] as const;

const newBody = toBody(
	{
		...acted,
		team_id: optional(text),
		members_with_roles: optional(
			z.array(joining, "must be a list").max(maxMembers, "is too long"),
		),
	},
	inert,
);

/** Columns of a team that `/team/update` does not set; members have routes of their own. */
const shown = [
	"created_at",
	"keys",
	"members_with_roles",
	"team_memberships",
	...shownOfLimited,
] as const;

const updateBody = toBody({ ...acted, team_id: text }, inert, { shown });
const oneTeam = toBody({ team_id: text });
const deleteBody = toBody({ team_ids: texts });

type Fields = {
	readonly [K in keyof typeof acted]?: z.output<(typeof acted)[K]>;
};

/** @throws GatewayError `malformed_request` */
function editTeam(team: Team, fields: Fields, state: AdminState): Team {
	const { memberLimits: member } = team;
	return {
		...editCommon(team, fields, state),
		name: said(fields.team_alias, team.name),
		organizationId: said(fields.organization_id, team.organizationId),
		metadata: fields.metadata ?? team.metadata,
		models: fields.models ?? team.models,
		modelAliases: fields.model_aliases ?? team.modelAliases,
		tags: fields.tags ?? team.tags,
		blocked: fields.blocked ?? team.blocked,
		memberLimits: {
			maxBudgetNanos: said(fields.team_member_budget, member.maxBudgetNanos),
			budgetDuration: said(
				fields.team_member_budget_duration,
				member.budgetDuration,
			),
			rpmLimit: said(fields.team_member_rpm_limit, member.rpmLimit),
			tpmLimit: said(fields.team_member_tpm_limit, member.tpmLimit),
		},
	};
}

const toNewTeam = (id: string, state: AdminState): Team => ({
	...toBlank(id, toMade(state)),
	name: null,
	organizationId: null,
	models: [],
	modelAliases: {},
	tags: [],
	members: [],
	memberLimits: {
		maxBudgetNanos: null,
		budgetDuration: null,
		rpmLimit: null,
		tpmLimit: null,
	},
});

async function add(asked: Asked<z.output<typeof newBody>>, state: AdminState) {
	const { team_id, members_with_roles = [], ...sent } = asked.body;
	const id = team_id ?? state.newId();
	const fields = await toFresh({ kind: "team", id }, sent, state);
	const team = await state.directory.change(toAct(asked), () => {
		requireNew("team", id, state);
		const { joined, edits } = toJoined(members_with_roles, state);
		const made = joined.reduce(
			(so, { user, role }) => withMember(so, user.id, { role }, state),
			editTeam(toNewTeam(id, state), fields, state),
		);
		return { edits: [...edits, toEdit("team", id, made)], result: made };
	});
	// Keys may have named it before.
	await restate({ kind: "team", id }, fields, team, state);
	return toTeamRow(team, state);
}

async function update(
	asked: Asked<z.output<typeof updateBody>>,
	state: AdminState,
) {
	const { team_id: id, ...sent } = asked.body;
	const fields = await readBack(sent, shown, () =>
		toListed(findItem("team", id, state), state),
	);
	const team = await changeItem("team", id, toAct(asked), {
		state,
		edit: (found) => editTeam(found, fields, state),
	});
	await restate({ kind: "team", id }, fields, team, state);
	return { team_id: id, data: await toTeamRow(team, state) };
}

async function setBlocked(
	asked: Asked<z.output<typeof oneTeam>>,
	state: AdminState,
	blocked: boolean,
) {
	const team = await changeItem("team", asked.body.team_id, toAct(asked), {
		state,
		edit: (found) => editTeam(found, { blocked }, state),
	});
	return toTeamRow(team, state);
}

/** The keys of a team go with it. */
async function remove(
	asked: Asked<z.output<typeof deleteBody>>,
	state: AdminState,
) {
	const { directory, counter } = state;
	const gone = await directory.change(toAct(asked), () => {
		const teams = findItems("team", asked.body.team_ids, state);
		const ids = new Set(teams.map(({ id }) => id));
		const keys = directory.keys
			.list()
			.filter(({ teamId }) => teamId !== null && ids.has(teamId));
		return {
			edits: [
				...teams.map(({ id }) => toEdit("team", id, null)),
				...keys.map(({ id }) => toEdit("key", id, null)),
			],
			result: { teams, keys },
		};
	});
	requireSome("team", gone.teams);
	for (const { id } of gone.keys) counter.forget({ kind: "key", id });
	for (const { id, members } of gone.teams) {
		counter.forget({ kind: "team", id });
		for (const { userId } of members) {
			counter.forget({ kind: "member", id: toMemberId(id, userId) });
		}
	}
	return { deleted_teams: gone.teams.map(({ id }) => id) };
}

const toMemberships = (
	team: Team,
	members: readonly Member[],
	state: AdminState,
) => Promise.all(members.map((member) => toMembership(team, member, state)));

function toKeyInfos({ id }: Team, state: AdminState) {
	const keys = state.directory.keys.list();
	const own = keys.filter(({ teamId }) => teamId === id);
	return Promise.all(own.map((key) => toKeyInfo(key, state)));
}

const infoQuery = z.object({ team_id: text.optional() });

/** For the operator, and for the holder of a key of the team. Without `team_id` the team of the key. */
async function info(
	{ query, headers }: Asked<undefined, z.output<typeof infoQuery>>,
	state: AdminState,
) {
	const own = state.readOwnKey(headers);
	const id = query.team_id ?? own?.teamId ?? "";
	const isOwn = own !== null && own.teamId === id;
	if (!isOwn) state.requireOperator(headers);
	const team = findItem("team", id, state);
	return {
		team_id: team.id,
		team_info: await toTeamRow(team, state),
		// Who holds a key may not see what the others of the team spend.
		keys: isOwn ? [] : await toKeyInfos(team, state),
		team_memberships: await toMemberships(
			team,
			isOwn
				? team.members.filter(({ userId }) => userId === own.userId)
				: team.members,
			state,
		),
	};
}

/** As `/team/list` has it. */
const toListed = async (team: Team, state: AdminState) => ({
	...(await toTeamRow(team, state)),
	team_memberships: await toMemberships(team, team.members, state),
	keys: await toKeyInfos(team, state),
});

const listQuery = z.object({
	user_id: text.optional(),
	organization_id: text.optional(),
});

async function list(
	{ query }: Asked<undefined, z.output<typeof listQuery>>,
	state: AdminState,
) {
	const { user_id: user, organization_id: organization } = query;
	const found = state.directory.teams
		.list()
		.filter(
			({ members, organizationId }) =>
				(user === undefined || members.some(({ userId }) => userId === user)) &&
				(organization ?? organizationId) === organizationId,
		);
	return Promise.all(found.map((team) => toListed(team, state)));
}

export const teamRoutes: readonly ManagedRoute<AdminState>[] = [
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/team/new",
		summary: "Make a team",
		body: newBody,
		answer: add,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/team/update",
		summary: "Change a team; what is not said stays as it is",
		body: updateBody,
		answer: update,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/team/delete",
		summary: "Remove teams and their keys",
		body: deleteBody,
		answer: remove,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/team/block",
		summary: "Refuse every call of a team's keys until it is unblocked",
		body: oneTeam,
		answer: (asked, state) => setBlocked(asked, state, true),
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/team/unblock",
		summary: "Let the keys of a blocked team work again",
		body: oneTeam,
		answer: (asked, state) => setBlocked(asked, state, false),
	}),
	defineRoute({
		method: "GET",
		for: "holder",
		path: "/team/info",
		summary: "One team with its members and keys",
		query: infoQuery,
		answer: info,
	}),
	defineRoute({
		method: "GET",
		for: "operator",
		path: "/team/list",
		summary: "All teams with their members and keys",
		list: { member: null },
		query: listQuery,
		answer: list,
	}),
];
