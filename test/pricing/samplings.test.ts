/** Which numbers are billed: prompts of every length, tools, several steps. */
import { describe, expect, test } from "bun:test";
import {
	checkCosts,
	fable,
	haiku,
	million,
	opus,
	sonnet,
} from "./check-costs.ts";
import { costOf, dollarsOf, toIteration } from "./usages.ts";

const long = { model: "claude-haiku-5-5", input: 60_000, cacheRead: 40_001 };

describe("long prompts", () => {
	checkCosts([
		[
			"exactly at the threshold",
			{ ...long, cacheRead: 40_000 },
			"0.0064",
			"exact",
			[],
			haiku,
		],
		["one over", long, "0.03200005", "exact", [], `${haiku}*long`],
		[
			"writes count",
			{ ...long, input: 1, cacheWrite1h: 60_000 },
			"0.06200055",
			"exact",
			[],
			`${haiku}*long`,
		],
		[
			"output does not",
			{ model: "claude-haiku-5-5", output: 100_001 },
			"0.0500005",
			"exact",
			[],
			haiku,
		],
		[
			"in a batch in the US",
			{ ...long, serviceTier: "batch", inferenceGeo: "us" },
			"0.017600028",
			"exact",
			[],
			`${haiku}*long*batch50*us110`,
		],
		[
			"a sum that may be of several: search",
			{ ...long, webSearches: 1 },
			"0.04200005",
			"estimated",
			["prompt_of_several"],
			`${haiku}*long ${haiku}*search`,
		],
		[
			"a sum that may be of several: fetch",
			long,
			"0.03200005",
			"estimated",
			["prompt_of_several"],
			`${haiku}*long`,
			{ ranServerTools: true },
		],
		[
			"a sum below the threshold has no part above it",
			{ ...long, input: 1, webSearches: 1 },
			"0.01040011",
			"exact",
			[],
			`${haiku} ${haiku}*search`,
		],
		[
			"each step by itself",
			{
				...long,
				webSearches: 1,
				iterations: [
					toIteration("message", { input: 60_000 }),
					toIteration("message", { cacheRead: 40_001 }),
				],
			},
			"0.01640001",
			"exact",
			[],
			`${haiku} ${haiku}*search`,
		],
		[
			"each step by itself, one of them long",
			{
				...long,
				input: 160_002,
				iterations: [
					toIteration("message", { input: 100_001 }),
					toIteration("message", { input: 60_001, cacheRead: 40_001 }),
				],
			},
			"0.08200105",
			"exact",
			[],
			`${haiku}*long`,
		],
	]);
});

describe("tools", () => {
	checkCosts([
		[
			"searches are never discounted or raised",
			{ webSearches: 3, serviceTier: "batch", inferenceGeo: "us" },
			"0.03",
			"exact",
			[],
			`${sonnet}*batch50*us110 ${sonnet}*search`,
		],
		[
			"searches count once, from the top",
			{
				...million,
				webSearches: 2,
				iterations: [
					toIteration("message", million),
					toIteration("message", {}),
				],
			},
			"2.02",
			"exact",
			[],
			`${sonnet} ${sonnet}*search`,
		],
		[
			"code execution leaves a part unknown",
			{ ...million, codeExecutions: 1 },
			"2",
			"partial",
			["container_time"],
			sonnet,
		],
		[
			"with the newer search it is free",
			{ ...million, codeExecutions: 1 },
			"2",
			"exact",
			[],
			sonnet,
			{ isCodeFree: true },
		],
		[
			"the worse state wins",
			{ ...million, codeExecutions: 1, serviceTier: "priority" },
			"2",
			"estimated",
			["priority_tier", "container_time"],
			sonnet,
		],
	]);
});

describe("iterations", () => {
	checkCosts([
		[
			"of an unknown type, with a model",
			{
				...million,
				iterations: [
					toIteration("message", million),
					toIteration("dreaming", { model: "claude-opus-5-5", input: 1_000 }),
				],
			},
			"2.004",
			"estimated",
			["unknown_iteration"],
			`${sonnet} ${opus}`,
		],
		[
			"what they leave out is priced too",
			{
				input: 1_000,
				output: 100,
				cacheWrite1h: 10,
				cacheRead: 1_000,
				iterations: [
					toIteration("message", {
						input: 400,
						cacheWrite1h: 10,
						cacheRead: 2_000,
					}),
				],
			},
			"0.00324",
			"estimated",
			["beyond_iterations"],
			sonnet,
		],
		[
			"without any attempt among them",
			{
				...million,
				iterations: [toIteration("compaction", { input: 500_000 })],
			},
			"3",
			"estimated",
			["beyond_iterations"],
			sonnet,
		],
		[
			"an advisor without a fast mode did not run in it",
			{
				model: "claude-opus-5-5",
				speed: "fast",
				input: 1_000,
				iterations: [
					toIteration("message", { input: 1_000 }),
					toIteration("advisor_message", {
						model: "claude-fable-5-1",
						input: 1_000,
					}),
				],
			},
			"0.018",
			"estimated",
			["unlisted_fast"],
			`${opus}*fast ${fable}`,
		],
	]);
	test("the lifetimes of cache writes may be known only to them", () => {
		const usage = {
			cacheWrite5m: 1_000,
			iterations: [toIteration("message", { cacheWrite1h: 1_000 })],
		};
		expect(dollarsOf(usage)).toBe("0.004");
		expect(costOf(usage).state).toBe("exact");
	});
});
