/** Prices and bodies for holds, and what a call costs, computed from the rules themselves and one fraction at the end. */

import fc from "fast-check";
import type { HoldAsk, ModelSlot } from "../../src/domain/hold-amount.ts";
import { toPicos } from "../../src/domain/nanos.ts";
import type { Price, TokenPrices } from "../../src/domain/price.ts";
import type { TokenCounts } from "../../src/domain/usage.ts";

/** Dollars per million tokens: input, output, 5 m and 1 h writes, reads. */
export type Row = readonly [number, number, number, number, number];

const toTokenPrices = (row: Row): TokenPrices => {
	const [input, output, cacheWrite5m, cacheWrite1h, cacheRead] = row.map(
		(dollars) => toPicos(BigInt(Math.round(dollars * 1e6))),
	) as [never, never, never, never, never];
	return { input, output, cacheWrite5m, cacheWrite1h, cacheRead };
};

export interface PriceRows {
	standard: Row;
	long?: { above: number; row: Row };
	fast?: Row;
	batchPercent?: number | null;
	usPercent?: number | null;
	window?: number;
	cap?: number;
}

export const toPrice = (rows: PriceRows): Price => ({
	id: "model@2026-01-01",
	model: "model",
	standard: toTokenPrices(rows.standard),
	longPrompt: rows.long
		? {
				aboveTokens: rows.long.above,
				prices: toTokenPrices(rows.long.row),
			}
		: null,
	fast: rows.fast ? toTokenPrices(rows.fast) : null,
	batchPercent: rows.batchPercent === undefined ? 50 : rows.batchPercent,
	usPercent: rows.usPercent === undefined ? 110 : rows.usPercent,
	webSearch: toPicos(10_000_000_000n),
	maxInputTokens: rows.window ?? 1_000_000,
	maxOutputTokens: rows.cap ?? 128_000,
	maxBatchOutputTokens: 300_000,
});

export const opus = toPrice({
	standard: [4, 20, 5, 8, 0.2],
	fast: [8, 40, 10, 16, 0.4],
});
export const sonnet = toPrice({ standard: [2, 10, 2.5, 4, 0.1] });
export const haiku = toPrice({
	standard: [0.1, 0.5, 0.125, 0.2, 0.01],
	long: { above: 100_000, row: [0.5, 2.5, 0.625, 1, 0.05] },
});

export const toSlot = (
	price: Price,
	rest: Partial<ModelSlot> = {},
): ModelSlot => ({ price, maxTokens: 1_000, speed: null, ...rest });

/** A plain message of a kilobyte to Sonnet, outside the US. */
export const toAsk = (rest: Partial<HoldAsk> = {}): HoldAsk => ({
	slots: [toSlot(sonnet)],
	textBytes: 1_000,
	images: 0,
	unsized: false,
	elsewhere: false,
	tools: 0,
	builtInTools: 0,
	serverTools: false,
	continuesThread: false,
	cacheWrite: "none",
	inferenceGeo: "global",
	batch: false,
	webSearches: [],
	countedTokens: null,
	...rest,
});

/** Prices as a catalog may have them: a longer prompt and a faster model never cost less. */
export const prices: fc.Arbitrary<Price> = fc
	.record({
		row: fc.array(fc.integer({ min: 0, max: 100_000 }), {
			minLength: 5,
			maxLength: 5,
		}),
		above: fc.option(fc.integer({ min: 1, max: 150_000 })),
		longTimes: fc.integer({ min: 1, max: 5 }),
		fastTimes: fc.option(fc.integer({ min: 5, max: 6 })),
		batchPercent: fc.option(fc.integer({ min: 1, max: 100 })),
		usPercent: fc.option(fc.integer({ min: 100, max: 137 })),
		window: fc.constantFrom(1_000, 200_000, 1_000_000),
		cap: fc.constantFrom(1, 4_096, 128_000),
	})
	.map(({ row, above, longTimes, fastTimes, ...rest }) => {
		const times = (by: number) => row.map((n) => (n * by) / 1e3) as never;
		return toPrice({
			standard: times(1),
			...(above === null ? {} : { long: { above, row: times(longTimes) } }),
			...(fastTimes === null ? {} : { fast: times(fastTimes) }),
			...rest,
		});
	});

const speeds = fc.constantFrom(null, "standard", "fast");

const slots = fc.record({
	price: prices,
	maxTokens: fc.option(fc.nat({ max: 200_000 })),
	speed: speeds,
});

export const asks: fc.Arbitrary<HoldAsk> = fc.record({
	slots: fc
		.array(slots, { minLength: 1, maxLength: 4 })
		.map((all) => all as [ModelSlot, ...ModelSlot[]]),
	textBytes: fc.oneof(fc.nat({ max: 2_000 }), fc.nat({ max: 3_000_000 })),
	images: fc.nat({ max: 3 }),
	unsized: fc.boolean(),
	elsewhere: fc.boolean(),
	tools: fc.nat({ max: 3 }),
	builtInTools: fc.nat({ max: 3 }),
	serverTools: fc.boolean(),
	continuesThread: fc.boolean(),
	cacheWrite: fc.constantFrom("none", "5m", "1h"),
	inferenceGeo: fc.constantFrom(null, "global", "us"),
	batch: fc.boolean(),
	webSearches: fc.array(fc.option(fc.nat({ max: 30 })), { maxLength: 2 }),
	countedTokens: fc.option(fc.nat({ max: 1_500_000 })),
});

/** One sampling, as upstream served it. */
export interface Served {
	price: Price;
	tokens: TokenCounts;
	fast: boolean;
	us: boolean;
	batch: boolean;
}

/** A long prompt in fast mode has both factors; one of them alone is as it is listed. */
function multiply(standard: TokenPrices, row: TokenPrices, fast: TokenPrices) {
	const both = (kind: keyof TokenPrices) =>
		standard[kind] === 0n
			? fast[kind]
			: toPicos(
					(row[kind] * fast[kind] + standard[kind] - 1n) / standard[kind],
				);
	return {
		input: both("input"),
		output: both("output"),
		cacheWrite5m: both("cacheWrite5m"),
		cacheWrite1h: both("cacheWrite1h"),
		cacheRead: both("cacheRead"),
	};
}

/** In nano-dollars, rounded up once. */
export function toCost(served: readonly Served[], webSearches: number): bigint {
	let tenThousandths = 0n;
	for (const { price, tokens, fast, us, batch } of served) {
		const prompt =
			tokens.input +
			tokens.cacheRead +
			tokens.cacheWrite5m +
			tokens.cacheWrite1h;
		const long = price.longPrompt !== null;
		let row = price.standard;
		if (long && prompt > price.longPrompt.aboveTokens) {
			row = price.longPrompt.prices;
		}
		if (fast && price.fast) row = multiply(price.standard, row, price.fast);
		let picos = 0n;
		for (const kind of Object.keys(tokens) as (keyof TokenCounts)[]) {
			picos += row[kind] * BigInt(tokens[kind]);
		}
		const percent = (us && price.usPercent) || 100;
		const batched = (batch && price.batchPercent) || 100;
		tenThousandths += picos * BigInt(percent) * BigInt(batched);
	}
	const search = served[0]?.price.webSearch ?? 0n;
	tenThousandths += search * BigInt(webSearches) * 10_000n;
	return (tenThousandths + 9_999_999n) / 10_000_000n;
}
