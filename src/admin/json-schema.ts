/** The zod schemas that check requests, as JSON Schema: the side that comes in. */
import { z } from "zod";
import type { Words } from "./field-words.ts";
import { withoutEffect } from "./read-input.ts";

/** As much of it as our schemas make use of. */
export interface JsonSchema {
	type?: string | string[];
	description?: string;
	properties?: Record<string, JsonSchema>;
	required?: string[];
	items?: JsonSchema;
	additionalProperties?: boolean | JsonSchema;
	anyOf?: JsonSchema[];
	enum?: unknown[];
	default?: unknown;
	examples?: unknown[];
	format?: string;
	pattern?: string;
	minimum?: number;
	maximum?: number;
	minLength?: number;
	maxLength?: number;
	maxItems?: number;
	[name: `x-${string}`]: unknown;
}

/** @param words what fields mean whose schema does not say it itself */
export function toJsonSchema(schema: z.ZodType, words: Words): JsonSchema {
	const { $schema: _, ...made } = z.toJSONSchema(schema, {
		io: "input",
		// What JSON Schema has no word for is anything.
		unrepresentable: "any",
		override: ({ zodSchema, jsonSchema }) => {
			if (read(zodSchema, null).success) addNull(jsonSchema as JsonSchema);
			const { data } = read(zodSchema, undefined);
			if (isPlain(data)) jsonSchema.default = data;
			// The pattern of a date says what its format says, in 200 characters.
			if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
		},
	});
	return explain(made as JsonSchema, words);
}

/** A part that throws takes for granted what the part in front of it lets through: it takes no such value. */
function read(schema: z.core.$ZodType, value: unknown) {
	try {
		return z.safeParse(schema, value);
	} catch {
		return { success: false, data: undefined };
	}
}

const isPlain = (value: unknown): value is string | number | boolean =>
	["string", "number", "boolean"].includes(typeof value);

/** Null is as good as nothing in most fields; the schemas say so by a preprocess, which JSON Schema cannot see. */
function addNull(json: JsonSchema): void {
	if (json.enum !== undefined && !json.enum.includes(null)) {
		json.enum.push(null);
	}
	if (json.type === undefined) return;
	json.type = [...new Set([json.type, "null"].flat())];
}

/** Adds to the fields, at whatever depth, what they mean and an example. Those without effect come last. */
function explain(json: JsonSchema, words: Words): JsonSchema {
	if (json.items) explain(json.items, words);
	if (json.properties === undefined) return json;
	const fields = Object.entries(json.properties);
	for (const [name, field] of fields) {
		explain(field, words);
		const word = Object.hasOwn(words, name) ? words[name] : undefined;
		if (word === undefined || field[withoutEffect]) continue;
		field.description ??= word.about;
		if (word.example !== undefined) field.examples ??= [word.example];
	}
	json.properties = Object.fromEntries(
		fields.toSorted(
			([, a], [, b]) => Number(withoutEffect in a) - Number(withoutEffect in b),
		),
	);
	return json;
}

/** What the schema requires, and nothing else, each by its own example. */
export function toExample(json: JsonSchema): Record<string, unknown> {
	const names = json.required ?? json.anyOf?.[0]?.required ?? [];
	return Object.fromEntries(
		names.map((name) => [name, toValue(json.properties?.[name] ?? {})]),
	);
}

function toValue(json: JsonSchema): unknown {
	const [known = json.default ?? json.enum?.[0]] = json.examples ?? [];
	if (known !== undefined) return known;
	const type = [json.type].flat()[0] ?? "";
	return type === "object" ? toExample(json) : (blanks[type] ?? "…");
}

const blanks: Readonly<Record<string, unknown>> = {
	array: [],
	boolean: true,
	integer: 1,
	number: 1,
};
