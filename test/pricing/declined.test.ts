/** What a model declined costs nothing; what ran before it does. */
import { describe } from "bun:test";
import { checkCosts, fable, million, opus, sonnet } from "./check-costs.ts";
import { toIteration } from "./usages.ts";

const served = { model: "claude-opus-5-5", input: 400, output: 20 };

describe("declined and refused", () => {
	checkCosts([
		[
			"a refusal in mid-output is charged",
			{ ...million, output: 1, stopReason: "refusal" },
			"2.00001",
			"exact",
			[],
			sonnet,
		],
		[
			"so is a warm-up of the cache",
			{ cacheWrite5m: 1_000_000, stopReason: "max_tokens" },
			"2.5",
			"exact",
			[],
			sonnet,
		],
		[
			"a refusal in a batch is taken to be free",
			{ ...million, stopReason: "refusal", serviceTier: "batch" },
			"0",
			"estimated",
			["declined_free", "declined_batch"],
			null,
		],
		[
			"a refusal whose searches had run",
			{ ...million, stopReason: "refusal", webSearches: 1 },
			"0.01",
			"exact",
			["declined_free"],
			`${sonnet}*search`,
		],
		[
			"compaction before a refusal is charged",
			{
				...million,
				stopReason: "refusal",
				iterations: [
					toIteration("compaction", { input: 500_000 }),
					toIteration("message", million),
				],
			},
			"1",
			"exact",
			["declined_free"],
			sonnet,
		],
		[
			"a refusal that lists only what came before",
			{
				...million,
				stopReason: "refusal",
				iterations: [toIteration("compaction", { input: 500_000 })],
			},
			"1",
			"exact",
			[],
			sonnet,
		],
		[
			"two decline, the third serves",
			{
				...served,
				iterations: [
					toIteration("message", { model: "claude-fable-5-1", input: 535 }),
					toIteration("fallback_message", {
						model: "claude-fable-5",
						input: 500,
					}),
					toIteration("fallback_message", served),
				],
			},
			"0.002",
			"exact",
			["declined_free"],
			opus,
		],
		[
			"all decline",
			{
				model: "claude-opus-5-5",
				input: 400,
				stopReason: "refusal",
				iterations: [
					toIteration("message", { model: "claude-fable-5-1", input: 535 }),
					toIteration("fallback_message", {
						model: "claude-opus-5-5",
						input: 400,
					}),
				],
			},
			"0",
			"exact",
			["declined_free"],
			null,
		],
		[
			"declined in mid-output: both are charged",
			{
				...served,
				iterations: [
					toIteration("message", {
						model: "claude-fable-5-1",
						input: 500,
						output: 10,
					}),
					toIteration("fallback_message", served),
				],
			},
			"0.0075",
			"exact",
			[],
			`${fable} ${opus}`,
		],
		[
			"declined in mid-output by a model without a name",
			{
				...served,
				iterations: [
					toIteration("message", { input: 500, output: 10 }),
					toIteration("fallback_message", served),
				],
			},
			"0.0042",
			"estimated",
			["unnamed_model"],
			opus,
		],
		[
			"an advisor between the two is charged",
			{
				...served,
				iterations: [
					toIteration("message", { model: "claude-fable-5-1", input: 535 }),
					toIteration("advisor_message", {
						model: "claude-sonnet-5-5",
						input: 1_000,
					}),
					toIteration("fallback_message", served),
				],
			},
			"0.004",
			"exact",
			["declined_free"],
			`${sonnet} ${opus}`,
		],
		[
			"an answer without a word that nobody followed up",
			{
				...million,
				iterations: [toIteration("message", million)],
			},
			"2",
			"exact",
			[],
			sonnet,
		],
	]);
});
