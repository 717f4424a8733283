/** A key as LiteLLM's routes show it. */
import { type Nanos, toNanos } from "../domain/nanos.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import { findReset } from "../limits/key-limits.ts";
import { toDollars, toTime } from "./spend-row.ts";

const toTimeOrNull = (ms: number | null): string | null =>
	ms === null ? null : toTime(ms);

const toBudget = (nanos: number | null): number | null =>
	nanos === null ? null : toDollars(toNanos(BigInt(nanos)));

/** Without the token itself: its hash stands beside it where the contract wants it. */
export const toKeyInfo = (key: VirtualKey, spend: Nanos, nowMs: number) => ({
	key_name: key.name,
	key_alias: key.alias,
	spend: toDollars(spend),
	expires: toTimeOrNull(key.expiresMs),
	models: key.models,
	aliases: {},
	config: {},
	user_id: key.userId,
	team_id: key.teamId,
	organization_id: key.organizationId,
	permissions: {},
	max_parallel_requests: key.maxParallel,
	metadata: key.metadata,
	tags: key.tags,
	blocked: key.blocked,
	tpm_limit: key.tpmLimit,
	rpm_limit: key.rpmLimit,
	max_budget: toBudget(key.maxBudgetNanos),
	soft_budget: null,
	budget_duration: key.budgetDuration,
	budget_reset_at: toTimeOrNull(findReset(key, nowMs)),
	budget_limits: key.budgetLimits.map(({ duration, maxBudgetNanos }) => ({
		budget_duration: duration,
		max_budget: toBudget(maxBudgetNanos),
	})),
	budget_id: null,
	allowed_cache_controls: [],
	allowed_routes: key.allowedRoutes,
	credential: key.credential,
	model_spend: {},
	model_max_budget: {},
	created_at: toTime(key.createdMs),
	created_by: key.createdBy,
	updated_at: toTime(key.updatedMs),
	updated_by: key.createdBy,
	litellm_budget_table: null,
});

/** As `/key/list` has it. */
export const toKeyRow = (key: VirtualKey, spend: Nanos, nowMs: number) => ({
	token: key.id,
	...toKeyInfo(key, spend, nowMs),
});

/** The one answer that holds the key itself. */
export const toMadeKey = (
	key: VirtualKey,
	clear: string,
	{ spend, nowMs }: { readonly spend: Nanos; readonly nowMs: number },
) => ({
	key: clear,
	token: key.id,
	token_id: key.id,
	...toKeyInfo(key, spend, nowMs),
});
