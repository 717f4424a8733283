/** Usages, catalogs and times for the tests of pricing. */
import { toDollarText } from "../../src/domain/nanos.ts";
import type { Iteration, TokenCounts, Usage } from "../../src/domain/usage.ts";
import type { Catalog } from "../../src/pricing/catalog.ts";
import { type CostContext, toCost } from "../../src/pricing/cost.ts";
import {
	loadPrices,
	type PriceSettings,
	toPrices,
} from "../../src/pricing/load-prices.ts";

export const noTokens: TokenCounts = {
	input: 0,
	output: 0,
	cacheWrite5m: 0,
	cacheWrite1h: 0,
	cacheRead: 0,
};

export const toUsage = (part: Partial<Usage>): Usage => ({
	...noTokens,
	model: "claude-sonnet-5-5",
	serviceTier: "standard",
	inferenceGeo: "global",
	speed: "standard",
	stopReason: "end_turn",
	webSearches: 0,
	codeExecutions: 0,
	thinking: 0,
	iterations: [],
	...part,
});

export const toIteration = (
	type: string,
	part: Partial<Iteration>,
): Iteration => ({ ...noTokens, type, model: null, ...part });

export const noonOf = (day: string): number => Date.parse(`${day}T12:00:00Z`);

/** The day of the worked examples. */
export const now = noonOf("2026-11-22");

export const plainSettings: PriceSettings = {
	unknownModel: "dearest",
	factor: "1",
	path: null,
};

function orThrow({
	catalog,
	problems,
}: ReturnType<typeof loadPrices>): Catalog {
	if (problems) throw new Error(problems.join("\n"));
	return catalog;
}

export const openShipped = (part: Partial<PriceSettings> = {}): Catalog =>
	orThrow(loadPrices({ ...plainSettings, ...part }));

/** As if the file of the operator's own held this. */
export const layOwn = (own: unknown, part: Partial<PriceSettings> = {}) =>
	toPrices(
		{ ...plainSettings, path: "own.json", ...part },
		{ text: JSON.stringify(own), stamp: "" },
	);

export const openOwn = (
	own: unknown,
	part: Partial<PriceSettings> = {},
): Catalog => orThrow(layOwn(own, part));

const shipped = openShipped();

export const costOf = (
	part: Partial<Usage>,
	context: Partial<CostContext> = {},
	catalog = shipped,
) =>
	toCost(toUsage(part), catalog, {
		atMs: now,
		requestedModel: null,
		...context,
	});

/** In dollars; `null` for what is unpriced. */
export function dollarsOf(...args: Parameters<typeof costOf>): string | null {
	const { nanos } = costOf(...args);
	return nanos === null ? null : toDollarText(nanos);
}
