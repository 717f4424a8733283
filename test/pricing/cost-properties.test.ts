import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Usage } from "../../src/domain/usage.ts";
import type { Catalog } from "../../src/pricing/catalog.ts";
import type { Cost } from "../../src/pricing/cost.ts";
import {
	atMs,
	catalogs,
	iteration,
	kinds,
	plainUsages,
	price,
	runs,
	shipped,
	terms,
	tokenCounts,
	usages,
	which,
} from "./arbitrary-usages.ts";
import { noTokens, toUsage } from "./usages.ts";

const nanosOf = (usage: Usage, catalog: Catalog, at: number): bigint =>
	price(usage, catalog, at).nanos ?? -1n;

const sumOf = ({ parts }: Cost): bigint =>
	Object.values(parts).reduce<bigint>((sum, part) => sum + part, 0n);

test("a cost is never negative, is rounded up once, and is the sum of its parts", () => {
	fc.assert(
		fc.property(usages, which, atMs, (usage, name, at) => {
			const cost = price(usage, catalogs[name], at);
			const over = (cost.nanos ?? -1n) * 1_000n - sumOf(cost);
			// Each of five parts may be rounded up by less than a pico-dollar.
			expect(over > (name === "odd" ? -5n : -1n) && over < 1_000n).toBe(true);
			for (const part of Object.values(cost.parts)) {
				expect(part >= 0n).toBe(true);
			}
		}),
		runs,
	);
});

test("more of anything never costs less", () => {
	fc.assert(
		fc.property(
			plainUsages,
			fc.constantFrom(...kinds, "webSearches" as const),
			fc.integer({ min: 1, max: 500_000 }),
			which,
			atMs,
			(usage, kind, more, name, at) => {
				const catalog = catalogs[name];
				const larger = { ...usage, [kind]: usage[kind] + more };
				expect(
					nanosOf(larger, catalog, at) >= nanosOf(usage, catalog, at),
				).toBe(true);
			},
		),
		runs,
	);
});

test("a batch is half before rounding, the US a tenth more, both are both", () => {
	fc.assert(
		fc.property(tokenCounts, atMs, (counts, at) => {
			const usage = toUsage({ ...counts, model: "claude-opus-5" });
			const picosOf = (part: Partial<Usage>) =>
				sumOf(price({ ...usage, ...part }, shipped, at));
			const whole = picosOf({});
			expect(picosOf({ serviceTier: "batch" }) * 2n).toBe(whole);
			expect(picosOf({ inferenceGeo: "us" }) * 100n).toBe(whole * 110n);
			expect(picosOf({ serviceTier: "batch", inferenceGeo: "us" }) * 100n).toBe(
				whole * 55n,
			);
		}),
		runs,
	);
});

/** Of attempts that all wrote something, so that none is free. */
const written = iteration.map((entry) => ({
	...entry,
	output: entry.output + 1,
}));

test("the cost of several steps is the sum of each by itself", () => {
	fc.assert(
		fc.property(
			terms,
			fc.array(written, { minLength: 1, maxLength: 6 }),
			atMs,
			(part, iterations, at) => {
				const usage = toUsage({ ...part, webSearches: 0, iterations });
				const each = iterations.map((entry) =>
					sumOf(price({ ...usage, iterations: [entry] }, shipped, at)),
				);
				expect(sumOf(price(usage, shipped, at))).toBe(
					each.reduce((sum, picos) => sum + picos, 0n),
				);
			},
		),
		runs,
	);
});

test("each class costs what its tokens cost alone", () => {
	fc.assert(
		fc.property(plainUsages, atMs, (part, at) => {
			// A model without a threshold, where the classes do not influence each other.
			const usage: Usage = {
				...part,
				model: "claude-fable-5-2",
				stopReason: "end_turn",
				webSearches: 0,
			};
			const apart = kinds.map((kind) =>
				sumOf(
					price({ ...usage, ...noTokens, [kind]: usage[kind] }, shipped, at),
				),
			);
			expect(sumOf(price(usage, shipped, at))).toBe(
				apart.reduce((sum, picos) => sum + picos, 0n),
			);
		}),
		runs,
	);
});

test("whatever the counts are, nothing throws, and no cost is beyond a column", () => {
	const anything = fc.oneof(fc.double(), fc.maxSafeInteger());
	const hostile = fc.record({
		input: anything,
		output: anything,
		cacheWrite5m: anything,
		cacheWrite1h: anything,
		cacheRead: anything,
	});
	fc.assert(
		fc.property(hostile, fc.string(), fc.string(), (counts, name, tier) => {
			const usage = toUsage({ ...counts, model: name, serviceTier: tier });
			const cost = price(usage, shipped, Date.parse("2026-11-22"));
			if (cost.nanos === null) expect(cost.state).toBe("unpriced");
			else expect(BigInt.asIntN(64, cost.nanos)).toBe(cost.nanos);
		}),
		runs,
	);
});

test("every amount shipped is a whole number of pico-dollars even in a batch in the US", () => {
	for (const { rows } of shipped.models) {
		for (const { price: one } of rows) {
			for (const prices of [one.standard, one.fast, one.longPrompt?.prices]) {
				for (const picos of Object.values(prices ?? {})) {
					expect((picos * 50n * 110n) % 10_000n).toBe(0n);
				}
			}
		}
	}
});
