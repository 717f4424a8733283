/** The price list as it is published, in USD per million tokens, against what is shipped. */
import { describe, expect, test } from "bun:test";
import type { TokenPrices } from "../../src/domain/price.ts";
import { toPerMillionText } from "../../src/pricing/document.ts";
import { noonOf, now, openShipped } from "./usages.ts";

/** in, write 5 m, write 1 h, read, out | of fast mode | window, most output | models */
const published = `
8     10     16   0.20  40   | 16 20 32 0.4 80   | 1000000 128000 | claude-fable-5-2
8     10     16   0.20  40   |                   | 1000000 128000 | claude-mythos-5-2
10    12.5   20   0.25  50   |                   | 1000000 128000 | claude-fable-5-1 claude-mythos-5-1
10    12.5   20   1     50   |                   | 1000000 128000 | claude-fable-5 claude-mythos-5
25    31.25  50   2.5   125  |                   | 1000000 128000 | claude-mythos-preview
4     5      8    0.20  20   | 8 10 16 0.4 40    | 1000000 128000 | claude-opus-5-5
5     6.25   10   0.50  25   | 10 12.5 20 1 50   | 1000000 128000 | claude-opus-5 claude-opus-4-8
5     6.25   10   0.50  25   |                   | 1000000 128000 | claude-opus-4-7 claude-opus-4-6 claude-opus-4-6-20260205
5     6.25   10   0.50  25   |                   | 200000 64000   | claude-opus-4-5 claude-opus-4-5-20251101
15    18.75  30   1.50  75   |                   | 200000 32000   | claude-opus-4-1 claude-opus-4-1-20250805
15    18.75  30   1.50  75   |                   | 200000 32000   | claude-opus-4-0 claude-opus-4-20250514 claude-4-opus-20250514
15    18.75  30   1.50  75   |                   | 200000 4096    | claude-3-opus-20240229 claude-3-opus-latest
2     2.5    4    0.10  10   |                   | 1000000 128000 | claude-sonnet-5-5
2     2.5    4    0.20  10   |                   | 1000000 128000 | claude-sonnet-5
3     3.75   6    0.30  15   |                   | 1000000 128000 | claude-sonnet-4-6
3     3.75   6    0.30  15   |                   | 200000 64000   | claude-sonnet-4-5 claude-sonnet-4-5-20250929
3     3.75   6    0.30  15   |                   | 200000 64000   | claude-sonnet-4-0 claude-sonnet-4-20250514 claude-4-sonnet-20250514
3     3.75   6    0.30  15   |                   | 200000 64000   | claude-3-7-sonnet-20250219 claude-3-7-sonnet-latest
3     3.75   6    0.30  15   |                   | 200000 8192    | claude-3-5-sonnet-20241022 claude-3-5-sonnet-latest claude-3-5-sonnet-20240620
3     3.75   6    0.30  15   |                   | 200000 4096    | claude-3-sonnet-20240229
0.10  0.125  0.20 0.01  0.50 |                   | 1000000 128000 | claude-haiku-5-5
1     1.25   2    0.10  5    |                   | 200000 64000   | claude-haiku-4-5 claude-haiku-4-5-20251001
0.80  1      1.60 0.08  4    |                   | 200000 8192    | claude-3-5-haiku-20241022 claude-3-5-haiku-latest
0.25  0.30   0.50 0.03  1.25 |                   | 200000 4096    | claude-3-haiku-20240307
`;

const numbersIn = (cell = "") =>
	cell.trim().split(/ +/).filter(Boolean).map(Number);

const rows = published
	.trim()
	.split("\n")
	.flatMap((line) => {
		const [prices, fast, sizes, models = ""] = line.split("|");
		const row = {
			prices: numbersIn(prices),
			fast: fast?.trim() ? numbersIn(fast) : null,
			sizes: numbersIn(sizes),
		};
		return models
			.trim()
			.split(" ")
			.map((model) => [model, row] as const);
	});

const catalog = openShipped();

const toNumbers = (prices: TokenPrices) =>
	[
		prices.input,
		prices.cacheWrite5m,
		prices.cacheWrite1h,
		prices.cacheRead,
		prices.output,
	].map((picos) => Number(toPerMillionText(picos)));

describe("published prices", () => {
	test.each(rows)("%s", (model, { prices, fast, sizes }) => {
		const { price, known } = catalog.find(model, now);
		if (price === null) throw new Error("no price");
		expect(known).toBe(true);
		expect(toNumbers(price.standard)).toEqual(prices);
		expect(price.fast && toNumbers(price.fast)).toEqual(fast);
		expect([price.maxInputTokens, price.maxOutputTokens]).toEqual(sizes);
	});

	test("are all there is, but for the models before Claude 3", () => {
		const listed = new Set(rows.map(([model]) => model));
		const others = catalog.models
			.flatMap(({ model, aliases }) => [model, ...aliases])
			.filter((name) => !listed.has(name));
		expect(others).toEqual(["claude-2.1", "claude-2.0", "claude-instant-1.2"]);
	});
});

