/** What a call will cost, before it is sent. */
import { z } from "zod";
import { type Nanos, toDollarText } from "../domain/nanos.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { toDollars } from "./spend-row.ts";

export interface EstimateState {
	/** The gateway's own. @throws GatewayError `malformed_request`, `unknown_model` */
	estimate(body: Readonly<Record<string, unknown>>): {
		readonly calls: number;
		readonly leastNanos: Nanos;
		readonly leastInputTokens: number;
		readonly most: {
			readonly nanos: Nanos;
			readonly inputTokens: number;
			readonly outputTokens: number;
			readonly webSearches: number;
		};
	};
}

const estimateBody = z.looseObject({
	model: z.string().optional(),
	messages: z.array(z.unknown(), "must be a list").optional(),
	requests: z.array(z.unknown(), "must be a list").optional(),
});

/**
 * Dollars as floats, and exactly as text. At most: what a budget must have left for it to be let through. At least: its
 * prompt out of the cache where it asks for caching, and an answer of one token; real text costs more.
 */
async function answerEstimate(
	{ body }: Asked<z.output<typeof estimateBody>>,
	{ estimate }: EstimateState,
) {
	const { calls, leastNanos, leastInputTokens, most } = estimate(body);
	return {
		calls,
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
