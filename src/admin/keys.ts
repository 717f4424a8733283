/** Virtual keys: LiteLLM's `/key/…`. */
import type { Hono } from "hono";
import { z } from "zod";
import { addDuration } from "../domain/duration.ts";
import { GatewayError } from "../domain/error.ts";
import { noNanos } from "../domain/nanos.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import type { RequestHeaders } from "../platform/contract.ts";
import { StoreError } from "../store/engine.ts";
import type { Act, Keys } from "../store/keys.ts";
import { toAnswerable } from "./answerable.ts";
import {
	deleteBody,
	generateBody,
	type KeyFields,
	limitFields,
	oneKey,
	regenerateBody,
	updateBody,
} from "./key-fields.ts";
import { listKeys } from "./key-list.ts";
import { toKeyInfo, toKeyRow, toMadeKey } from "./key-row.ts";
import { type KeyContext, type KeysState, readSpend } from "./keys-state.ts";
import { editKey, makeKey, renewKey, toHash } from "./make-key.ts";
import { readBody, readQuery, text } from "./read-input.ts";

interface Route {
	readonly method: "GET" | "POST";
	readonly path: string;
	/** Who may call it: the operator; or also the holder of a key about that key. */
	readonly for: "operator" | "holder";
	readonly answer: (c: KeyContext, state: KeysState) => Promise<object>;
}

const routes: readonly Route[] = [
	{ method: "POST", path: "/key/generate", for: "operator", answer: generate },
	{ method: "POST", path: "/key/update", for: "operator", answer: update },
	{ method: "POST", path: "/key/delete", for: "operator", answer: remove },
	{ method: "POST", path: "/key/block", for: "operator", answer: block },
	{ method: "POST", path: "/key/unblock", for: "operator", answer: unblock },
	{
		method: "POST",
		path: "/key/regenerate",
		for: "operator",
		answer: regenerate,
	},
	{
		method: "POST",
		path: "/key/:key/regenerate",
		for: "operator",
		answer: regenerate,
	},
	{ method: "GET", path: "/key/list", for: "operator", answer: listKeys },
	{ method: "GET", path: "/key/info", for: "holder", answer: info },
	{ method: "POST", path: "/key/health", for: "holder", answer: health },
];

/** Errors leave as GatewayError. */
export function addKeyRoutes<E extends { headers: RequestHeaders }>(
	app: Hono<{ Bindings: E }>,
	state: KeysState,
): void {
	for (const { method, path, answer, for: whom } of routes) {
		app.on(method, path, async (c) => {
			if (whom === "operator") state.requireOperator(c.env.headers);
			try {
				return c.json(await answer(c as unknown as KeyContext, state));
			} catch (error) {
				const isTaken =
					error instanceof StoreError && error.fault === "conflict";
				throw isTaken ? aliasTaken() : toAnswerable(error);
			}
		});
	}
}

const aliasTaken = () =>
	new GatewayError(
		"malformed_request",
		"key_alias: another key has it already. Choose another, or change that key.",
	);

/** What the log of changes says of whoever has the master key. */
const operator = "operator";

const toAct = (action: string): Act => ({ action, actor: operator });

/** A limit that nobody keeps is worse than none. @throws GatewayError `malformed_request` */
function requireKept(fields: KeyFields, { keepsLimits }: KeysState): void {
	const named = limitFields.find((name) => fields[name] !== undefined);
	if (keepsLimits || named === undefined) return;
	throw new GatewayError(
		"malformed_request",
		`${named}: this version of Tollway keeps limits of keys with the embedded database only, not with PostgreSQL. Leave it out.`,
	);
}

async function generate(c: KeyContext, state: KeysState) {
	const { keys, clock } = state;
	const { key: own, ...fields } = await readBody(c, generateBody);
	requireKept(fields, state);
	const secret = own ?? `sk-${state.newSecret()}`;
	const nowMs = clock.now();
	const key = makeKey(secret, fields, { nowMs, actor: operator });
	requireFreeAlias(keys, key);
	if (!(await keys.add(key, toAct("key/generate")))) throw valueTaken();
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

async function update(c: KeyContext, state: KeysState) {
	const { key: name, ...fields } = await readBody(c, updateBody);
	requireKept(fields, state);
	const nowMs = state.clock.now();
	const key = await change(state, name, toAct("key/update"), (found) =>
		editKey(found, fields, nowMs),
	);
	return { key: name, ...toKeyInfo(key, await readSpend(key, state), nowMs) };
}

async function setBlocked(c: KeyContext, state: KeysState, blocked: boolean) {
	const { key: name } = await readBody(c, oneKey);
	const act = toAct(blocked ? "key/block" : "key/unblock");
	const nowMs = state.clock.now();
	const key = await change(state, name, act, (found) =>
		editKey(found, { blocked }, nowMs),
	);
	return toKeyRow(key, await readSpend(key, state), nowMs);
}

function block(c: KeyContext, state: KeysState) {
	return setBlocked(c, state, true);
}

function unblock(c: KeyContext, state: KeysState) {
	return setBlocked(c, state, false);
}

async function remove(c: KeyContext, { keys, forget }: KeysState) {
	const { keys: names = [], key_aliases = [] } = await readBody(c, deleteBody);
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
		await keys.remove(id, toAct("key/delete"));
		forget({ kind: "key", id });
	}
	return { deleted_keys: [...found.keys()] };
}

/** Spend, alias and everything else stay; the value is new. With `grace_period` the old one works on for as long. */
async function regenerate(c: KeyContext, state: KeysState) {
	const body = await readBody(c, regenerateBody);
	const { key, new_key, grace_period, new_master_key: _, ...fields } = body;
	requireKept(fields, state);
	const name = c.req.param("key") ?? key;
	if (name === undefined) {
		throw new GatewayError("malformed_request", "key: is missing.");
	}
	const secret = new_key ?? `sk-${state.newSecret()}`;
	const nowMs = state.clock.now();
	const olderUntilMs = grace_period ? addDuration(nowMs, grace_period) : nowMs;
	const hash = toHash(secret);
	const renewed = await change(
		state,
		name,
		toAct("key/regenerate"),
		(found) => {
			if (state.keys.find(hash) !== null || state.keys.byId(hash) !== null) {
				throw valueTaken();
			}
			return renewKey(editKey(found, fields, nowMs), secret, {
				nowMs,
				olderUntilMs,
			});
		},
	);
	const spend = await readSpend(renewed, state);
	return toMadeKey(renewed, secret, { spend, nowMs });
}

const infoQuery = z.object({ key: text.optional() });

/** Without `key` about the caller's own. */
async function info(c: KeyContext, state: KeysState) {
	const { key: name } = readQuery(c, infoQuery);
	const own = state.readOwnKey(c.env.headers);
	const key = own === null || name !== undefined ? asked() : own;
	return {
		key: name ?? key.id,
		info: toKeyInfo(key, await readSpend(key, state), state.clock.now()),
	};

	function asked(): VirtualKey {
		if (own === null) state.requireOperator(c.env.headers);
		if (name === undefined) {
			throw new GatewayError("malformed_request", "key: is missing.");
		}
		if (own === null) return find(state.keys, name);
		const isOwn = [own.id, own.hash, own.alias].includes(name);
		if (isOwn || toHash(name) === own.hash) return own;
		throw new GatewayError("forbidden", "A key may only ask about itself.");
	}
}

async function health(c: KeyContext, state: KeysState) {
	if (state.readOwnKey(c.env.headers) === null) {
		state.requireOperator(c.env.headers);
	}
	return { key: "healthy", logging_callbacks: null };
}
