/** A key as LiteLLM's routes show it. */
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

/** Without the token itself: its hash stands beside it where the contract wants it. */
export const toKeyColumns = (key: VirtualKey, spend: Nanos, what: What) => ({
	key_name: key.name,
	key_alias: key.alias,
	expires: toTimeOrNull(key.expiresMs),
	models: key.models,
	aliases: key.aliases,
	config: {},
	user_id: key.userId,
	team_id: key.teamId,
	organization_id: key.organizationId,
	permissions: {},
	...toLimitedColumns(key, spend, what),
	metadata: toMetadata(key.metadata, key),
	tags: key.tags,
	blocked: key.blocked,
	allowed_cache_controls: [],
	allowed_routes: key.allowedRoutes,
	credential: key.credential,
	created_at: toTime(key.createdMs),
	created_by: key.createdBy,
	updated_at: toTime(key.updatedMs),
	updated_by: key.updatedBy,
	object_permission: null,
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

/** The one answer that holds the key itself. */
export const toMadeKey = async (
	key: VirtualKey,
	clear: string,
	state: AdminState,
) => ({
	key: clear,
	token: key.id,
	token_id: key.id,
	...(await toKeyInfo(key, state)),
});
