import { z } from "zod";
import { ApiError, errorTable } from "./errors.ts";
import type { ErrorType } from "./shapes.ts";

/**
 * What a test may ask of one reply. It arrives as JSON in the request header `x-simulator-script`, or from
 * `Simulator.script`. A header, because a gateway must pass headers it does not know untouched: so a scripted call
 * still goes through a gateway byte for byte, with the body that a real client would send.
 */
export const scriptHeader = "x-simulator-script";

const milliseconds = z.number().int().min(0).max(3_600_000);
const count = z.number().int().min(0).max(1_000_000);
const errorTypes = Object.keys(errorTable) as [ErrorType, ...ErrorType[]];

const days = 86_400_000;

/** What the usage and cost reports say of a call, otherwise than it was. */
const billingSchema = z.strictObject({
	/** Nothing. */
	omit: z.boolean().optional(),
	/** Of the list price. */
	percent: z.number().int().min(0).max(1_000).optional(),
	/** That it was so much later. */
	later_ms: z
		.number()
		.int()
		.min(0)
		.max(31 * days)
		.optional(),
	/** Container hours that ran for it, in dollars' thousandths. */
	container_mills: count.optional(),
});

export type Billing = z.infer<typeof billingSchema>;

export const scriptSchema = z.strictObject({
	/** Waits before the reply's first byte. */
	delay_ms: milliseconds.optional(),
	/** Waits before every event of a stream but the first, and before every chunk of `big_bytes` but the first. */
	event_delay_ms: milliseconds.optional(),
	/** Reads the request and never answers. */
	silent: z.boolean().optional(),
	/** Reads nothing of the request's body for so long, so that the upload must stall; then goes on as usual. */
	stall_body_ms: milliseconds.optional(),
	/** Reads and hashes a body of any size, keeps nothing of it, and answers how many bytes came. */
	sink: z.boolean().optional(),
	/** Answers 413 after the first KB of the body and goes on reading. */
	early_response: z.boolean().optional(),

	/** RST: before the head, in the middle of the body, or after so many events. */
	reset: z
		.union([
			z.literal("before_head"),
			z.literal("mid_body"),
			z.strictObject({ after_events: count }),
		])
		.optional(),
	/** FIN before the announced length, or in a stream after so many events and without the last chunk. */
	truncate: z
		.union([z.literal("mid_body"), z.strictObject({ after_events: count })])
		.optional(),
	/** Breaks the chunked framing in the middle of the body. */
	malformed_chunk: z.boolean().optional(),
	/** Bytes that are no HTTP, then FIN. */
	garbage: z.boolean().optional(),
	/** HTTP/1.0 without a length: the end of the connection is the end of the body. */
	no_length: z.boolean().optional(),

	redirect: z
		.strictObject({
			status: z.union([
				z.literal(301),
				z.literal(302),
				z.literal(307),
				z.literal(308),
			]),
			location: z.string(),
		})
		.optional(),
	/** One of the API's errors, with its headers. `type` or `status` is enough. */
	error: z
		.strictObject({
			type: z.enum(errorTypes).optional(),
			status: z.number().int().min(400).max(599).optional(),
			message: z.string().optional(),
			error_code: z.string().optional(),
			/** As JSON, as the edge's HTML page, or with an empty body. */
			form: z.enum(["json", "html", "empty"]).optional(),
			/** The usual headers of the error; the monthly cap's 429 comes without. */
			bare: z.boolean().optional(),
		})
		.optional(),
	no_content_type: z.boolean().optional(),
	/** More reply headers; an equal name replaces the usual one. */
	headers: z.record(z.string(), z.string()).optional(),
	/** Hop-by-hop headers, one of them named by `connection`. */
	hop_by_hop: z.boolean().optional(),
	/** So many bytes of extra reply headers. */
	huge_headers_bytes: z.number().int().min(1).max(1_000_000).optional(),
	/** Compresses the reply, whatever the client accepts. */
	content_encoding: z.enum(["gzip", "deflate", "br", "zstd"]).optional(),
	/** A body of so many seeded bytes, made while it is sent. */
	big_bytes: z.number().int().min(0).max(10_000_000_000).optional(),

	/** Members that replace those of the composed message (of a batch: of each); a stream is made from the result. */
	message: z.record(z.string(), z.unknown()).optional(),
	/** A ready-made message; see `scenarios.ts`. */
	scenario: z.string().optional(),
	/** So many text deltas (a stream), instead of as many as the text needs. */
	repeat_events: z.number().int().min(1).max(1_000_000).optional(),
	/** Ends the stream with an error event after so many events. */
	error_event: z
		.strictObject({ after_events: count, type: z.enum(errorTypes).optional() })
		.optional(),
	/** Raw text put between two events: unknown events, comments, anything. */
	insert: z
		.array(z.strictObject({ after_events: count, text: z.string() }))
		.max(100)
		.optional(),
	/** How a stream is cut into writes: pieces of so many bytes, or of seeded random sizes. */
	split: z
		.union([
			z.strictObject({ bytes: z.number().int().min(1) }),
			z.strictObject({ seed: z.number().int() }),
		])
		.optional(),
	line_end: z.enum(["lf", "crlf", "cr"]).optional(),
	bom: z.boolean().optional(),
	/** A comment line before every event. */
	comments: z.boolean().optional(),

	/** Of a call, or of all that a batch comes to. */
	billing: billingSchema.optional(),
	/** How many polls of a batch created by this call still find it in progress. */
	batch_polls: count.optional(),
	/** What becomes of single items of a batch, by `custom_id`. */
	batch_outcomes: z
		.record(z.string(), z.enum(["errored", "canceled", "expired"]))
		.optional(),
});

export type Script = z.infer<typeof scriptSchema>;

export const emptyScript: Readonly<Script> = {};

/** Chooses the script of a request from its head; undefined leaves it to the next chooser, then to the header. */
export type ChooseScript = (request: {
	method: string;
	/** Path and query as received. */
	target: string;
	rawHeaders: readonly string[];
}) => Script | undefined;

/** Throws a 400 that names the mistake: a script that is misspelt must not pass as none. */
export function readScript(json: string): Script {
	let value: unknown;
	try {
		value = JSON.parse(json);
	} catch {
		throw new ApiError(
			"invalid_request_error",
			`${scriptHeader}: not valid JSON`,
		);
	}
	const parsed = scriptSchema.safeParse(value);
	if (parsed.success) return parsed.data;
	throw new ApiError(
		"invalid_request_error",
		`${scriptHeader}: ${z.prettifyError(parsed.error)}`,
	);
}
