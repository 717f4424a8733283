/** What a key can be given, in LiteLLM's words: `/key/generate` and `/key/update`. */
import { z } from "zod";
import { routesByType } from "../domain/allowed-routes.ts";
import {
	toDuration,
	toDurationOrNever,
	toDurationText,
} from "../domain/duration.ts";
import { text } from "./read-input.ts";

/** Characters of a key that somebody chose: fewer can be guessed. */
const minKeyLength = 20;
const maxListed = 200;
const maxMetadataBytes = 16_384;
/** What nano-dollars hold exactly in a number. */
const maxBudgetDollars = 9_000_000;
const nanoPlaces = 9;
const maxCount = 1_000_000_000_000;
const maxWindows = 10;

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
	);

const texts = z.array(text, "must be a list").max(maxListed, "is too long");

/** What the reader says of a text is for the one who wrote it. */
const readAs = <T>(read: (value: string) => T) =>
	text.transform((value, context) => {
		try {
			return read(value);
		} catch (error) {
			if (!(error instanceof RangeError)) throw error;
			context.addIssue({ code: "custom", message: error.message });
			return z.NEVER;
		}
	});

/** Null: `-1`, which is never. */
const duration = readAs(toDurationOrNever);
const limitDuration = readAs((value) => toDurationText(toDuration(value)));

/** A number of dollars is decimal text in the JSON that it came in; so it becomes nano-dollars, exactly. */
const budget = z
	.number("must be a number of dollars")
	.min(0, "must not be negative")
	.max(maxBudgetDollars, `must be at most ${maxBudgetDollars} dollars`)
	.transform((dollars) => Number(dollars.toFixed(nanoPlaces).replace(".", "")));

const count = z
	.int("must be a whole number")
	.min(0, "must not be negative")
	.max(maxCount, `must be at most ${maxCount}`);

const metadata = z
	.record(z.string(), z.unknown(), "must be an object")
	.refine(
		(value) => JSON.stringify(value).length <= maxMetadataBytes,
		`must have at most ${maxMetadataBytes} bytes`,
	);

/** Null is as good as nothing, and so is the empty text that scripts send. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
	z
		.preprocess(
			(value) => (value === null || value === "" ? undefined : value),
			schema.optional(),
		)
		.optional();

const acted = {
	key_alias: optional(text),
	user_id: optional(text),
	team_id: optional(text),
	organization_id: optional(text),
	duration: optional(duration),
	models: optional(texts),
	tags: optional(texts),
	metadata: optional(metadata),
	blocked: optional(z.boolean("must be true or false")),
	allowed_routes: optional(texts),
	max_budget: optional(budget),
	budget_duration: optional(limitDuration),
	budget_limits: optional(
		z
			.array(
				z.strictObject(
					{ budget_duration: limitDuration, max_budget: budget },
					"must hold budget_duration and max_budget",
				),
				"must be a list",
			)
			.max(maxWindows, `must have at most ${maxWindows} entries`),
	),
	rpm_limit: optional(count),
	tpm_limit: optional(count),
	max_parallel_requests: optional(count),
	key_type: optional(
		z.enum(Object.keys(routesByType), {
			error: `must be one of ${Object.keys(routesByType).join(", ")}`,
		}),
	),
	credential: optional(
		z.enum(["server", "client"], { error: "must be server or client" }),
	),
};

/** Fields of the contract that change nothing here: whole objects with their defaults are welcome, other values are not. */
const inert = [
	"access_group_ids",
	"agent_id",
	"aliases",
	"allowed_cache_controls",
	"allowed_passthrough_routes",
	"auto_rotate",
	"budget_fallbacks",
	"budget_id",
	"config",
	"default_estimated_output_tokens",
	"default_estimated_output_tokens_per_model",
	"enforced_params",
	"guardrails",
	"model_max_budget",
	"model_rpm_limit",
	"model_tpm_limit",
	"object_permission",
	"permissions",
	"policies",
	"project_id",
	"prompts",
	"rotation_interval",
	"router_settings",
	"rpm_limit_type",
	"send_invite_email",
	"soft_budget",
	"spend",
	"temp_budget_expiry",
	"temp_budget_increase",
	"tpm_limit_type",
] as const;

function isDefault(value: unknown): boolean {
	if (value === null || value === undefined) return true;
	if (typeof value === "object") return Object.keys(value).length === 0;
	return value === "" || value === false;
}

const nothing = z
	.unknown()
	.refine(
		isDefault,
		"is not supported by this version of Tollway; leave it out",
	)
	.transform(() => undefined)
	.optional();

const withoutEffect = Object.fromEntries(inert.map((name) => [name, nothing]));

const unknown = (issue: {
	readonly code?: string;
	readonly keys?: string[];
}) =>
	issue.code === "unrecognized_keys"
		? `${issue.keys?.join(", ")}: no such field`
		: "The body must be an object";

const toBody = <Shape extends z.ZodRawShape>(shape: Shape) => {
	const all = { ...withoutEffect, ...acted, ...shape };
	// What is without effect is undefined in the output, and not for anybody to read.
	return z.strictObject(all as Shape & typeof acted, {
		error: (issue) => unknown(issue as Parameters<typeof unknown>[0]),
	});
};

export const generateBody = toBody({ key: optional(ownKey) });

/** A key itself, or its id, hash or alias. */
const named = { key: text };

export const updateBody = toBody(named);
export const regenerateBody = toBody({
	key: optional(text),
	new_key: optional(ownKey),
	new_master_key: nothing,
	grace_period: optional(duration),
});

export const oneKey = z.object(named, "The body must be an object");

export const deleteBody = z
	.object(
		{ keys: optional(texts), key_aliases: optional(texts) },
		"The body must be an object",
	)
	.refine(
		({ keys, key_aliases }) => keys !== undefined || key_aliases !== undefined,
		"send keys or key_aliases",
	);

/** What is to be set; undefined: nothing was said. */
export type KeyFields = {
	readonly [Name in keyof typeof acted]?: z.output<(typeof acted)[Name]>;
};
