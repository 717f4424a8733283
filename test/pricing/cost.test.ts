import { describe, expect, test } from "bun:test";
import { checkCosts, million, sonnet } from "./check-costs.ts";
import { costOf, dollarsOf, openOwn, toIteration } from "./usages.ts";

describe("counts that are none leave a cost unpriced, and throw nothing", () => {
	const bad = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1e300];
	const kinds = [
		"input",
		"output",
		"cacheWrite5m",
		"cacheWrite1h",
		"cacheRead",
		"webSearches",
	] as const;
	test.each(kinds)("%s", (kind) => {
		for (const count of bad) {
			expect(costOf({ [kind]: count })).toMatchObject({
				nanos: null,
				state: "unpriced",
				notes: ["bad_counts"],
			});
		}
	});
	test("in an iteration", () => {
		for (const count of bad) {
			expect(
				costOf({ iterations: [toIteration("message", { output: count })] })
					.state,
			).toBe("unpriced");
		}
	});
	test("a sum beyond what a column holds", () => {
		const most = Number.MAX_SAFE_INTEGER;
		expect(costOf({ output: most })).toMatchObject({
			nanos: null,
			notes: ["bad_counts"],
		});
		expect(costOf({ input: 4_503_599_627_371 }).nanos).toBeNull();
		expect(costOf({ input: 4_503_599_627_370 }).nanos).toBe(
			9_007_199_254_740_000n as never,
		);
	});
});

describe("unfinished counts", () => {
	checkCosts([
		[
			"are an estimate",
			million,
			"2",
			"estimated",
			["unfinished"],
			sonnet,
			{ isUnfinished: true },
		],
		[
			"of nothing, too",
			{},
			"0",
			"estimated",
			["unfinished"],
			sonnet,
			{ isUnfinished: true },
		],
	]);
});

test("the parts add up to the cost, and say what costs what", () => {
	const usage = {
		input: 1,
		output: 2,
		cacheRead: 3,
		cacheWrite5m: 4,
		cacheWrite1h: 5,
		webSearches: 1,
	};
	const { parts, nanos } = costOf(usage);
	expect(parts).toEqual({
		input: 2_000_000n,
		output: 20_000_000n,
		cacheRead: 300_000n,
		cacheWrite: 30_000_000n,
		tools: 10_000_000_000n,
	} as never);
	expect(nanos).toBe(10_052_300n as never);
});

test("the smallest amount is one nano-dollar", () => {
	const tenth = {
		input: "0.000001",
		output: "0",
		cacheWrite5m: "0",
		cacheWrite1h: "0",
		cacheRead: "0",
	};
	const catalog = openOwn({
		models: [{ model: "claude-sonnet-5-5", prices: [{ standard: tenth }] }],
	});
	expect(dollarsOf({ input: 1 }, {}, catalog)).toBe("0.000000001");
	expect(dollarsOf({ input: 1_000 }, {}, catalog)).toBe("0.000000001");
	expect(dollarsOf({ input: 1_001 }, {}, catalog)).toBe("0.000000002");
	expect(dollarsOf({ input: 0 }, {}, catalog)).toBe("0");
});
