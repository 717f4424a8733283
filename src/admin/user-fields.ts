/** What a user can be given: `/user/new` and `/user/update`. */
import { z } from "zod";
import { userRoles } from "../domain/people.ts";
import {
	clearable,
	metadata,
	optional,
	texts,
	throughput,
	toBody,
	yesOrNo,
} from "./fields.ts";
import { type KeyFields, acted as keyShape } from "./key-fields.ts";
import { limitedShape, shownOfLimited } from "./limit-fields.ts";
import { text } from "./read-input.ts";

export const role = z.enum(userRoles, {
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
	rpm_limit_type: throughput,
	tpm_limit_type: throughput,
};

const inert = [
	"access_group_ids",
	"agent_id",
	"allowed_cache_controls",
	"allowed_passthrough_routes",
	"auto_rotate",
	"blocked",
	"budget_fallbacks",
	"config",
	"default_estimated_output_tokens",
	"default_estimated_output_tokens_per_model",
	"enforced_params",
	"guardrails",
	"object_permission",
	"object_permission_id",
	"organizations",
	"password",
	"permissions",
	"policies",
	"project_id",
	"prompts",
	"rotation_interval",
	"router_settings",
	"send_invite_email",
	"sso_user_id",
	"team_id",
] as const;

/** Of the first key. */
const ofKey = {
	aliases: keyShape.aliases,
	allowed_routes: keyShape.allowed_routes,
	duration: keyShape.duration,
	key_alias: keyShape.key_alias,
	key_type: keyShape.key_type,
	tags: keyShape.tags,
};
export const namesOfKey = Object.keys(ofKey) as (keyof typeof ofKey)[];

export const newBody = toBody(
	{
		...acted,
		...ofKey,
		user_id: optional(text),
		teams: optional(texts),
		auto_create_key: optional(yesOrNo),
	},
	inert,
	// Beside the metadata they are the tags of the first key.
	{ kept: ["tags"] },
);

/** Columns of a user that `/user/update` does not set; teams have routes of their own. */
export const shownOfUsers = [
	"created_at",
	"key_count",
	"teams",
	...shownOfLimited,
] as const;

export const updateBody = toBody(
	{ ...acted, user_id: optional(text) },
	[...inert, "auto_create_key", ...namesOfKey],
	{ shown: shownOfUsers },
);
export const deleteBody = toBody({ user_ids: texts });

export type UserFields = {
	readonly [K in keyof typeof acted]?: z.output<(typeof acted)[K]>;
};

export type FirstKeyFields = {
	readonly [K in keyof typeof ofKey]?: KeyFields[K];
};
