/** What is on offer at which price: tiers, geographies, speeds. */
import { describe, expect, test } from "bun:test";
import { checkCosts, million, opus, sonnet } from "./check-costs.ts";
import { costOf, dollarsOf, noonOf } from "./usages.ts";

describe("tier, geography and speed are the reply's", () => {
	checkCosts([
		[
			"nulls",
			{ ...million, serviceTier: null, inferenceGeo: null, speed: null },
			"2",
			"exact",
			[],
			sonnet,
		],
		[
			"batch tier",
			{ ...million, serviceTier: "batch" },
			"1",
			"exact",
			[],
			`${sonnet}*batch50`,
		],
		[
			"from a batch, whatever the tier",
			million,
			"1",
			"exact",
			[],
			`${sonnet}*batch50`,
			{ inBatch: true },
		],
		[
			"US",
			{ ...million, inferenceGeo: "us" },
			"2.2",
			"exact",
			[],
			`${sonnet}*us110`,
		],
		[
			"a geography that is none",
			{ ...million, inferenceGeo: "not_available" },
			"2",
			"exact",
			[],
			sonnet,
		],
		[
			"a geography without a price",
			{ ...million, inferenceGeo: "eu" },
			"2",
			"estimated",
			["unknown_geography"],
			sonnet,
		],
		[
			"the US on a model that has no such price",
			{ ...million, model: "claude-haiku-4-5", inferenceGeo: "us" },
			"1.1",
			"estimated",
			["unlisted_us"],
			"claude-haiku-4-5-20251001@2025-10-15*us110",
		],
		[
			"priority",
			{ ...million, serviceTier: "priority" },
			"2",
			"estimated",
			["priority_tier"],
			sonnet,
		],
		[
			"an unknown tier",
			{ ...million, serviceTier: "flex" },
			"2",
			"estimated",
			["unknown_tier"],
			sonnet,
		],
		[
			"a tier with an odd name",
			{ ...million, serviceTier: "constructor" },
			"2",
			"estimated",
			["unknown_tier"],
			sonnet,
		],
		[
			"fast",
			{ ...million, model: "claude-opus-5-5", speed: "fast" },
			"8",
			"exact",
			[],
			`${opus}*fast`,
		],
		[
			"fast in the US",
			{
				...million,
				model: "claude-opus-5-5",
				speed: "fast",
				inferenceGeo: "us",
			},
			"8.8",
			"exact",
			[],
			`${opus}*fast*us110`,
		],
		[
			"fast without a price of it is doubled",
			{ ...million, speed: "fast" },
			"4",
			"estimated",
			["unlisted_fast"],
			`${sonnet}*fast200`,
		],
		[
			"an unknown speed",
			{ ...million, speed: "turbo" },
			"2",
			"estimated",
			["unknown_speed"],
			sonnet,
		],
		[
			"fast in a batch",
			{
				...million,
				model: "claude-opus-5-5",
				speed: "fast",
				serviceTier: "batch",
			},
			"4",
			"estimated",
			["fast_batch"],
			`${opus}*fast*batch50`,
		],
		[
			"a batch of a model that cannot be batched",
			{ ...million, model: "claude-2.1", serviceTier: "batch" },
			"8",
			"estimated",
			["unlisted_batch"],
			"claude-2.1",
		],
	]);
	test("after its last day, fast mode is a guess", () => {
		const usage = { ...million, model: "claude-opus-4-8", speed: "fast" };
		const on = (day: string) => costOf(usage, { atMs: noonOf(day) });
		expect(on("2026-11-30")).toMatchObject({
			state: "exact",
			price: "claude-opus-4-8@2026-05-28*fast",
		});
		expect(on("2026-12-01")).toMatchObject({
			state: "estimated",
			price: "claude-opus-4-8@2026-12-01*fast200",
		});
	});
	test("fast beyond the threshold for long prompts, when both existed", () => {
		const usage = { ...million, model: "claude-opus-4-6", speed: "fast" };
		const context = { atMs: noonOf("2026-03-01") };
		expect(dollarsOf(usage, context)).toBe("60");
		expect(costOf(usage, context).notes).toEqual(["unlisted_long"]);
	});
});
