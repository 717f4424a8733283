/** What comes in by a management route, checked by the schema that stands beside the route. */
import type { Context } from "hono";
import { z } from "zod";
import { GatewayError } from "../domain/error.ts";

const maxTextLength = 512;

/** An id or a name in a query: one line. NUL is no text to PostgreSQL. */
export const text = z
	.string("must be one text")
	.min(1, "must not be empty")
	.max(maxTextLength, `must have at most ${maxTextLength} characters`)
	.refine((value) => !/\p{Cc}/u.test(value), "must hold no control characters");

/** A day, UTC. Gives its first moment, in milliseconds since 1970. */
export const day = z.iso
	.date("must be a day such as 2026-11-22")
	.refine((value) => value >= "1970", "must not be before 1970")
	.transform((value) => Date.parse(`${value}T00:00:00Z`));

const words: Readonly<Record<string, boolean>> = {
	true: true,
	1: true,
	yes: true,
	on: true,
	false: false,
	0: false,
	no: false,
	off: false,
};

/** As LiteLLM reads it, Python's True and False among them. */
export const flag = z.string().transform((value, context): boolean => {
	const found = new Map(Object.entries(words)).get(value.toLowerCase());
	if (found !== undefined) return found;
	context.addIssue({ code: "custom", message: "must be true or false" });
	return z.NEVER;
});

/** Of a parameter that was sent more than once the first; an empty one is as good as none. @throws GatewayError `malformed_request` */
export function readQuery<Schema extends z.ZodType>(
	c: Context,
	schema: Schema,
): z.output<Schema> {
	const given = Object.entries(c.req.query()).filter(
		([, value]) => value !== "",
	);
	return check(Object.fromEntries(given), schema);
}

/** @throws GatewayError `malformed_request` for what is no JSON or does not fit the schema */
export async function readBody<Schema extends z.ZodType>(
	c: Context,
	schema: Schema,
): Promise<z.output<Schema>> {
	let body: unknown;
	try {
		body = await c.req.json();
	} catch (error) {
		if (!(error instanceof SyntaxError || error instanceof RangeError))
			throw error;
		throw new GatewayError("malformed_request", "The body must be JSON.");
	}
	return check(body, schema);
}

function check<Schema extends z.ZodType>(
	value: unknown,
	schema: Schema,
): z.output<Schema> {
	const { success, data, error } = schema.safeParse(value);
	if (success) return data;
	const [issue] = error.issues;
	const where = issue?.path.join(".");
	// The message of a schema never quotes the value.
	throw new GatewayError(
		"malformed_request",
		where ? `${where}: ${issue?.message}.` : `${issue?.message}.`,
	);
}
