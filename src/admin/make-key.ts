/** What the routes make of the fields of a body: a key, or a changed one. */
import { createHash } from "node:crypto";
import { routesByType } from "../domain/allowed-routes.ts";
import { addDuration } from "../domain/duration.ts";
import { noLimits } from "../domain/limit-set.ts";
import type { Made } from "../domain/people.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import { said } from "./fields.ts";
import type { KeyFields } from "./key-fields.ts";
import { editLimited } from "./limit-fields.ts";
import { refuseField } from "./read-input.ts";

const shownCharacters = 4;

export const toHash = (secret: string): string =>
	createHash("sha256").update(secret).digest("hex");

const toName = (secret: string): string =>
	`sk-...${secret.slice(-shownCharacters)}`;

export function makeKey(
	secret: string,
	fields: KeyFields,
	by: Made,
): VirtualKey {
	const hash = toHash(secret);
	const blank: VirtualKey = {
		id: hash,
		hash,
		older: null,
		name: toName(secret),
		alias: null,
		userId: null,
		teamId: null,
		organizationId: null,
		models: [],
		allowedRoutes: [],
		tags: [],
		metadata: {},
		credential: "server",
		aliases: {},
		...noLimits,
		budgetId: null,
		raise: null,
		reset: null,
		blocked: false,
		expiresMs: null,
		createdMs: by.nowMs,
		updatedMs: by.nowMs,
		createdBy: by.actor,
		updatedBy: by.actor,
	};
	return editKey(blank, fields, by);
}

/** What was not said stays as it is. @throws GatewayError `malformed_request` */
export function editKey(
	key: VirtualKey,
	fields: KeyFields,
	{ nowMs, actor }: Made,
): VirtualKey {
	return {
		...key,
		alias: said(fields.key_alias, key.alias),
		userId: said(fields.user_id, key.userId),
		teamId: said(fields.team_id, key.teamId),
		organizationId: said(fields.organization_id, key.organizationId),
		models: fields.models ?? key.models,
		allowedRoutes: toRoutes(fields) ?? key.allowedRoutes,
		tags: fields.tags ?? key.tags,
		metadata: fields.metadata ?? key.metadata,
		aliases: fields.aliases ?? key.aliases,
		credential: fields.credential ?? key.credential,
		...editLimited(key, fields, nowMs),
		blocked: fields.blocked ?? key.blocked,
		expiresMs: toExpiry(key, fields, nowMs),
		updatedMs: nowMs,
		updatedBy: actor,
	};
}

/** Whole objects have an empty list beside a type, or the type `default`, which says nothing. */
function toRoutes({
	allowed_routes: listed,
	key_type: type = "default",
}: KeyFields): readonly string[] | undefined {
	if (type === "default") return listed;
	const meant = routesByType[type] ?? [];
	if (listed?.length && listed.join() !== meant.join()) {
		throw refuseField(
			"key_type",
			`${type} stands for other allowed_routes than are sent. Send one of both.`,
		);
	}
	return meant;
}

/** `-1` is null: never. */
function toExpiry(
	{ expiresMs }: VirtualKey,
	{ duration }: KeyFields,
	nowMs: number,
): number | null {
	if (duration === undefined) return expiresMs;
	return duration === null ? null : addDuration(nowMs, duration);
}

/** The same key with a new value; the one before works until `olderUntilMs`. */
export const renewKey = (
	key: VirtualKey,
	secret: string,
	times: { readonly nowMs: number; readonly olderUntilMs: number },
): VirtualKey => ({
	...key,
	hash: toHash(secret),
	older: { hash: key.hash, untilMs: times.olderUntilMs },
	name: toName(secret),
	updatedMs: times.nowMs,
});
