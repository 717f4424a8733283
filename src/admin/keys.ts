/** Virtual keys: LiteLLM's `/key/…`. */
import { z } from "zod";
import { addDuration } from "../domain/duration.ts";
import { GatewayError } from "../domain/error.ts";
import { noNanos } from "../domain/nanos.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import type { Act, Keys } from "../store/keys.ts";
import {
	deleteBody,
	generateBody,
	oneKey,
	regenerateBody,
	updateBody,
} from "./key-fields.ts";
import { listKeys, listQuery } from "./key-list.ts";
import { toKeyInfo, toKeyRow, toMadeKey } from "./key-row.ts";
import { type KeysState, readSpend } from "./keys-state.ts";
import { editKey, makeKey, renewKey, toHash } from "./make-key.ts";
import { text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";

const aliasTaken = () =>
	new GatewayError(
		"malformed_request",
		"key_alias: another key has it already. Choose another, or change that key.",
	);

/** What the log of changes says of whoever has the master key. */
const operator = "operator";

const toAct = ({ action }: { readonly action: string }): Act => ({
	action,
	actor: operator,
});

async function generate(
	asked: Asked<z.output<typeof generateBody>>,
	state: KeysState,
) {
	const { keys, clock } = state;
	const { key: own, ...fields } = asked.body;
	const secret = own ?? `sk-${state.newSecret()}`;
	const nowMs = clock.now();
	const key = makeKey(secret, fields, { nowMs, actor: operator });
	requireFreeAlias(keys, key);
	if (!(await keys.add(key, toAct(asked)))) throw valueTaken();
	return toMadeKey(key, secret, { spend: noNanos, nowMs });
}

const valueTaken = () =>
	new GatewayError(
		"malformed_request",
		"key: this value is taken. Choose another, or leave it out.",
	);

function requireFreeAlias(keys: Keys, { id, alias }: VirtualKey): void {
	const other = alias === null ? null : keys.byAlias(alias);
	if (other !== null && other.id !== id) throw aliasTaken();
}

/** By the key itself, its id or hash, or its alias. @throws GatewayError `not_found` */
function find(keys: Keys, name: string): VirtualKey {
	const key =
		keys.byId(name) ??
		keys.find(name) ??
		keys.find(toHash(name)) ??
		keys.byAlias(name);
	if (key !== null) return key;
	// What was sent may be a key, and is not for logs.
	throw new GatewayError("not_found", "There is no such key.");
}

async function change(
	{ keys }: KeysState,
	name: string,
	act: Act,
	edit: (key: VirtualKey) => VirtualKey,
): Promise<VirtualKey> {
	const { id } = find(keys, name);
	const changed = await keys.change(id, act, (key) => {
		const edited = edit(key);
		requireFreeAlias(keys, edited);
		return edited;
	});
	if (changed !== null) return changed;
	throw new GatewayError("not_found", "There is no such key.");
}

async function update(
	asked: Asked<z.output<typeof updateBody>>,
	state: KeysState,
) {
	const { key: name, ...fields } = asked.body;
	const nowMs = state.clock.now();
	const key = await change(state, name, toAct(asked), (found) =>
		editKey(found, fields, nowMs),
	);
	return { key: name, ...toKeyInfo(key, await readSpend(key, state), nowMs) };
}

async function setBlocked(
	asked: Asked<z.output<typeof oneKey>>,
	state: KeysState,
	blocked: boolean,
) {
	const nowMs = state.clock.now();
	const key = await change(state, asked.body.key, toAct(asked), (found) =>
		editKey(found, { blocked }, nowMs),
	);
	return toKeyRow(key, await readSpend(key, state), nowMs);
}

async function remove(
	asked: Asked<z.output<typeof deleteBody>>,
	{ keys, forget }: KeysState,
) {
	const { keys: names = [], key_aliases = [] } = asked.body;
	const found = new Map(
		[...names, ...key_aliases].flatMap((name) => {
			try {
				return [[name, find(keys, name).id] as const];
			} catch {
				return []; // those that are there go all the same
			}
		}),
	);
	if (found.size === 0) {
		throw new GatewayError("not_found", "There is none of these keys.");
	}
	for (const id of found.values()) {
		await keys.remove(id, toAct(asked));
		forget({ kind: "key", id });
	}
	return { deleted_keys: [...found.keys()] };
}

/** Spend, alias and everything else stay; the value is new. With `grace_period` the old one works on for as long. */
async function regenerate(
	asked: Asked<z.output<typeof regenerateBody>>,
	state: KeysState,
) {
	const { body, params } = asked;
	const { key, new_key, grace_period, new_master_key: _, ...fields } = body;
	const name = params.key ?? key;
	if (name === undefined) {
		throw new GatewayError("malformed_request", "key: is missing.");
	}
	const secret = new_key ?? `sk-${state.newSecret()}`;
	const nowMs = state.clock.now();
	const olderUntilMs = grace_period ? addDuration(nowMs, grace_period) : nowMs;
	const hash = toHash(secret);
	const renewed = await change(state, name, toAct(asked), (found) => {
		if (state.keys.find(hash) !== null || state.keys.byId(hash) !== null) {
			throw valueTaken();
		}
		return renewKey(editKey(found, fields, nowMs), secret, {
			nowMs,
			olderUntilMs,
		});
	});
	const spend = await readSpend(renewed, state);
	return toMadeKey(renewed, secret, { spend, nowMs });
}

const infoQuery = z.object({ key: text.optional() });

/** Without `key` about the caller's own. */
async function info(
	{ query, headers }: Asked<undefined, z.output<typeof infoQuery>>,
	state: KeysState,
) {
	const { key: name } = query;
	const own = state.readOwnKey(headers);
	const key = own === null || name !== undefined ? asked() : own;
	return {
		key: name ?? key.id,
		info: toKeyInfo(key, await readSpend(key, state), state.clock.now()),
	};

	function asked(): VirtualKey {
		if (own === null) state.requireOperator(headers);
		if (name === undefined) {
			throw new GatewayError("malformed_request", "key: is missing.");
		}
		if (own === null) return find(state.keys, name);
		const isOwn = [own.id, own.hash, own.alias].includes(name);
		if (isOwn || toHash(name) === own.hash) return own;
		throw new GatewayError("forbidden", "A key may only ask about itself.");
	}
}

async function health({ headers }: Asked, state: KeysState) {
	if (state.readOwnKey(headers) === null) {
		state.requireOperator(headers);
	}
	return { key: "healthy", logging_callbacks: null };
}

export const keyRoutes: readonly ManagedRoute<KeysState>[] = [
	defineRoute({
		method: "POST",
		path: "/key/generate",
		summary: "Make a key; its value is shown in this answer only",
		for: "operator",
		body: generateBody,
		answer: generate,
	}),
	defineRoute({
		method: "POST",
		path: "/key/update",
		summary: "Change a key; what is not said stays as it is",
		for: "operator",
		body: updateBody,
		answer: update,
	}),
	defineRoute({
		method: "POST",
		path: "/key/delete",
		summary: "Remove keys for good",
		for: "operator",
		body: deleteBody,
		answer: remove,
	}),
	defineRoute({
		method: "POST",
		path: "/key/block",
		summary: "Refuse every call of a key until it is unblocked",
		for: "operator",
		body: oneKey,
		answer: (asked, state) => setBlocked(asked, state, true),
	}),
	defineRoute({
		method: "POST",
		path: "/key/unblock",
		summary: "Let a blocked key work again",
		for: "operator",
		body: oneKey,
		answer: (asked, state) => setBlocked(asked, state, false),
	}),
	defineRoute({
		method: "POST",
		path: "/key/regenerate",
		summary: "Give a key a new value; the old one can work on for a while",
		for: "operator",
		body: regenerateBody,
		answer: regenerate,
	}),
	defineRoute({
		method: "POST",
		path: "/key/:key/regenerate",
		summary: "The same, with the key in the path",
		for: "operator",
		body: regenerateBody,
		answer: regenerate,
	}),
	defineRoute({
		method: "GET",
		path: "/key/list",
		summary: "Keys, a page at a time",
		for: "operator",
		query: listQuery,
		answer: listKeys,
	}),
	defineRoute({
		method: "GET",
		path: "/key/info",
		summary:
			"One key, its limits and its spend; without `key` the caller's own",
		for: "holder",
		query: infoQuery,
		answer: info,
	}),
	defineRoute({
		method: "POST",
		path: "/key/health",
		summary: "Whether the key that is sent works",
		for: "holder",
		answer: health,
	}),
];
