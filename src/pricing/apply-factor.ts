/** A discount or a margin on everything. */
import { divideUp, type Picos, readDecimal, toPicos } from "../domain/nanos.ts";
import type { TokenPrices } from "../domain/price.ts";
import type { Document, PriceRow } from "./document.ts";

/** More places than anyone negotiates. */
export const factorPlaces = 6;
const one = 10n ** BigInt(factorPlaces);

/** Every unit price times `factor` (`0.87`), in whole numbers, rounded up to a whole pico-dollar. Throws for what is no decimal. */
export function applyFactor(document: Document, factor: string): Document {
	const millionths = readDecimal(factor, factorPlaces);
	if (millionths === undefined) throw new Error(`${factor} is no decimal`);
	if (millionths === one) return document;
	const scale = (picos: Picos) => toPicos(divideUp(picos * millionths, one));
	return {
		...document,
		models: document.models.map((row) => ({
			...row,
			prices: row.prices.map((price) => scaleRow(price, scale)),
		})),
	};
}

type Scale = (picos: Picos) => Picos;

const scaleRow = (row: PriceRow, scale: Scale): PriceRow => ({
	...row,
	standard: scalePrices(row.standard, scale),
	longPrompt: row.longPrompt && {
		...row.longPrompt,
		prices: scalePrices(row.longPrompt.prices, scale),
	},
	fast: row.fast && scalePrices(row.fast, scale),
	webSearch: scale(row.webSearch),
});

const scalePrices = (prices: TokenPrices, scale: Scale): TokenPrices => ({
	input: scale(prices.input),
	output: scale(prices.output),
	cacheWrite5m: scale(prices.cacheWrite5m),
	cacheWrite1h: scale(prices.cacheWrite1h),
	cacheRead: scale(prices.cacheRead),
});
