import { describe, expect, test } from "bun:test";
import { million, row, sonnet } from "./own-rows.ts";
import { dollarsOf, now, openOwn, openShipped } from "./usages.ts";

describe("a factor", () => {
	const millionAt = (factor: string, part: object = million) =>
		dollarsOf(part, {}, openShipped({ factor }));
	const rows: [string, string][] = [
		["1", "2"],
		["0.87", "1.74"],
		["1.1", "2.2"],
		["0.000001", "0.000002"],
		["1000", "2000"],
	];
	test.each(rows)("times %s", (factor, dollars) => {
		expect(millionAt(factor)).toBe(dollars);
	});
	test("rounds each price up to a whole pico-dollar", () => {
		const { price } = openShipped({ factor: "0.333333" }).find(
			"claude-haiku-5-5",
			now,
		);
		// 0.1, 0.125 and 0.01 dollars per million
		expect(price?.standard.input).toBe(33_334n as never);
		expect(price?.standard.cacheWrite5m).toBe(41_667n as never);
		expect(price?.standard.cacheRead).toBe(3_334n as never);
		expect(price?.longPrompt?.prices.input).toBe(166_667n as never);
	});
	test("holds for fast mode, searches and one's own prices too", () => {
		expect(
			millionAt("0.5", {
				model: "claude-opus-5",
				output: 1_000,
				speed: "fast",
			}),
		).toBe("0.025");
		expect(millionAt("0.5", { webSearches: 1 })).toBe("0.005");
		const catalog = openOwn(
			{ models: [{ model: sonnet, prices: [row("1")] }] },
			{ factor: "0.5" },
		);
		expect(dollarsOf(million, {}, catalog)).toBe("0.5");
	});
	test("leaves batches and geography what they are", () => {
		expect(
			millionAt("0.5", {
				...million,
				serviceTier: "batch",
				inferenceGeo: "us",
			}),
		).toBe("0.55");
	});
});