test("only Haiku 5.5 has a dearer row for long prompts, and it is five times the other", () => {
	const long = catalog.models.flatMap(({ model }) => {
		const { price } = catalog.find(model, now);
		return price?.longPrompt ? [{ model, ...price.longPrompt }] : [];
	});
	expect(long).toHaveLength(1);
	expect(long[0]).toMatchObject({
		model: "claude-haiku-5-5",
		aboveTokens: 100_000,
	});
	expect(long[0] && toNumbers(long[0].prices)).toEqual([
		0.5, 0.625, 1, 0.05, 2.5,
	]);
});

/** Claude 4.6 and later. */
const knowsGeography =
	/^claude-(fable|mythos|opus-5|opus-4-[678]|sonnet-5|sonnet-4-6|haiku-5)/;

test("batches are half, US inference a tenth more where it can be had, a search is a cent", () => {
	for (const { model } of catalog.models.filter(
		({ model }) => !/-(2|instant)/.test(model),
	)) {
		const { price } = catalog.find(model, now);
		expect(price?.batchPercent).toBe(50);
		expect(price?.usPercent ?? null).toBe(
			knowsGeography.test(model) ? 110 : null,
		);
		expect(price?.webSearch).toBe(10_000_000_000n as never);
	}
});

describe("prices change at midnight, UTC", () => {
	const midnight = (day: string) => Date.parse(`${day}T00:00:00Z`);
	const readOf = (atMs: number) =>
		catalog.find("claude-sonnet-5-5", atMs).price?.standard.cacheRead;
	const fastOf = (model: string, atMs: number) =>
		catalog.find(model, atMs).price?.fast?.output ?? null;
	const longOf = (model: string, atMs: number) =>
		catalog.find(model, atMs).price?.longPrompt?.aboveTokens ?? null;

	const edges: [string, string, (atMs: number) => unknown, unknown, unknown][] =
		[
			["Sonnet 5.5's cache reads", "2026-10-07", readOf, 200_000n, 100_000n],
			[
				"Opus 4.8's fast mode",
				"2026-12-01",
				(at) => fastOf("claude-opus-4-8", at),
				50_000_000n,
				null,
			],
			[
				"Opus 4.7's fast mode",
				"2026-05-12",
				(at) => fastOf("claude-opus-4-7", at),
				null,
				150_000_000n,
			],
			[
				"Opus 4.7's fast mode",
				"2026-07-24",
				(at) => fastOf("claude-opus-4-7", at),
				150_000_000n,
				null,
			],
			[
				"Opus 4.6's fast mode",
				"2026-02-07",
				(at) => fastOf("claude-opus-4-6", at),
				null,
				150_000_000n,
			],
			[
				"Opus 4.6's fast mode",
				"2026-06-29",
				(at) => fastOf("claude-opus-4-6", at),
				150_000_000n,
				null,
			],
			[
				"Opus 4.6's long prompts",
				"2026-03-13",
				(at) => longOf("claude-opus-4-6", at),
				200_000,
				null,
			],
			[
				"Sonnet 4.6's long prompts",
				"2026-03-13",
				(at) => longOf("claude-sonnet-4-6", at),
				200_000,
				null,
			],
			[
				"Sonnet 4.5's long prompts",
				"2026-05-01",
				(at) => longOf("claude-sonnet-4-5", at),
				200_000,
				null,
			],
			[
				"Sonnet 4's long prompts",
				"2025-08-12",
				(at) => longOf("claude-sonnet-4-0", at),
				null,
				200_000,
			],
			[
				"Sonnet 4's long prompts",
				"2026-05-01",
				(at) => longOf("claude-sonnet-4-0", at),
				200_000,
				null,
			],
		];
	test.each(edges)("%s on %s", (_, day, read, before, after) => {
		expect(read(midnight(day) - 1)).toEqual(before);
		expect(read(midnight(day))).toEqual(after);
		// The other way round, so that nothing remembered is in the way.
		expect(read(midnight(day) - 1)).toEqual(before);
	});

	test("the old surcharge for long prompts doubled input and cache, and made output half as dear again", () => {
		const { price } = catalog.find("claude-opus-4-6", noonOf("2026-03-01"));
		expect(price?.longPrompt && toNumbers(price.longPrompt.prices)).toEqual([
			10, 12.5, 20, 1, 37.5,
		]);
	});

	test("a price is named by the day it began", () => {
		const idOn = (day: string) =>
			catalog.find("claude-sonnet-5-5", noonOf(day)).price?.id;
		expect(idOn("2026-10-06")).toBe("claude-sonnet-5-5@2026-09-28");
		expect(idOn("2026-10-07")).toBe("claude-sonnet-5-5@2026-10-07");
	});
});
