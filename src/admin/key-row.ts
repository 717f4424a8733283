/** A key as LiteLLM's routes show it. */
import { routesByType } from "../domain/allowed-routes.ts";
import type { Nanos } from "../domain/nanos.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import {
	toLimitedColumns,
	toMetadata,
	toTimeOrNull,
	type What,
} from "./limit-row.ts";
import { toTime } from "./spend-row.ts";
import { type AdminState, readSpend } from "./state.ts";

/** Fields of the contract that have no effect here, as they are where nothing was said. */
const withoutEffect = {
	access_group_ids: [],
	agent_id: null,
	allowed_cache_controls: [],
	allowed_passthrough_routes: [],
	auto_rotate: false,
	budget_fallbacks: {},
	config: {},
	default_estimated_output_tokens: null,
	default_estimated_output_tokens_per_model: {},
	enforced_params: [],
	guardrails: [],
	object_permission: null,
	object_permission_id: null,
	permissions: {},
	policies: [],
	project_id: null,
	prompts: [],
	rotation_interval: null,
	router_settings: null,
	rpm_limit_type: null,
	tpm_limit_type: null,
};

/** Whose routes these are; `default` for a list of one's own. */
const toType = ({ allowedRoutes }: VirtualKey): string =>
	Object.entries(routesByType).find(
		([, routes]) => routes.join() === allowedRoutes.join(),
	)?.[0] ?? "default";

/** Without the token itself: its hash stands beside it where the contract wants it. */
export const toKeyColumns = (key: VirtualKey, spend: Nanos, what: What) => ({
	...withoutEffect,
	key_name: key.name,
	key_alias: key.alias,
	expires: toTimeOrNull(key.expiresMs),
	models: key.models,
	aliases: key.aliases,
	user_id: key.userId,
	team_id: key.teamId,
	organization_id: key.organizationId,
	...toLimitedColumns(key, spend, what),
	metadata: toMetadata(key.metadata, key, key.tags),
	tags: key.tags,
	blocked: key.blocked,
	allowed_routes: key.allowedRoutes,
	credential: key.credential,
	created_at: toTime(key.createdMs),
	created_by: key.createdBy,
	updated_at: toTime(key.updatedMs),
	updated_by: key.updatedBy,
});

/** As `/key/info` has it. */
export async function toKeyInfo(key: VirtualKey, state: AdminState) {
	const spend = await readSpend({ kind: "key", id: key.id }, key, state);
	return toKeyColumns(key, spend, state);
}

/** As `/key/list` has it. */
export const toKeyRow = async (key: VirtualKey, state: AdminState) => ({
	token: key.id,
	...(await toKeyInfo(key, state)),
});

/** What is said once: the key itself. */
export interface Once {
	readonly clear: string;
	/** As it was said. */
	readonly duration: string | null;
}

/** Of the one answer that holds the key itself. */
export const toMadeColumns = (
	key: VirtualKey,
	{ clear, duration }: Once,
	info: ReturnType<typeof toKeyColumns>,
) => ({
	key: clear,
	token: key.id,
	token_id: key.id,
	duration,
	key_type: toType(key),
	send_invite_email: null,
	...info,
});

export const toMadeKey = async (
	key: VirtualKey,
	once: Once,
	state: AdminState,
) => toMadeColumns(key, once, await toKeyInfo(key, state));
