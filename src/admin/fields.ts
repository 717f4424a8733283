/** The kinds of value that bodies of management routes hold, in LiteLLM's words. What a schema says never quotes a value. */
import { z } from "zod";
import { grammar, toDuration, toDurationText } from "../domain/duration.ts";
import { text, withoutEffect } from "./read-input.ts";

const maxListed = 200;
const maxMetadataBytes = 16_384;
/** What nano-dollars hold exactly in a number. */
const maxBudgetDollars = 9_000_000;
const nanoPlaces = 9;
const maxCount = 1_000_000_000_000;

export const texts = z
	.array(text, "must be a list")
	.max(maxListed, "is too long");

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
	.transform((value) => Number(value.toFixed(nanoPlaces).replace(".", "")));

export const count = z
	.int("must be a whole number")
	.min(0, "must not be negative")
	.max(maxCount, `must be at most ${maxCount}`);

export const metadata = z
	.record(z.string(), z.unknown(), "must be an object")
	.refine(
		(value) => JSON.stringify(value).length <= maxMetadataBytes,
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
	.optional()
	.meta({
		description: "Has no effect here: welcome while it says nothing",
		enum: [null, "", false, [], {}],
		[withoutEffect]: true,
	});

/** Fields of the contract that change nothing here: whole objects with their defaults are welcome, other values are not. */
const toNothings = (names: readonly string[]) =>
	Object.fromEntries(names.map((name) => [name, nothing]));

/** A body of these fields; any other is refused by its name. */
export const toBody = <Shape extends z.ZodRawShape>(
	shape: Shape,
	inert: readonly string[] = [],
) =>
	// What is without effect is undefined in the output, and not for anybody to read.
	z.strictObject({ ...toNothings(inert), ...shape } as Shape, {
		error: (issue) =>
			issue.code === "unrecognized_keys"
				? `${issue.keys.join(", ")}: no such field`
				: "The body must be an object",
	});

/** What was said, or else what there is; null takes it away. */
export const said = <T>(value: T | undefined, before: T): T =>
	value === undefined ? before : value;
