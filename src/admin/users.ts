/** Users, who own keys: LiteLLM's `/user/…`. */
import { z } from "zod";
import { GatewayError } from "../domain/error.ts";
import { toBlank, type User } from "../domain/people.ts";
import { isNothing, said } from "./fields.ts";
import {
	changeItem,
	editCommon,
	findItem,
	findItems,
	requireNew,
	requireSome,
	toEdit,
} from "./items.ts";
import type { KeyFields } from "./key-fields.ts";
import { toKeyInfo } from "./key-row.ts";
import { requireFreeAlias } from "./keys.ts";
import { toTimeOrNull } from "./limit-row.ts";
import { makeKey } from "./make-key.ts";
import { readBack } from "./read-back.ts";
import { refuseField, text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { type AdminState, restate, toAct, toFresh, toMade } from "./state.ts";
import { withMember, withoutMember } from "./team-members.ts";
import { toTeamRow } from "./team-row.ts";
import {
	deleteBody,
	type FirstKeyFields,
	namesOfKey,
	newBody,
	shownOfUsers,
	type UserFields,
	updateBody,
} from "./user-fields.ts";
import { listQuery, listUsers, pageUsers, toListed } from "./user-list.ts";
import { toUserRow } from "./user-row.ts";

/** @throws GatewayError `malformed_request` */
function editUser(user: User, fields: UserFields, state: AdminState): User {
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
	refuseField(
		"user_email",
		"another user has it already. Change that user, or send another address.",
	);

/** Whatever the case of its letters. */
export const toAddress = (email: string): string => email.toLowerCase();

export const findByEmail = (email: string, state: AdminState): User | null =>
	toFindByEmail(state)(email);

/** For many of them. */
export function toFindByEmail({ directory }: Pick<AdminState, "directory">) {
	const byAddress = new Map<string, User>();
	for (const user of directory.users.list()) {
		if (user.email === null) continue;
		const address = toAddress(user.email);
		if (!byAddress.has(address)) byAddress.set(address, user);
	}
	return (email: string): User | null =>
		byAddress.get(toAddress(email)) ?? null;
}

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
	const { user_id, teams = [], auto_create_key = true, ...sent } = asked.body;
	const id = user_id ?? state.newId();
	const fields = await toFresh({ kind: "user", id }, sent, state);
	const secret = `sk-${state.newSecret()}`;
	requireKey(fields, auto_create_key);
	const { user, key } = await state.directory.change(toAct(asked), () => {
		requireNew("user", id, state);
		const made = editUser(toNewUser(id, state), fields, state);
		const own = auto_create_key
			? makeKey(secret, toKeyFields(id, fields), toMade(state))
			: null;
		if (own !== null) requireFreeAlias(state.directory, own);
		const joined = [...new Set(teams)].map((team) =>
			withMember(findItem("team", team, state), id, { role: "user" }, state),
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
	await restate({ kind: "user", id }, fields, user, state);
	return {
		...(await toUserRow(user, state)),
		...(key && { key: secret, expires: toTimeOrNull(key.expiresMs) }),
	};
}

const toKeyFields = (id: string, fields: FirstKeyFields): KeyFields => ({
	user_id: id,
	aliases: fields.aliases,
	allowed_routes: fields.allowed_routes,
	duration: fields.duration,
	key_alias: fields.key_alias,
	key_type: fields.key_type,
	tags: fields.tags,
});

/** @throws GatewayError `malformed_request` for what is said of a key that is not made */
function requireKey(fields: FirstKeyFields, isMade: boolean): void {
	const said = namesOfKey.find(
		(name) => !isNothing(fields[name]) && fields[name] !== "default",
	);
	if (isMade || said === undefined) return;
	throw refuseField(
		said,
		"this is for the user's first key, and auto_create_key is false. Leave one of both out.",
	);
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
	if (!user_email) throw refuseField("user_id", "is missing.");
	const user = findByEmail(user_email, state);
	if (user !== null) return user;
	throw new GatewayError("not_found", "user_email: there is no such user.", {
		answer: { param: "user_email" },
	});
}

async function update(
	asked: Asked<z.output<typeof updateBody>>,
	state: AdminState,
) {
	const { user_id: _, ...sent } = asked.body;
	const found = findUser(asked.body, state);
	const { id } = found;
	const fields = await readBack(sent, shownOfUsers, () =>
		toListed(found, state.directory.keys.list(), state),
	);
	const user = await changeItem("user", id, toAct(asked), {
		state,
		edit: (found) => editUser(found, fields, state),
	});
	await restate({ kind: "user", id }, fields, user, state);
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
	if (asked === null) throw refuseField("user_id", "is missing.");
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
		list: { member: "users", pages: pageUsers },
		query: listQuery,
		answer: listUsers,
	}),
];
