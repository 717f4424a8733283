import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { toPicos } from "../../src/domain/nanos.ts";
import {
	oneInMillionths,
	type Price,
	type TokenPrices,
	toHighestPrices,
	toRates,
} from "../../src/domain/price.ts";

const toPrices = (
	input: number,
	output: number,
	write5m: number,
	write1h: number,
	read: number,
): TokenPrices => ({
	input: toPicos(BigInt(input)),
	output: toPicos(BigInt(output)),
	cacheWrite5m: toPicos(BigInt(write5m)),
	cacheWrite1h: toPicos(BigInt(write1h)),
	cacheRead: toPicos(BigInt(read)),
});

const price: Price = {
	id: "m@2026-01-01",
	model: "m",
	standard: toPrices(101, 501, 125, 203, 11),
	longPrompt: {
		aboveTokens: 100,
		prices: toPrices(505, 2505, 625, 1015, 55),
	},
	fast: toPrices(202, 1002, 250, 406, 22),
	batchPercent: 50,
	usPercent: 110,
	webSearch: toPicos(1n),
	maxInputTokens: 1_000,
	maxOutputTokens: 100,
	maxBatchOutputTokens: 100,
};
const bare: Price = {
	...price,
	longPrompt: null,
	fast: null,
	batchPercent: null,
	usPercent: null,
};

const plain = { promptTokens: 100, fast: false, batch: false, us: false };

describe("rates", () => {
	const rows: [
		string,
		Price,
		Partial<typeof plain>,
		prices: TokenPrices,
		millionths: number,
		name: string,
		unlisted: string[],
	][] = [
		["plain", price, {}, price.standard, 1_000_000, "", []],
		[
			"long",
			price,
			{ promptTokens: 101 },
			(price.longPrompt ?? { prices: price.standard }).prices,
			1_000_000,
			"*long",
			[],
		],
		[
			"fast",
			price,
			{ fast: true },
			price.fast ?? price.standard,
			1_000_000,
			"*fast",
			[],
		],
		["batch", price, { batch: true }, price.standard, 500_000, "*batch50", []],
		["us", price, { us: true }, price.standard, 1_100_000, "*us110", []],
		[
			"all",
			price,
			{ promptTokens: 101, fast: true, batch: true, us: true },
			toPrices(1010, 5010, 1250, 2030, 110),
			550_000,
			"*fast*long*batch50*us110",
			["promptTokens"],
		],
		[
			"nothing listed",
			bare,
			{ promptTokens: 101, fast: true, batch: true, us: true },
			price.standard,
			2_200_000,
			"*fast200*us110",
			["fast", "batch", "us"],
		],
	];
	test.each(rows)(
		"%s",
		(_, of, sampled, prices, millionths, name, unlisted) => {
			expect(toRates(of, { ...plain, ...sampled })).toEqual({
				prices,
				millionths,
				name: `m@2026-01-01${name}`,
				unlisted: unlisted as never,
			});
		},
	);
});

describe("the highest price of a token", () => {
	const asked = {
		promptTokens: 100,
		cacheWrite: "none",
		fast: false,
		batch: false,
		mayBeUs: false,
	} as const;
	const rows: [string, object, bigint, bigint][] = [
		["plain", {}, 101n, 501n],
		["five-minute writes", { cacheWrite: "5m" }, 125n, 501n],
		["one-hour writes", { cacheWrite: "1h" }, 203n, 501n],
		["perhaps in the US, rounded up", { mayBeUs: true }, 112n, 552n],
		["a batch, rounded up", { batch: true }, 51n, 251n],
		["fast", { fast: true }, 202n, 1002n],
		["a prompt that may be long", { promptTokens: 101 }, 505n, 2505n],
	];
	test.each(rows)("%s", (_, part, prompt, output) => {
		expect(toHighestPrices(price, { ...asked, ...part })).toEqual({
			prompt: toPicos(prompt),
			output: toPicos(output),
		});
	});

	test("a model that knows no geography is not raised for one", () => {
		const { prompt } = toHighestPrices(bare, { ...asked, mayBeUs: true });
		expect(prompt).toBe(toPicos(101n));
	});

	test("is reached by no sampling that was asked for so", () => {
		const asks = fc.record({
			promptTokens: fc.nat(200),
			cacheWrite: fc.constantFrom("none", "5m", "1h"),
			fast: fc.boolean(),
			batch: fc.boolean(),
			mayBeUs: fc.boolean(),
		});
		const uses = fc.record({
			promptTokens: fc.nat(200),
			servedFast: fc.boolean(),
			servedUs: fc.boolean(),
		});
		fc.assert(
			fc.property(asks, uses, (ask, { promptTokens, servedFast, servedUs }) => {
				const highest = toHighestPrices(price, ask);
				const { prices, millionths } = toRates(price, {
					promptTokens: Math.min(promptTokens, ask.promptTokens),
					fast: ask.fast && servedFast,
					batch: ask.batch,
					us: ask.mayBeUs && servedUs,
				});
				const scaled = (picos: bigint) => picos * BigInt(millionths);
				const bound = (picos: bigint) => picos * BigInt(oneInMillionths);
				const kinds = {
					none: ["input", "cacheRead"],
					"5m": ["input", "cacheRead", "cacheWrite5m"],
					"1h": ["input", "cacheRead", "cacheWrite5m", "cacheWrite1h"],
				} as const;
				for (const kind of kinds[ask.cacheWrite]) {
					expect(scaled(prices[kind]) <= bound(highest.prompt)).toBe(true);
				}
				expect(scaled(prices.output) <= bound(highest.output)).toBe(true);
			}),
			{ numRuns: 1_000 },
		);
	});
});
