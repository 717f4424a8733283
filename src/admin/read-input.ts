/** What comes in by a management route, checked by the schema that stands beside the route. */
import { zValidator } from "@hono/zod-validator";
import type { MiddlewareHandler } from "hono";
import { z } from "zod";
import { GatewayError } from "../domain/error.ts";

const maxTextLength = 512;

/** An id or a name in a query: one line. NUL is no text to PostgreSQL. */
export const text = z
	.string("must be one text")
	.min(1, "must not be empty")
	.max(maxTextLength, `must have at most ${maxTextLength} characters`)
	.refine((value) => !/\p{Cc}/u.test(value), "must hold no control characters")
	// A database would keep half of a surrogate pair as something else.
	.refine((value) => value.isWellFormed(), "must be well-formed text");

/** A day, UTC. Gives its first moment, in milliseconds since 1970. */
export const day = z.iso
	.date("must be a day such as 2026-11-22")
	.refine((value) => value >= "1970", "must not be before 1970")
	.transform((value) => Date.parse(`${value}T00:00:00Z`));

/** A moment, UTC: LiteLLM's `2026-11-22 18:00:00`, or a day. Gives what was said, with what it may be. */
export const time = z
	.string("is missing: send a time such as 2026-11-22 18:00:00, or a day")
	.regex(
		/^\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d{1,6})?Z?)?$/,
		"must be a time such as 2026-11-22 18:00:00, or a day",
	)
	.transform((value, context) => {
		const isDay = value.length === "2026-11-22".length;
		const [date, clock = "00:00:00"] = value.replace("Z", "").split(/[ T]/);
		const startMs = Date.parse(`${date}T${clock}Z`);
		const isReal =
			!Number.isNaN(startMs) &&
			startMs >= 0 &&
			new Date(startMs).toISOString().startsWith(`${date}T`);
		if (isReal) return { startMs, lengthMs: isDay ? 86_400_000 : 1_000 };
		context.addIssue({
			code: "custom",
			message: "must be a real time since 1970",
		});
		return z.NEVER;
	});

const maxDollars = 9_000_000;

/** Dollars in a query. Gives nano-dollars. */
export const dollarText = z
	.string()
	.regex(/^\d{1,20}(\.\d{1,30})?(e-?\d{1,2})?$/i, "must be a number of dollars")
	.refine(
		(value) => Number(value) <= maxDollars,
		`must be at most ${maxDollars} dollars`,
	)
	.transform((value) => Number(Number(value).toFixed(9).replace(".", "")))
	.meta({
		type: "number",
		minimum: 0,
		maximum: maxDollars,
		pattern: undefined,
	});

/** Marks, in the description of the API, a field that is welcome while it says nothing. */
export const withoutEffect = "x-tollway-without-effect";

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
export const flag = z
	.string()
	.transform((value, context): boolean => {
		const found = new Map(Object.entries(words)).get(value.toLowerCase());
		if (found !== undefined) return found;
		context.addIssue({ code: "custom", message: "must be true or false" });
		return z.NEVER;
	})
	.meta({ type: "boolean" });

/** Of a parameter that was sent more than once the first; an empty one is as good as none. */
const toFirsts = (given: Readonly<Record<string, string | string[]>>) =>
	Object.fromEntries(
		Object.entries(given)
			.map(([name, value]) => [name, [value].flat()[0]] as const)
			.filter(([, value]) => value !== ""),
	);

/** Checks a query; `c.req.valid("query")` is what the schema makes of it. Throws GatewayError `malformed_request`. */
export const checkQuery = (schema: z.ZodType): MiddlewareHandler =>
	zValidator("query", schema, refuse, {
		validationFunction: (_, given) => schema.safeParse(toFirsts(given)),
	});

/**
 * Checks a body; `c.req.valid("json")` is what the schema makes of it. Throws GatewayError `malformed_request`.
 * @param mayBeEmpty no body at all is `{}`
 */
export const checkBody = (
	schema: z.ZodType,
	mayBeEmpty: boolean,
): MiddlewareHandler[] => [
	asJson(mayBeEmpty),
	zValidator("json", schema, refuse),
];

const jsonHeaders = { "content-type": "application/json" };

/** Whatever a client calls its body: `curl -d` says that it is a form, and the validator would read it as empty. */
const asJson =
	(mayBeEmpty: boolean): MiddlewareHandler =>
	async (c, next) => {
		c.req.raw = new Request(c.req.raw, { headers: jsonHeaders });
		if (mayBeEmpty) {
			const body = (await c.req.raw.text()) || "{}";
			const { method, url } = c.req.raw;
			c.req.raw = new Request(url, { method, headers: jsonHeaders, body });
		}
		try {
			await c.req.json();
		} catch (error) {
			if (!(error instanceof SyntaxError || error instanceof RangeError))
				throw error;
			throw new GatewayError("malformed_request", "The body must be JSON.");
		}
		await next();
	};

interface Checked {
	readonly success: boolean;
	readonly error?: z.core.$ZodError;
}

/** The first thing that is wrong. The message of a schema never quotes the value. */
function refuse({ error }: Checked): void {
	if (error === undefined) return;
	const [issue] = error.issues;
	const where = issue?.path.join(".");
	const param = String(issue?.path[0] ?? toUnknown(issue));
	throw new GatewayError(
		"malformed_request",
		where ? `${where}: ${issue?.message}.` : `${issue?.message}.`,
		param === "" ? {} : { answer: { param } },
	);
}

/** The first field that there is not; empty: that is not what is wrong. */
const toUnknown = (issue: z.core.$ZodIssue | undefined): string =>
	issue?.code === "unrecognized_keys" ? (issue.keys[0] ?? "") : "";

/** What does not fit, and cannot be seen by a schema. */
export const refuseField = (field: string, why: string): GatewayError =>
	new GatewayError("malformed_request", `${field}: ${why}`, {
		answer: { param: field },
	});
