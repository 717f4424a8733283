/** Virtual keys: LiteLLM's `/key/…`. */
import { z } from "zod";
import type { Directory } from "../domain/directory.ts";
import { addDuration, toDuration, toDurationText } from "../domain/duration.ts";
import { GatewayError } from "../domain/error.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import type { Act } from "../store/directory.ts";
import { keyExamples } from "./key-examples.ts";
import {
	deleteBody,
	generateBody,
	type KeyFields,
	oneKey,
	regenerateBody,
	resetBody,
	serviceAccountBody,
	shownOfKeys,
	updateBody,
} from "./key-fields.ts";
import { listKeys, listQuery, pageKeys, toListedKey } from "./key-list.ts";
import { type Once, toKeyInfo, toKeyRow, toMadeKey } from "./key-row.ts";
import { editKey, makeKey, renewKey, toHash } from "./make-key.ts";
import { readBack } from "./read-back.ts";
import { refuseField, text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import {
	type AdminState,
	requireBudget,
	restate,
	toAct,
	toFresh,
	toMade,
} from "./state.ts";

const aliasTaken = () =>
	refuseField(
		"key_alias",
		"another key has it already. Choose another, or change that key.",
	);

const valueTaken = () =>
	refuseField("key", "this value is taken. Choose another, or leave it out.");

const keyMissing = () => refuseField("key", "is missing.");

const toSubject = ({ id }: VirtualKey) => ({ kind: "key", id }) as const;

function generate(
	asked: Asked<z.output<typeof generateBody>>,
	state: AdminState,
) {
	return add(asked.body, toAct(asked), state);
}

function generateForService(
	asked: Asked<z.output<typeof serviceAccountBody>>,
	state: AdminState,
) {
	return add({ ...asked.body, user_id: null }, toAct(asked), state);
}

async function add(
	{ key: own, ...sent }: z.output<typeof generateBody>,
	act: Act,
	state: AdminState,
) {
	const { directory } = state;
	const secret = own ?? `sk-${state.newSecret()}`;
	const subject = { kind: "key", id: toHash(secret) } as const;
	const fields = own ? await toFresh(subject, sent, state) : sent;
	const made = await directory.change(act, () => {
		requireBudget(fields.budget_id, directory);
		const key = makeKey(secret, fields, toMade(state));
		requireFreeAlias(directory, key);
		requireFreeValue(directory, key.hash);
		return { edits: [{ kind: "key", id: key.id, item: key }], result: key };
	});
	const { duration } = fields;
	return toMadeKey(made, toClear(secret, duration), state);
}

/** What only the answer says that makes a key. */
const toClear = (clear: string, duration: KeyFields["duration"]): Once => ({
	clear,
	duration: duration ? toDurationText(duration) : null,
});

export function requireFreeAlias(
	{ keys }: Directory,
	{ id, alias }: VirtualKey,
) {
	const other = alias === null ? null : keys.byAlias(alias);
	if (other !== null && other.id !== id) throw aliasTaken();
}

/** What once was a key's first value is its id for good. */
function requireFreeValue({ keys }: Directory, hash: string): void {
	if (keys.isTaken(hash) || keys.byId(hash) !== null) throw valueTaken();
}

/** By the key itself, its id or hash, or its alias; null: there is none. */
function look({ keys }: Directory, name: string): VirtualKey | null {
	return (
		keys.byId(name) ??
		keys.find(name) ??
		keys.find(toHash(name)) ??
		keys.byAlias(name)
	);
}

/** @throws GatewayError `not_found` */
function find(directory: Directory, name: string): VirtualKey {
	const key = look(directory, name);
	if (key !== null) return key;
	// What was sent may be a key, and is not for logs.
	throw new GatewayError("not_found", "There is no such key.");
}

/** @param edit throws GatewayError for what may not be */
const change = (
	name: string,
	act: Act,
	{ directory }: AdminState,
	edit: (key: VirtualKey) => VirtualKey,
): Promise<VirtualKey> =>
	directory.change(act, () => {
		const item = edit(find(directory, name));
		requireFreeAlias(directory, item);
		return { edits: [{ kind: "key", id: item.id, item }], result: item };
	});

async function update(
	asked: Asked<z.output<typeof updateBody>>,
	state: AdminState,
) {
	const { key: name, ...sent } = asked.body;
	const found = find(state.directory, name);
	const fields = await readBack(sent, shownOfKeys, async () => ({
		token_id: found.id,
		...(await toListedKey(found, { expand: "user" }, state)),
	}));
	const key = await change(name, toAct(asked), state, (before) => {
		requireBudget(fields.budget_id, state.directory);
		return editKey(before, fields, toMade(state));
	});
	await restate(toSubject(key), fields, key, state);
	return { key: name, ...(await toKeyInfo(key, state)) };
}

async function setBlocked(
	asked: Asked<z.output<typeof oneKey>>,
	state: AdminState,
	blocked: boolean,
) {
	const key = await change(asked.body.key, toAct(asked), state, (found) =>
		editKey(found, { blocked }, toMade(state)),
	);
	return toKeyRow(key, state);
}

/** Those that are there go, whatever else is named. */
async function remove(
	asked: Asked<z.output<typeof deleteBody>>,
	{ directory, counter }: AdminState,
) {
	const { keys = [], key_aliases = [] } = asked.body;
	const found = await directory.change(toAct(asked), () => {
		const named = [...keys, ...key_aliases].flatMap((name) => {
			const key = look(directory, name);
			return key === null ? [] : [[name, key.id] as const];
		});
		const ids = new Set(named.map(([, id]) => id));
		return {
			edits: [...ids].map((id) => ({ kind: "key", id, item: null }) as const),
			result: new Map(named),
		};
	});
	if (found.size === 0) {
		throw new GatewayError("not_found", "There is none of these keys.");
	}
	for (const id of found.values()) counter.forget({ kind: "key", id });
	return { deleted_keys: [...found.keys()] };
}

/** Spend, alias and everything else stay; the value is new. With `grace_period` the old one works on for as long. */
async function regenerate(
	asked: Asked<z.output<typeof regenerateBody>>,
	state: AdminState,
) {
	const { directory, clock } = state;
	const { key, new_key, grace_period, ...fields } = asked.body;
	const name = asked.params.key ?? key;
	if (name === undefined) throw keyMissing();
	if (key !== undefined && look(directory, key) !== look(directory, name)) {
		throw refuseField("key", "the path names another key. Send one of both.");
	}
	const secret = new_key ?? `sk-${state.newSecret()}`;
	const nowMs = clock.now();
	const olderUntilMs = grace_period
		? addDuration(nowMs, toDuration(grace_period))
		: nowMs;
	const renewed = await change(name, toAct(asked), state, (found) => {
		requireBudget(fields.budget_id, directory);
		requireFreeValue(directory, toHash(secret));
		const edited = editKey(found, fields, toMade(state));
		return renewKey(edited, secret, { nowMs, olderUntilMs });
	});
	await restate(toSubject(renewed), fields, renewed, state);
	return toMadeKey(renewed, toClear(secret, fields.duration), state);
}

async function resetSpend(
	asked: Asked<z.output<typeof resetBody>>,
	state: AdminState,
) {
	const fields = { spend: asked.body.reset_to };
	const name = asked.params.key ?? "";
	const key = await change(name, toAct(asked), state, (found) =>
		editKey(found, fields, toMade(state)),
	);
	await restate(toSubject(key), fields, key, state);
	return toKeyRow(key, state);
}

const infoQuery = z.object({ key: text.optional() });

/** Without `key` about the caller's own. */
async function info(
	{ query, headers }: Asked<undefined, z.output<typeof infoQuery>>,
	state: AdminState,
) {
	const { key: name } = query;
	const own = state.readOwnKey(headers);
	const key = own === null || name !== undefined ? asked() : own;
	return { key: name ?? key.id, info: await toKeyInfo(key, state) };

	function asked(): VirtualKey {
		if (own === null) state.requireOperator(headers);
		if (name === undefined) throw keyMissing();
		if (own === null) return find(state.directory, name);
		// Whether there is another of this name is nothing that its holder is told.
		if (look(state.directory, name)?.id === own.id) return own;
		throw new GatewayError("forbidden", "A key may only ask about itself.");
	}
}

async function health({ headers }: Asked, state: AdminState) {
	if (state.readOwnKey(headers) === null) state.requireOperator(headers);
	return { key: "healthy", logging_callbacks: null };
}

const operator = { for: "operator", method: "POST" } as const;

export const keyRoutes: readonly ManagedRoute<AdminState>[] = [
	defineRoute({
		...operator,
		path: "/key/generate",
		summary: "Make a key; its value is shown in this answer only",
		body: generateBody,
		example: keyExamples.made,
		answer: generate,
	}),
	defineRoute({
		...operator,
		path: "/key/service-account/generate",
		summary: "Make a key for a program, which belongs to a team only",
		body: serviceAccountBody,
		answer: generateForService,
	}),
	defineRoute({
		...operator,
		path: "/key/update",
		summary: "Change a key; what is not said stays, null takes a limit away",
		body: updateBody,
		example: keyExamples.updated,
		answer: update,
	}),
	defineRoute({
		...operator,
		path: "/key/delete",
		summary: "Remove keys for good",
		body: deleteBody,
		example: keyExamples.deleted,
		answer: remove,
	}),
	defineRoute({
		...operator,
		path: "/key/block",
		summary: "Refuse every call of a key until it is unblocked",
		body: oneKey,
		example: keyExamples.blocked,
		answer: (asked, state) => setBlocked(asked, state, true),
	}),
	defineRoute({
		...operator,
		path: "/key/unblock",
		summary: "Let a blocked key work again",
		body: oneKey,
		example: keyExamples.unblocked,
		answer: (asked, state) => setBlocked(asked, state, false),
	}),
	defineRoute({
		...operator,
		path: "/key/regenerate",
		summary: "Give a key a new value; the old one can work on for a while",
		body: regenerateBody,
		mayBeEmpty: true,
		example: keyExamples.renewed,
		answer: regenerate,
	}),
	defineRoute({
		...operator,
		path: "/key/:key/regenerate",
		summary: "The same, with the key in the path",
		body: regenerateBody,
		mayBeEmpty: true,
		example: keyExamples.renewedByPath,
		answer: regenerate,
	}),
	defineRoute({
		...operator,
		path: "/key/:key/reset_spend",
		summary: "Say anew what counts as spent; the ledger stays as it is",
		body: resetBody,
		answer: resetSpend,
	}),
	defineRoute({
		method: "GET",
		for: "operator",
		path: "/key/list",
		summary: "Keys, a page at a time",
		list: { member: "keys", pages: pageKeys },
		query: listQuery,
		example: keyExamples.listed,
		answer: listKeys,
	}),
	defineRoute({
		method: "GET",
		for: "holder",
		path: "/key/info",
		summary: "One key, its limits and spend; without `key` the caller's own",
		query: infoQuery,
		example: keyExamples.info,
		answer: info,
	}),
	defineRoute({
		method: "POST",
		for: "holder",
		path: "/key/health",
		summary: "Whether the key that is sent works",
		example: keyExamples.health,
		answer: health,
	}),
];
