/** What a call would cost, or did. */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { GatewayError } from "../domain/error.ts";
import { noNanos, toDollarText } from "../domain/nanos.ts";
import { emptyUsage, type Usage } from "../domain/usage.ts";
import type { Catalog } from "../pricing/catalog.ts";
import { toCost } from "../pricing/cost.ts";
import { text } from "./read-input.ts";
import { toDollars } from "./spend-row.ts";

/** Reads what a whole reply says of its usage; the gateway's own. */
export type ReplyMeter = (
	reply: Uint8Array,
	kind: "messages" | "chat_completions",
) => {
	readonly usage: Usage;
	readonly known: "nothing" | "input" | "all";
	readonly malformed: boolean;
};

export const calculateBody = z.object(
	{
		model: text.optional(),
		messages: z.array(z.unknown(), "must be a list").optional(),
		completion_response: z
			.record(z.string(), z.unknown(), "must be an object")
			.optional(),
	},
	"The body must be an object",
);

export interface CalculateOptions {
	readonly catalog: Catalog;
	readonly meter: ReplyMeter;
	readonly atMs: number;
}

/**
 * `{cost, …}`: dollars as a float, the same exactly as `cost_usd`, and how well it is known. Of a reply (Anthropic's, or in
 * OpenAI's shape) what it cost at the prices of now; of messages alone what sending them would, at a guess.
 * @throws GatewayError `malformed_request`
 */
export function calculate(
	{ model, messages, completion_response }: z.output<typeof calculateBody>,
	{ catalog, meter, atMs }: CalculateOptions,
) {
	const usage = completion_response
		? readReply(completion_response, meter)
		: guessUsage(model, messages);
	const context = { atMs, requestedModel: model ?? null };
	if ((usage.model ?? model) === undefined) {
		throw new GatewayError(
			"malformed_request",
			"model: neither the body nor its completion_response names one.",
		);
	}
	const cost = toCost(usage, catalog, context);
	const isGuess = completion_response === undefined && cost.nanos !== null;
	const nanos = cost.nanos ?? noNanos;
	return {
		cost: toDollars(nanos),
		cost_usd: toDollarText(nanos),
		cost_state: isGuess ? "estimated" : cost.state,
		model: usage.model ?? model,
		input_tokens: usage.input,
		output_tokens: usage.output,
		cache_creation_input_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
		cache_read_input_tokens: usage.cacheRead,
		price: cost.price,
		price_catalog: cost.catalog,
		notes: cost.notes,
	};
}

function readReply(
	reply: Readonly<Record<string, unknown>>,
	meter: ReplyMeter,
): Usage {
	const counts = reply.usage as Readonly<Record<string, unknown>> | null;
	const isChat = counts?.prompt_tokens !== undefined;
	const bytes = new TextEncoder().encode(JSON.stringify(reply));
	const reading = meter(bytes, isChat ? "chat_completions" : "messages");
	if (reading.known === "all" && !reading.malformed) return reading.usage;
	throw new GatewayError(
		"malformed_request",
		"completion_response: it has no usage that can be read.",
	);
}

/** English text has about so many bytes to a token. */
const bytesPerToken = 3.5;
/** Most images have fewer; those of an older size have as many. */
const tokensPerImage = 1_600;

function guessUsage(
	model: string | undefined,
	messages: readonly unknown[] | undefined,
): Usage {
	if (model === undefined || messages === undefined) {
		throw new GatewayError(
			"malformed_request",
			"Send either model and messages, or completion_response.",
		);
	}
	const { bytes, images } = measure(messages);
	return {
		...emptyUsage,
		model,
		input: Math.ceil(bytes / bytesPerToken) + images * tokensPerImage,
	};
}

/** Members that are no text of the prompt. */
const silent: ReadonlySet<string> = new Set(["type", "cache_control", "id"]);

/** All text in it, however deep, and images; their bytes are none. */
function measure(messages: readonly unknown[]) {
	let bytes = 0;
	let images = 0;
	const left: unknown[] = [...messages];
	while (left.length > 0) {
		const value = left.pop();
		if (typeof value === "string") bytes += Buffer.byteLength(value);
		if (typeof value !== "object" || value === null) continue;
		const { type } = value as { type?: unknown };
		if (type === "image" || type === "image_url") images += 1;
		else {
			for (const [name, member] of Object.entries(value)) {
				if (!silent.has(name)) left.push(member);
			}
		}
	}
	return { bytes, images };
}
