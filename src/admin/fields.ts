/** The kinds of value that bodies of management routes hold, in LiteLLM's words. What a schema says never quotes a value. */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { grammar, toDuration, toDurationText } from "../domain/duration.ts";
import { cleanLabel, cutLabel } from "../domain/labels.ts";
import { text, withoutEffect } from "./read-input.ts";

const maxListed = 200;
const maxMetadataBytes = 16_384;
/** What nano-dollars hold exactly in a number. */
const maxBudgetDollars = 9_000_000;
const nanoPlaces = 9;
const leastDollars = 1e-9;
const maxCount = 1_000_000_000_000;

export const texts = z
	.array(text, "must be a list")
	.max(maxListed, "is too long");

/** As the labels of a call are cleaned and cut; what is left of it must be something. */
export const label = text.transform((value, context) => {
	const clean = cutLabel(cleanLabel(value));
	if (clean !== "") return clean;
	context.addIssue({ code: "custom", message: "must hold something visible" });
	return z.NEVER;
});

/** Each once. */
export const labels = z
	.array(label, "must be a list")
	.max(maxListed, "is too long")
	.transform((all): readonly string[] => [...new Set(all)]);

/** What the reader says of a text is for the one who wrote it. */
export const readAs = <T>(read: (value: string) => T) =>
	text.transform((value, context) => {
		try {
			return read(value);
		} catch (error) {
			if (!(error instanceof RangeError)) throw error;
			context.addIssue({ code: "custom", message: error.message });
			return z.NEVER;
		}
	});

/** As `toDuration` reads it. */
export const limitDuration = readAs((value) =>
	toDurationText(toDuration(value)),
).meta({ pattern: grammar.source });

/** A number of dollars is decimal text in the JSON that it came in; so it becomes nano-dollars, exactly. */
export const dollars = z
	.number("must be a number of dollars")
	.min(0, "must not be negative")
	.max(maxBudgetDollars, `must be at most ${maxBudgetDollars} dollars`)
	.refine(
		(value) => value === 0 || value >= leastDollars,
		"must be 0, or at least 0.000000001 dollars",
	)
	.transform((value) => Number(value.toFixed(nanoPlaces).replace(".", "")));

export const count = z
	.int("must be a whole number")
	.min(0, "must not be negative")
	.max(maxCount, `must be at most ${maxCount}`);

export const metadata = z
	.record(z.string(), z.unknown(), "must be an object")
	.refine(
		(value) => Buffer.byteLength(JSON.stringify(value)) <= maxMetadataBytes,
		`must have at most ${maxMetadataBytes} bytes`,
	);

export const yesOrNo = z.boolean("must be true or false");

/** Milliseconds since 1970. */
export const moment = z.iso
	.datetime({ offset: true, local: true, error: "must be a time, ISO 8601" })
	.transform((value) =>
		Date.parse(/[Z+-]\d*:?\d*$/.test(value.slice(10)) ? value : `${value}Z`),
	);

/** Names for models: what is asked for, and what is asked for instead. */
export const aliases = z
	.record(text, text, "must be an object of model names")
	.refine(
		(value) => Object.keys(value).length <= maxListed,
		"has too many members",
	);

/** Null is as good as nothing, and so is the empty text that scripts send. */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
	z
		.preprocess(
			(value) => (value === null || value === "" ? undefined : value),
			schema.optional(),
		)
		.optional();

/** The same, but null takes away what there was. */
export const clearable = <Schema extends z.ZodType>(schema: Schema) =>
	z
		.preprocess(
			(value) => (value === "" ? undefined : value),
			schema.nullable().optional(),
		)
		.optional();

/** What scripts send for a field of which they say nothing. */
export function isNothing(value: unknown): boolean {
	if (value === null || value === undefined) return true;
	if (typeof value === "object") return Object.keys(value).length === 0;
	return value === "" || value === false;
}

const nothing = z
	.unknown()
	.refine(
		isNothing,
		"is not supported by this version of Tollway; leave it out",
	)
	.transform(() => undefined)
	.optional()
	.meta({
		description: "Has no effect here: welcome while it says nothing",
		enum: [null, "", false, [], {}],
		[withoutEffect]: true,
	});

/** Fields of the contract that change nothing here: whole objects with their defaults are welcome, other values are not. */
const toNothings = (names: readonly string[]) =>
	Object.fromEntries(names.map((name) => [name, nothing]));

/** LiteLLM's word for how limits are shared out: each holds by itself, whatever others use. */
export const throughput = optional(
	z.enum(["best_effort_throughput"], {
		error:
			"may only be best_effort_throughput: no throughput is guaranteed or shared out",
	}),
);

/** Marks a field that only answers have. */
const columnOfAnswers = z.unknown().optional().meta({
	description:
		"Only shown: it may come back as it stands, and cannot be set here",
});

export interface BodyOptions {
	/** Columns that only answers have. */
	readonly shown?: readonly string[];
	/** What stands under these names within `metadata` stays there: beside it they mean something else. */
	readonly kept?: readonly string[];
}

/** A body of these fields; any other is refused by its name. */
export function toBody<Shape extends z.ZodRawShape>(
	shape: Shape,
	inert: readonly string[] = [],
	{ shown = [], kept = [] }: BodyOptions = {},
): z.ZodType<z.output<z.ZodObject<Shape>>> {
	const columns = Object.fromEntries(
		shown.map((name) => [name, columnOfAnswers]),
	);
	// What is without effect is undefined in the output, and not for anybody to read.
	const all = { ...columns, ...toNothings(inert), ...shape } as Shape;
	const body = z.strictObject(all, {
		error: (issue) =>
			issue.code === "unrecognized_keys"
				? `${issue.keys.join(", ")}: no such field`
				: "The body must be an object",
	});
	if (!("metadata" in shape)) return body;
	const lifted = Object.keys(alsoInMetadata).filter(
		(name) => name in shape && !kept.includes(name),
	);
	return z.preprocess(toLifted(lifted), body);
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
	typeof value === "object" && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): boolean =>
	Array.isArray(value) && value.every((one) => typeof one === "string");

/** Fields that the contract also shows within `metadata`, and what they look like there. */
const alsoInMetadata: Readonly<Record<string, (value: unknown) => boolean>> = {
	model_rpm_limit: isObject,
	model_tpm_limit: isObject,
	temp_budget_increase: (value) => typeof value === "number",
	temp_budget_expiry: (value) => typeof value === "string",
	tags: isTexts,
};

/** What stands within `metadata` is what it is beside it, where it says more; so it is never kept twice. */
const toLifted = (names: readonly string[]) => (body: unknown) => {
	const metadata = isObject(body) ? body.metadata : null;
	if (!isObject(body) || !isObject(metadata)) return body;
	const isLifted = ([name, value]: [string, unknown]) =>
		names.includes(name) && alsoInMetadata[name]?.(value) === true;
	const members = Object.entries(metadata);
	const lifted = members.filter(isLifted);
	if (lifted.length === 0) return body;
	return {
		...body,
		...Object.fromEntries(
			lifted.map(([name, value]) => [name, body[name] ?? value]),
		),
		metadata: Object.fromEntries(members.filter((one) => !isLifted(one))),
	};
};

/** What was said, or else what there is; null takes it away. */
export const said = <T>(value: T | undefined, before: T): T =>
	value === undefined ? before : value;
