/** What a call, or a batch of them, will cost at least and at most, told from its body. */
import { GatewayError } from "../domain/error.ts";
import {
	addHoldAmounts,
	type HoldAmount,
	type HoldAsk,
	type HoldMode,
	noHoldAmount,
	toHoldAmount,
} from "../domain/hold-amount.ts";
import { type Nanos, noNanos, toNanos } from "../domain/nanos.ts";
import { emptyUsage } from "../domain/usage.ts";
import type { Catalog } from "../pricing/catalog.ts";
import { toCost } from "../pricing/cost.ts";
import { toFindPrice } from "./find-price.ts";
import { toHoldAsk } from "./hold-ask.ts";
import { scanBody } from "./scan/scan.ts";

export interface EstimateOptions {
	readonly catalog: Catalog;
	readonly mode: HoldMode;
	/** When it is sent. Milliseconds since 1970. */
	readonly atMs: number;
}

export interface Estimate {
	/** 1, or the items of a batch. */
	readonly calls: number;
	readonly leastNanos: Nanos;
	readonly leastInputTokens: number;
	/** What admission would hold. */
	readonly most: HoldAmount;
}

type Body = Readonly<Record<string, unknown>>;

/** One call whose cost is asked for. */
export interface EstimatedCall {
	readonly body: Body;
	readonly ask: HoldAsk;
	readonly requestedModel: string;
}

/** By upstream's own word; null where it said nothing. In the order of the calls, and where they end there are none. */
export type CountedTokens = readonly (number | null)[];

/**
 * Of a body of messages, or of a batch: `{requests: [{params}]}`.
 * @throws GatewayError `malformed_request`, `unknown_model`
 */
export function readCalls(
	body: Body,
	options: EstimateOptions,
): readonly EstimatedCall[] {
	const { requests } = body;
	if (!Array.isArray(requests)) return [readCall(body, false, options)];
	return requests.map((item) => readCall(toParams(item), true, options));
}

/** Of all of them together. */
export const addUpCalls = (
	calls: readonly EstimatedCall[],
	counted: CountedTokens,
	options: EstimateOptions,
): Estimate =>
	calls
		.map((call, at) => ofCall(call, counted[at] ?? null, options))
		.reduce(addUp, nothing);

const nothing: Estimate = {
	calls: 0,
	leastNanos: noNanos,
	leastInputTokens: 0,
	most: noHoldAmount,
};

const addUp = (a: Estimate, b: Estimate): Estimate => ({
	calls: a.calls + b.calls,
	leastNanos: toNanos(a.leastNanos + b.leastNanos),
	leastInputTokens: a.leastInputTokens + b.leastInputTokens,
	most: addHoldAmounts(a.most, b.most),
});

function toParams(item: unknown): Body {
	const params = (item as { params?: unknown } | null)?.params;
	if (typeof params === "object" && params !== null) return params as Body;
	throw new GatewayError(
		"malformed_request",
		"requests: each must have params, the body of a call.",
	);
}

function readCall(
	body: Body,
	batch: boolean,
	{ catalog, atMs }: EstimateOptions,
): EstimatedCall {
	const scan = scanBody(new TextEncoder().encode(JSON.stringify(body)));
	const ask = toHoldAsk(scan, toFindPrice(catalog, atMs));
	if (ask === null || scan.model === undefined) {
		throw new GatewayError(
			"malformed_request",
			"model: none is named, or none whose price is known.",
		);
	}
	return { body, ask: { ...ask, batch }, requestedModel: scan.model };
}

/** Text has rarely so many bytes to a token; names and brackets of the JSON, which are none, are among them. */
const mostBytesPerToken = 8;

/** count_tokens is an estimate itself: a twentieth less may be charged for. */
const countedSlackDivisor = 20;

const toLeastTokens = (ask: HoldAsk, counted: number | null): number =>
	Math.max(
		1,
		counted === null
			? Math.floor(ask.textBytes / mostBytesPerToken)
			: counted - Math.ceil(counted / countedSlackDivisor),
	);

function ofCall(
	{ ask, requestedModel }: EstimatedCall,
	counted: number | null,
	{ catalog, mode, atMs }: EstimateOptions,
): Estimate {
	const leastInputTokens = toLeastTokens(ask, counted);
	const [first] = ask.slots;
	const isCached = ask.cacheWrite !== "none" || ask.continuesThread;
	const usage = {
		...emptyUsage,
		model: first.price.model,
		speed: first.speed,
		// The whole prompt was in the cache, and the answer is a word.
		...(isCached
			? { cacheRead: leastInputTokens }
			: { input: leastInputTokens }),
		output: 1,
	};
	const least = toCost(usage, catalog, {
		atMs,
		requestedModel,
		inBatch: ask.batch,
	});
	return {
		calls: 1,
		leastNanos: least.nanos ?? noNanos,
		leastInputTokens,
		most: toHoldAmount({ ...ask, countedTokens: counted }, mode),
	};
}
