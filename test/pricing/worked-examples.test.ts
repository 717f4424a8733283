/** Calls whose cost was worked out by hand from the published price list. */
import { describe, expect, test } from "bun:test";
import type { Usage } from "../../src/domain/usage.ts";
import type { CostNote } from "../../src/pricing/cost-notes.ts";
import { costOf, dollarsOf, toIteration } from "./usages.ts";

const mixed = {
	input: 1_000,
	cacheWrite5m: 2_000,
	cacheWrite1h: 500,
	cacheRead: 10_000,
	output: 300,
};

const examples: readonly (readonly [
	title: string,
	usage: Partial<Usage>,
	dollars: string,
	notes?: readonly CostNote[],
])[] = [
	["Sonnet 5.5, every class of tokens", mixed, "0.013"],
	["in a batch", { ...mixed, serviceTier: "batch" }, "0.0065"],
	[
		"in a batch in the US",
		{ ...mixed, serviceTier: "batch", inferenceGeo: "us" },
		"0.00715",
	],
	[
		"Opus 5.5 fast",
		{
			model: "claude-opus-5-5",
			speed: "fast",
			input: 1_000,
			cacheRead: 1_000,
			output: 100,
		},
		"0.0124",
	],
	[
		"Haiku 5.5, a prompt of 100,000",
		{ model: "claude-haiku-5-5", input: 100_000, output: 1_000 },
		"0.0105",
	],
	[
		"Haiku 5.5, one token more",
		{ model: "claude-haiku-5-5", input: 100_001, output: 1_000 },
		"0.0525005",
	],
	[
		"Haiku 5.5, one token more through the cache",
		{
			model: "claude-haiku-5-5",
			input: 1,
			cacheRead: 100_000,
			output: 1_000,
		},
		"0.0075005",
	],
	[
		"Haiku 3's cache writes have a price of their own",
		{ model: "claude-3-haiku-20240307", cacheWrite5m: 1_000 },
		"0.0003",
	],
	[
		"Opus 5 with compaction",
		{
			model: "claude-opus-5",
			input: 23_000,
			output: 1_000,
			iterations: [
				toIteration("compaction", { input: 180_000, output: 3_500 }),
				toIteration("message", { input: 23_000, output: 1_000 }),
			],
		},
		"1.1275",
	],
	[
		"Sonnet 5 with Opus 5 as its advisor",
		{
			model: "claude-sonnet-5",
			input: 1_760,
			cacheRead: 412,
			output: 531,
			iterations: [
				toIteration("message", { input: 412, output: 89 }),
				toIteration("advisor_message", {
					model: "claude-opus-5",
					input: 823,
					output: 1_612,
				}),
				toIteration("message", { input: 1_348, cacheRead: 412, output: 442 }),
			],
		},
		"0.0533274",
	],
	[
		"Fable 5 declined, Opus 4.8 served",
		{
			model: "claude-opus-4-8",
			input: 412,
			output: 264,
			iterations: [
				toIteration("message", { model: "claude-fable-5", input: 535 }),
				toIteration("fallback_message", {
					model: "claude-opus-4-8",
					input: 412,
					output: 264,
				}),
			],
		},
		"0.00866",
		["declined_free"],
	],
	[
		"Fable 5 refused before a word",
		{ model: "claude-fable-5", input: 412, stopReason: "refusal" },
		"0",
		["declined_free"],
	],
	[
		"Sonnet 5.5 with a search",
		{ input: 10_682, output: 510, webSearches: 1 },
		"0.036464",
	],
];

describe("worked examples, to the nano-dollar", () => {
	test.each(examples)("%s", (_, usage, dollars, notes = []) => {
		expect(dollarsOf(usage)).toBe(dollars);
		expect(costOf(usage)).toMatchObject({ state: "exact", notes });
	});
});
