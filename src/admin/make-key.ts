/** What the routes make of the fields of a body: a key, or a changed one. */
import { createHash } from "node:crypto";
import { routesByType } from "../domain/allowed-routes.ts";
import { addDuration } from "../domain/duration.ts";
import { cleanLabel } from "../domain/labels.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import type { KeyFields } from "./key-fields.ts";

const shownCharacters = 4;

export const toHash = (secret: string): string =>
	createHash("sha256").update(secret).digest("hex");

const toName = (secret: string): string =>
	`sk-...${secret.slice(-shownCharacters)}`;

export function makeKey(
	secret: string,
	fields: KeyFields,
	by: { readonly nowMs: number; readonly actor: string },
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
		maxBudgetNanos: null,
		budgetDuration: null,
		budgetLimits: [],
		rpmLimit: null,
		tpmLimit: null,
		maxParallel: null,
		blocked: false,
		expiresMs: null,
		createdMs: by.nowMs,
		updatedMs: by.nowMs,
		createdBy: by.actor,
	};
	return editKey(blank, fields, by.nowMs);
}

/** What was not said stays as it is. */
export function editKey(
	key: VirtualKey,
	fields: KeyFields,
	nowMs: number,
): VirtualKey {
	const { duration } = fields;
	return {
		...key,
		alias: fields.key_alias ?? key.alias,
		userId: fields.user_id ?? key.userId,
		teamId: fields.team_id ?? key.teamId,
		organizationId: fields.organization_id ?? key.organizationId,
		models: fields.models ?? key.models,
		allowedRoutes:
			fields.allowed_routes ??
			routesByType[fields.key_type ?? ""] ??
			key.allowedRoutes,
		tags: fields.tags?.map(cleanLabel) ?? key.tags,
		metadata: fields.metadata ?? key.metadata,
		credential: fields.credential ?? key.credential,
		...editLimits(key, fields),
		blocked: fields.blocked ?? key.blocked,
		// `-1` is null: never.
		expiresMs:
			duration === undefined
				? key.expiresMs
				: duration === null
					? null
					: addDuration(nowMs, duration),
		updatedMs: nowMs,
	};
}

const editLimits = (key: VirtualKey, fields: KeyFields) => ({
	maxBudgetNanos: fields.max_budget ?? key.maxBudgetNanos,
	budgetDuration: fields.budget_duration ?? key.budgetDuration,
	budgetLimits:
		fields.budget_limits?.map(({ budget_duration, max_budget }) => ({
			duration: budget_duration,
			maxBudgetNanos: max_budget,
		})) ?? key.budgetLimits,
	rpmLimit: fields.rpm_limit ?? key.rpmLimit,
	tpmLimit: fields.tpm_limit ?? key.tpmLimit,
	maxParallel: fields.max_parallel_requests ?? key.maxParallel,
});

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
