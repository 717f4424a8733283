/** Any usage at any time, for the properties that hold for all. */
import fc from "fast-check";
import type { Iteration, TokenCounts, Usage } from "../../src/domain/usage.ts";
import type { Catalog } from "../../src/pricing/catalog.ts";
import { type Cost, toCost } from "../../src/pricing/cost.ts";
import { noTokens, openShipped, toUsage } from "./usages.ts";

export const runs = { numRuns: 1_000 };
export const shipped = openShipped();
/** By name, since a catalog is much to print. */
export const catalogs = {
	shipped,
	/** Prices that half of something, or a tenth more, is no whole pico-dollar of. */
	odd: openShipped({ factor: "0.870001" }),
};
export const which = fc.constantFrom("shipped" as const, "odd" as const);

export const kinds = Object.keys(noTokens) as (keyof TokenCounts)[];
const count = fc.oneof(fc.nat(200), fc.nat(2_000_000));
export const tokenCounts = fc.record<TokenCounts>({
	input: count,
	output: count,
	cacheWrite5m: count,
	cacheWrite1h: count,
	cacheRead: count,
});

const model = fc.constantFrom(
	...shipped.models.map((one) => one.model),
	"claude-haiku-4-5[1m]",
	"claude-opus-99",
	"nobody-knows",
);
export const iteration: fc.Arbitrary<Iteration> = fc
	.tuple(
		tokenCounts,
		fc.constantFrom(
			"message",
			"compaction",
			"advisor_message",
			"fallback_message",
			"new",
		),
		fc.option(model),
	)
	.map(([counts, type, name]) => ({ ...counts, type, model: name }));

export const terms = fc.record({
	model,
	serviceTier: fc.constantFrom(null, "standard", "batch", "priority", "flex"),
	inferenceGeo: fc.constantFrom(null, "global", "us", "not_available", "eu"),
	speed: fc.constantFrom(null, "standard", "fast"),
	stopReason: fc.constantFrom("end_turn", "refusal", "max_tokens"),
	webSearches: fc.nat(20),
});

/** Days from before the first price to after the last change. */
export const atMs = fc.integer({
	min: Date.parse("2024-01-01"),
	max: Date.parse("2027-06-01"),
});

export const usages = fc
	.tuple(terms, tokenCounts, fc.array(iteration, { maxLength: 6 }))
	.map(([part, counts, iterations]) =>
		toUsage({ ...part, ...counts, iterations }),
	);

export const plainUsages = fc
	.tuple(terms, tokenCounts)
	.map(([part, counts]) => toUsage({ ...part, ...counts }));

export const price = (usage: Usage, catalog: Catalog, at: number): Cost =>
	toCost(usage, catalog, { atMs: at, requestedModel: null });
