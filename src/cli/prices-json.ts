/** A list of prices as JSON. */
import type { TokenPrices } from "../domain/price.ts";
import type { Catalog, CatalogRow } from "../pricing/catalog.ts";
import { toEachText, toPerMillionText } from "../pricing/document.ts";
import type { PriceSettings } from "../pricing/load-prices.ts";
import { kinds, type PriceList, type Shown } from "./price-list.ts";

export interface Printed {
	readonly list: PriceList;
	readonly catalog: Catalog;
	readonly settings: PriceSettings;
	readonly atMs: number;
}

export const toDay = (timeMs: number) =>
	new Date(timeMs).toISOString().slice(0, 10);

const snakeKinds = {
	input: "input",
	cacheWrite5m: "cache_write_5m",
	cacheWrite1h: "cache_write_1h",
	cacheRead: "cache_read",
	output: "output",
} as const satisfies Record<keyof TokenPrices, string>;

const toPricesJson = (prices: TokenPrices) =>
	Object.fromEntries(
		kinds.map((kind) => [snakeKinds[kind], toPerMillionText(prices[kind])]),
	);

export const toWhy = ({ own }: CatalogRow) => (own ? "file" : "shipped");

function toRowJson({ model }: Shown, row: CatalogRow) {
	const { price } = row;
	return {
		model: model.model,
		aliases: model.aliases,
		price_id: price.id,
		from: row.from,
		until: row.until,
		why: toWhy(row),
		...toPricesJson(price.standard),
		long_prompt: price.longPrompt && {
			above_tokens: price.longPrompt.aboveTokens,
			...toPricesJson(price.longPrompt.prices),
		},
		fast: price.fast && toPricesJson(price.fast),
		batch_percent: price.batchPercent,
		us_percent: price.usPercent,
		web_search: toEachText(price.webSearch),
		max_input_tokens: price.maxInputTokens,
		max_output_tokens: price.maxOutputTokens,
		max_batch_output_tokens: price.maxBatchOutputTokens,
		retires_on: model.retiresOn,
		note: row.note ?? model.note,
	};
}

export function toPricesJsonText({
	list,
	catalog,
	settings,
	atMs,
}: Printed): string {
	const { asked } = list;
	return JSON.stringify(
		{
			day: toDay(atMs),
			catalog: catalog.version,
			as_of: catalog.asOf,
			unit: "USD per million tokens; web_search: USD each",
			file: settings.path,
			factor: settings.factor,
			unknown_model: settings.unknownModel,
			asked: asked && {
				model: asked.name,
				match: asked.match,
				price_id: asked.price?.id ?? null,
			},
			prices: list.shown.flatMap((shown) =>
				shown.rows.map((row) => toRowJson(shown, row)),
			),
			coming: list.coming,
		},
		null,
		2,
	);
}
