/** Which model's price a call is charged at. */
import { describe, expect, test } from "bun:test";
import { checkCosts, million, opus, sonnet } from "./check-costs.ts";
import { costOf, dollarsOf, openShipped, toIteration } from "./usages.ts";

describe("which model", () => {
	checkCosts([
		[
			"the reply names none: the requested one",
			{ ...million, model: null },
			"4",
			"estimated",
			["unnamed_model"],
			opus,
			{ requestedModel: "claude-opus-5-5" },
		],
		[
			"nobody names any",
			{ ...million, model: null },
			"25",
			"estimated",
			["unnamed_model", "unknown_model"],
			"claude-mythos-preview@2026-04-07",
		],
		[
			"the reply's counts, not the request's",
			million,
			"2",
			"exact",
			[],
			sonnet,
			{ requestedModel: "claude-opus-5-5" },
		],
		[
			"[1m]",
			{ ...million, model: "claude-sonnet-5-5[1m]" },
			"2",
			"exact",
			[],
			sonnet,
		],
		[
			"unknown: the family's dearest",
			{ ...million, model: "claude-sonnet-9" },
			"3",
			"estimated",
			["unknown_model"],
			"claude-sonnet-4-6@2026-03-13",
		],
		[
			"before its first price",
			million,
			"2",
			"estimated",
			["early_price"],
			"claude-sonnet-5-5@2026-09-28",
			{ atMs: 0 },
		],
	]);
	test("unknown and unpriced", () => {
		const catalog = openShipped({ unknownModel: "unpriced" });
		const cost = costOf(
			{ ...million, model: "claude-sonnet-9", webSearches: 1 },
			{},
			catalog,
		);
		expect(cost).toMatchObject({
			nanos: null,
			state: "unpriced",
			price: null,
			notes: ["no_price"],
		});
		expect(cost.parts).toEqual({
			input: 0n,
			output: 0n,
			cacheRead: 0n,
			cacheWrite: 0n,
			tools: 0n,
		} as never);
	});
	test("one unpriced step leaves the call unpriced", () => {
		const catalog = openShipped({ unknownModel: "unpriced" });
		const usage = {
			...million,
			iterations: [
				toIteration("message", million),
				toIteration("advisor_message", { model: "x", input: 1 }),
			],
		};
		expect(costOf(usage, {}, catalog).state).toBe("unpriced");
	});
	test("refused by the policy, but served: priced all the same", () => {
		const catalog = openShipped({ unknownModel: "refuse" });
		expect(
			dollarsOf({ ...million, model: "claude-sonnet-9" }, {}, catalog),
		).toBe("3");
	});
});
