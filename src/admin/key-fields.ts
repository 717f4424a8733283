/** What a key can be given: `/key/generate` and `/key/update`. */
import { z } from "zod";
import { routesByType } from "../domain/allowed-routes.ts";
import { grammar, toDurationOrNever } from "../domain/duration.ts";
import {
	aliases,
	clearable,
	dollars,
	labels,
	limitDuration,
	metadata,
	optional,
	readAs,
	texts,
	throughput,
	toBody,
	yesOrNo,
} from "./fields.ts";
import {
	limitedShape,
	limitShape,
	raiseShape,
	shownOfLimited,
} from "./limit-fields.ts";
import { text } from "./read-input.ts";

/** Characters of a key that somebody chose: fewer can be guessed. */
const minKeyLength = 20;

const ownKey = text
	.refine(
		(key) => key.startsWith("sk-") && !key.startsWith("sk-ant-"),
		"must begin with sk-, and not with sk-ant-",
	)
	.refine(
		(key) => key.length >= minKeyLength,
		`must have at least ${minKeyLength} characters`,
	)
	.refine(
		(key) => /^[\x21-\x2b\x2d-\x7e]+$/.test(key),
		"must be printable ASCII without blanks and commas",
	)
	.meta({
		description:
			"A value of your own: `sk-…`, not `sk-ant-…`; without it one is made",
		pattern: "^sk-(?!ant-)[\\x21-\\x2b\\x2d-\\x7e]+$",
		minLength: minKeyLength,
		examples: ["sk-a-value-of-your-own-0123"],
	});

/** Null: `-1`, which is never. */
const duration = readAs(toDurationOrNever).meta({
	pattern: `${grammar.source}|^-1$`,
});

export const acted = {
	key_alias: clearable(text),
	user_id: clearable(text),
	team_id: clearable(text),
	organization_id: clearable(text),
	duration: optional(duration),
	models: optional(texts),
	aliases: optional(aliases),
	tags: optional(labels),
	metadata: optional(metadata),
	blocked: optional(yesOrNo),
	allowed_routes: optional(texts),
	...limitedShape,
	...raiseShape,
	rpm_limit_type: throughput,
	tpm_limit_type: throughput,
	key_type: optional(
		z.enum(Object.keys(routesByType), {
			error: `must be one of ${Object.keys(routesByType).join(", ")}`,
		}),
	),
	credential: optional(
		z.enum(["server", "client"], { error: "must be server or client" }),
	),
};

/** Fields that limit what a key may use. */
export const limitFields = Object.keys(
	limitShape,
) as (keyof typeof limitShape)[];

const inert = [
	"access_group_ids",
	"agent_id",
	"allowed_cache_controls",
	"allowed_passthrough_routes",
	"auto_rotate",
	"budget_fallbacks",
	"config",
	"default_estimated_output_tokens",
	"default_estimated_output_tokens_per_model",
	"enforced_params",
	"guardrails",
	"object_permission",
	"object_permission_id",
	"permissions",
	"policies",
	"project_id",
	"prompts",
	"rotation_interval",
	"router_settings",
	"send_invite_email",
] as const;

export const generateBody = toBody({ ...acted, key: optional(ownKey) }, inert);

/** For a program: it belongs to a team, and to nobody in it. */
export const serviceAccountBody = toBody(
	{ ...acted, key: optional(ownKey), team_id: text },
	inert,
);

/** A key itself, or its id, hash or alias. */
const named = { key: text };

/** Columns of a key that no body sets. */
export const shownOfKeys = [
	"token",
	"token_id",
	"key_name",
	"expires",
	"created_at",
	"created_by",
	"user",
	...shownOfLimited,
] as const;

export const updateBody = toBody({ ...acted, ...named }, inert, {
	shown: shownOfKeys,
});
export const regenerateBody = toBody(
	{
		...acted,
		key: optional(text),
		new_key: optional(ownKey),
		grace_period: optional(limitDuration),
	},
	[...inert, "new_master_key"],
);

export const oneKey = toBody(named);

export const resetBody = toBody({ reset_to: dollars });

const isList = (name: string) => ({
	required: [name],
	properties: { [name]: { type: "array" } },
});

export const deleteBody = toBody({
	keys: optional(texts),
	key_aliases: optional(texts),
})
	.refine(
		({ keys, key_aliases }) => keys !== undefined || key_aliases !== undefined,
		"send keys or key_aliases",
	)
	.meta({ anyOf: ["keys", "key_aliases"].map(isList) });

/** What is to be set; undefined: nothing was said. */
export type KeyFields = {
	readonly [Name in keyof typeof acted]?: z.output<(typeof acted)[Name]>;
};
