/** What a call will cost, before it is sent. */
import { z } from "zod";
import { type Nanos, toDollarText } from "../domain/nanos.ts";
import type { RequestHeaders } from "../platform/contract.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { toDollars } from "./spend-row.ts";

interface Estimated {
	readonly calls: number;
	readonly leastNanos: Nanos;
	readonly leastInputTokens: number;
	readonly most: {
		readonly nanos: Nanos;
		readonly inputTokens: number;
		readonly outputTokens: number;
		readonly webSearches: number;
	};
	/** Calls whose prompts upstream has counted. */
	readonly counted: number;
	/** Why not all of them were; null where all were. */
	readonly whyNot: string | null;
}

export interface EstimateState {
	/** The gateway's own. Rejects with GatewayError `malformed_request`, `unknown_model`. */
	estimate(asked: {
		readonly body: Readonly<Record<string, unknown>>;
		readonly headers: RequestHeaders;
		/** Whether upstream's free count_tokens is asked. */
		readonly counts: boolean;
	}): Promise<Estimated>;
}

const estimateBody = z.looseObject({
	model: z.string().optional(),
	messages: z.array(z.unknown(), "must be a list").optional(),
	requests: z.array(z.unknown(), "must be a list").optional(),
	count_tokens: z
		.boolean("must be true or false")
		.default(true)
		.describe(
			"Whether upstream is asked, at no cost, how long the prompt is. Of a batch it counts the first 32.",
		),
});

const toCountedBy = ({ calls, counted }: Estimated) =>
	counted === 0 ? "estimate" : counted < calls ? "both" : "count_tokens";

/**
 * Dollars as floats, and exactly as text. At most: what a budget must have left for it to be let through. At least: its
 * prompt out of the cache where it asks for caching, and an answer of one token; real text costs more. `counted_by` says how
 * long prompts are found to be; where upstream did not count them all, `not_counted` says why.
 */
async function answerEstimate(
	{
		body: { count_tokens: counts, ...body },
		headers,
	}: Asked<z.output<typeof estimateBody>>,
	{ estimate }: EstimateState,
) {
	const estimated = await estimate({ body, headers, counts });
	const { calls, leastNanos, leastInputTokens, most } = estimated;
	return {
		calls,
		counted_by: toCountedBy(estimated),
		counted_calls: estimated.counted,
		not_counted: estimated.whyNot,
		at_least: toDollars(leastNanos),
		at_least_usd: toDollarText(leastNanos),
		at_most: toDollars(most.nanos),
		at_most_usd: toDollarText(most.nanos),
		input_tokens: { at_least: leastInputTokens, at_most: most.inputTokens },
		output_tokens: { at_least: calls, at_most: most.outputTokens },
		web_searches: { at_most: most.webSearches },
	};
}

export const estimateRoutes: readonly ManagedRoute<EstimateState>[] = [
	defineRoute({
		method: "POST",
		path: "/spend/estimate",
		summary: "What a call or a batch will cost, at least and at most",
		for: "operator",
		body: estimateBody,
		example: {
			body: {
				model: "claude-sonnet-5-5",
				max_tokens: 1_000,
				messages: [{ role: "user", content: "Hello, world" }],
			},
		},
		answer: answerEstimate,
	}),
];
