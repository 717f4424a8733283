/** Users, who own keys: LiteLLM's `/user/…`. */
import { z } from "zod";
import { GatewayError } from "../domain/error.ts";
import { toBlank, type User, userRoles } from "../domain/people.ts";
import {
	clearable,
	metadata,
	optional,
	said,
	texts,
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
import { pageNumber, whole } from "./key-list.ts";
import { toKeyInfo } from "./key-row.ts";
import { limitedShape } from "./limit-fields.ts";
import { toTimeOrNull } from "./limit-row.ts";
import { makeKey } from "./make-key.ts";
import { text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { type AdminState, restate, toAct, toMade } from "./state.ts";
import { withMember, withoutMember } from "./team-members.ts";
import { toTeamRow } from "./team-row.ts";
import { toUserRow } from "./user-row.ts";

const role = z.enum(userRoles, {
	error: `must be one of ${userRoles.join(", ")}`,
});

const acted = {
	user_email: clearable(text),
	user_alias: clearable(text),
	user_role: optional(role),
	organization_id: clearable(text),
	models: optional(texts),
	metadata: optional(metadata),
	...limitedShape,
};

const inert = [
	"aliases",
	"allowed_cache_controls",
	"blocked",
	"config",
	"duration",
	"guardrails",
	"key_alias",
	"object_permission",
	"organizations",
	"password",
	"permissions",
	"policies",
	"send_invite_email",
	"sso_user_id",
	"team_id",
] as const;

const newBody = toBody(
	{
		...acted,
		user_id: optional(text),
		teams: optional(texts),
		auto_create_key: optional(yesOrNo),
	},
	inert,
);
const updateBody = toBody({ ...acted, user_id: optional(text) }, inert);
const deleteBody = toBody({ user_ids: texts });

type Fields = {
	readonly [K in keyof typeof acted]?: z.output<(typeof acted)[K]>;
};

/** @throws GatewayError `malformed_request` */
function editUser(user: User, fields: Fields, state: AdminState): User {
	const email = said(fields.user_email, user.email);
	const other = email === null ? null : findByEmail(email, state);
	if (other !== null && other.id !== user.id) throw emailTaken();
	return {
		...editCommon(user, fields, state),
		email,
		name: said(fields.user_alias, user.name),
		role: fields.user_role ?? user.role,
		organizationId: said(fields.organization_id, user.organizationId),
		models: fields.models ?? user.models,
		metadata: fields.metadata ?? user.metadata,
	};
}

const emailTaken = () =>
	new GatewayError(
		"malformed_request",
		"user_email: another user has it already. Change that user, or send another address.",
	);

export const findByEmail = (
	email: string,
	{ directory }: AdminState,
): User | null =>
	directory.users.list().find((user) => user.email === email) ?? null;

export const toNewUser = (id: string, state: AdminState): User => ({
	...toBlank(id, toMade(state)),
	name: null,
	email: null,
	role: "internal_user",
	models: [],
	organizationId: null,
});

/** With a key of their own, unless `auto_create_key` is false, and in the teams that are named. */
async function add(asked: Asked<z.output<typeof newBody>>, state: AdminState) {
	const { user_id, teams = [], auto_create_key = true, ...fields } = asked.body;
	const id = user_id ?? state.newId();
	const secret = `sk-${state.newSecret()}`;
	const { user, key } = await state.directory.change(toAct(asked), () => {
		requireNew("user", id, state);
		const made = editUser(toNewUser(id, state), fields, state);
		const own = auto_create_key
			? makeKey(secret, { user_id: id }, toMade(state))
			: null;
		const joined = [...new Set(teams)].map((team) =>
			withMember(findItem("team", team, state), made, { role: "user" }, state),
		);
		return {
			edits: [
				toEdit("user", id, made),
				...joined.map((team) => toEdit("team", team.id, team)),
				...(own === null ? [] : [toEdit("key", own.id, own)]),
			],
			result: { user: made, key: own },
		};
	});
	// Keys may have named them before.
	await restate({ kind: "user", id }, fields, state);
	return {
		...(await toUserRow(user, state)),
		...(key && { key: secret, expires: toTimeOrNull(key.expiresMs) }),
	};
}

/** By `user_id` or `user_email`. @throws GatewayError `not_found` */
function findUser(
	{
		user_id,
		user_email,
	}: Pick<z.output<typeof updateBody>, "user_id" | "user_email">,
	state: AdminState,
): User {
	if (user_id !== undefined) return findItem("user", user_id, state);
	const user = user_email ? findByEmail(user_email, state) : null;
	if (user !== null) return user;
	throw new GatewayError("not_found", "user_email: there is no such user.");
}

async function update(
	asked: Asked<z.output<typeof updateBody>>,
	state: AdminState,
) {
	const { user_id, ...fields } = asked.body;
	const { id } = findUser(asked.body, state);
	const user = await changeItem("user", id, toAct(asked), {
		state,
		edit: (found) => editUser(found, fields, state),
	});
	await restate({ kind: "user", id }, fields, state);
	return { user_id: id, data: await toUserRow(user, state) };
}

/** Their keys go with them, and their places in teams. */
async function remove(
	asked: Asked<z.output<typeof deleteBody>>,
	state: AdminState,
) {
	const { directory, counter } = state;
	const gone = await directory.change(toAct(asked), () => {
		const users = findItems("user", asked.body.user_ids, state);
		const ids = new Set(users.map(({ id }) => id));
		const keys = directory.keys
			.list()
			.filter(({ userId }) => userId !== null && ids.has(userId));
		const teams = directory.teams
			.list()
			.map((team) => withoutMembers(team, ids, state))
			.filter((team) => team !== null);
		return {
			edits: [
				...users.map(({ id }) => toEdit("user", id, null)),
				...keys.map(({ id }) => toEdit("key", id, null)),
				...teams.map((team) => toEdit("team", team.id, team)),
			],
			result: { users, keys },
		};
	});
	requireSome("user", gone.users);
	for (const { id } of gone.users) counter.forget({ kind: "user", id });
	for (const { id } of gone.keys) counter.forget({ kind: "key", id });
	return gone.users.length;
}

/** Null where none of them is in it. */
function withoutMembers(
	team: Parameters<typeof withoutMember>[0],
	ids: ReadonlySet<string>,
	state: AdminState,
) {
	const leaving = team.members.filter(({ userId }) => ids.has(userId));
	if (leaving.length === 0) return null;
	return leaving.reduce(
		(left, { userId }) => withoutMember(left, userId, state),
		team,
	);
}

const infoQuery = z.object({ user_id: text.optional() });

/** Without `user_id` the owner of the key that asks. */
async function info(
	{ query, headers }: Asked<undefined, z.output<typeof infoQuery>>,
	state: AdminState,
) {
	const own = state.readOwnKey(headers);
	const asked = query.user_id ?? own?.userId ?? null;
	if (own === null || asked !== own.userId) state.requireOperator(headers);
	if (asked === null) {
		throw new GatewayError("malformed_request", "user_id: is missing.");
	}
	const user = findItem("user", asked, state);
	const { keys, teams } = state.directory;
	const owned = keys.list().filter(({ userId }) => userId === asked);
	const joined = teams
		.list()
		.filter(({ members }) => members.some(({ userId }) => userId === asked));
	return {
		user_id: asked,
		user_info: await toUserRow(user, state),
		keys: await Promise.all(owned.map((key) => toKeyInfo(key, state))),
		teams: await Promise.all(joined.map((team) => toTeamRow(team, state))),
	};
}

const maxPage = 100;
const usualPage = 25;

const sorts = {
	user_id: ({ id }: User) => id,
	user_email: ({ email }: User) => email ?? "",
	user_alias: ({ name }: User) => name ?? "",
	created_at: ({ createdMs }: User) => createdMs,
	updated_at: ({ updatedMs }: User) => updatedMs,
} as const;

const listQuery = z.object({
	role: role.optional(),
	user_ids: text.optional(),
	user_email: text.optional(),
	team: text.optional(),
	page: pageNumber,
	page_size: whole(maxPage).default(usualPage),
	sort_by: z
		.enum(Object.keys(sorts) as (keyof typeof sorts)[], {
			error: `must be one of ${Object.keys(sorts).join(", ")}`,
		})
		.default("created_at"),
	sort_order: z
		.enum(["asc", "desc"], { error: "must be asc or desc" })
		.default("asc"),
});

/** `user_ids` is a comma list; of `user_email` a part is enough. */
async function list(
	{ query }: Asked<undefined, z.output<typeof listQuery>>,
	state: AdminState,
) {
	const { users, teams, keys } = state.directory;
	const ids = query.user_ids?.split(",").map((id) => id.trim());
	const team = query.team === undefined ? null : teams.byId(query.team);
	const found = users
		.list()
		.filter(
			(user) =>
				(query.role ?? user.role) === user.role &&
				(ids?.includes(user.id) ?? true) &&
				(user.email ?? "").includes(query.user_email ?? "") &&
				(query.team === undefined ||
					team?.members.some(({ userId }) => userId === user.id)),
		);
	const by = sorts[query.sort_by];
	const sorted = found.toSorted((a, b) =>
		by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0,
	);
	if (query.sort_order === "desc") sorted.reverse();
	const start = (query.page - 1) * query.page_size;
	const page = sorted.slice(start, start + query.page_size);
	const all = keys.list();
	return {
		users: await Promise.all(
			page.map(async (user) => ({
				...(await toUserRow(user, state)),
				key_count: all.filter(({ userId }) => userId === user.id).length,
			})),
		),
		total: found.length,
		page: query.page,
		page_size: query.page_size,
		total_pages: Math.ceil(found.length / query.page_size),
	};
}

export const userRoutes: readonly ManagedRoute<AdminState>[] = [
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/user/new",
		summary: "Add a user, with a first key unless that is declined",
		body: newBody,
		answer: add,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/user/update",
		summary: "Change a user, named by id or address",
		body: updateBody,
		answer: update,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/user/delete",
		summary: "Remove users, their keys and their places in teams",
		body: deleteBody,
		answer: remove,
	}),
	defineRoute({
		method: "GET",
		for: "holder",
		path: "/user/info",
		summary: "One user with keys and teams; without `user_id` the caller",
		query: infoQuery,
		answer: info,
	}),
	defineRoute({
		method: "GET",
		for: "operator",
		path: "/user/list",
		summary: "Users, a page at a time",
		query: listQuery,
		answer: list,
	}),
];
