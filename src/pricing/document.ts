/**
 * A document of prices: the one that is shipped (`prices.json`) and an operator's own have the same form. Amounts are
 * decimals in quotes, so that no float ever holds one: USD per million tokens, and USD for one web search. Days are UTC.
 */
import { z } from "zod";
import {
	type Picos,
	readDecimal,
	toDecimalText,
	toPicos,
} from "../domain/nanos.ts";
import type { Price, TokenPrices } from "../domain/price.ts";

/** What a model costs from a day on, until its last day or until a later row begins; null: always has, always will. */
export interface PriceRow
	extends Pick<
		Price,
		| "standard"
		| "longPrompt"
		| "fast"
		| "batchPercent"
		| "usPercent"
		| "webSearch"
	> {
	readonly from: string | null;
	readonly until: string | null;
	readonly note: string | null;
	/** Laid over what is shipped. */
	readonly own?: true;
}

/** Null: the document leaves it to the one below it. */
export interface ModelRow {
	readonly model: string;
	readonly aliases: readonly string[] | null;
	readonly maxInputTokens: number | null;
	readonly maxOutputTokens: number | null;
	/** Where a batch's replies may be longer. */
	readonly maxBatchOutputTokens: number | null;
	/** The first day on which upstream refuses it. */
	readonly retiresOn: string | null;
	readonly note: string | null;
	readonly prices: readonly PriceRow[];
}

export interface Document {
	/** The day of the last look at the sources. */
	readonly asOf: string | null;
	readonly models: readonly ModelRow[];
}

/** USD per million tokens with six places is pico-dollars per token. */
const perMillionPlaces = 6;
/** USD with twelve places is pico-dollars. */
const eachPlaces = 12;

export const toPerMillionText = (picos: Picos): string =>
	toDecimalText(picos, perMillionPlaces);
export const toEachText = (picos: Picos): string =>
	toDecimalText(picos, eachPlaces);

const amount = (places: number) => {
	const expected = `expected dollars in quotes such as "2.5", with at most ${places} places`;
	return z.string({ error: expected }).transform((text, context): Picos => {
		const value = readDecimal(text, places);
		if (value !== undefined) return toPicos(value);
		context.addIssue({ code: "custom", message: expected });
		return z.NEVER;
	});
};

const wholeFrom = (least: number, most: number) => {
	const error = `expected a whole number from ${least} to ${most}`;
	return z.int({ error }).min(least, { error }).max(most, { error });
};

const textUpTo = (most: number) => {
	const error = `expected a text of at most ${most} characters`;
	return z.string({ error }).max(most, { error });
};

const tokens = wholeFrom(1, 1_000_000_000);
const percent = wholeFrom(1, 1_000).nullable();
const day = z.iso.date({ error: "expected a day such as 2026-10-07" });
const name = textUpTo(200).regex(/^[\x21-\x7e]+$/, {
	error: "expected a name without blanks",
});
const remark = textUpTo(1_000);
const listUpTo = <T extends z.ZodType>(item: T, most: number) => {
	const error = `expected a list of at most ${most}`;
	return z.array(item, { error }).max(most, { error });
};
const members = { error: "expected an object" };

const tokenPrices: Readonly<
	Record<keyof TokenPrices, ReturnType<typeof amount>>
> = {
	input: amount(perMillionPlaces),
	output: amount(perMillionPlaces),
	cacheWrite5m: amount(perMillionPlaces),
	cacheWrite1h: amount(perMillionPlaces),
	cacheRead: amount(perMillionPlaces),
};

const optional = <T extends z.ZodType>(type: T) =>
	type.nullable().default(null);

const priceRow = z.strictObject(
	{
		from: optional(day),
		until: optional(day),
		standard: z.strictObject(tokenPrices, members),
		longPrompt: optional(
			z
				.strictObject({ aboveTokens: tokens, ...tokenPrices }, members)
				.transform(({ aboveTokens, ...prices }) => ({ aboveTokens, prices })),
		),
		fast: optional(z.strictObject(tokenPrices, members)),
		// What holds for every model on offer.
		batchPercent: percent.default(50),
		usPercent: percent.default(110),
		webSearch: amount(eachPlaces).prefault("0.01"),
		note: optional(remark),
	},
	members,
);

const modelRow = z.strictObject(
	{
		model: name,
		aliases: optional(listUpTo(name, 50)),
		maxInputTokens: optional(tokens),
		maxOutputTokens: optional(tokens),
		maxBatchOutputTokens: optional(tokens),
		retiresOn: optional(day),
		note: optional(remark),
		prices: listUpTo(priceRow, 200).prefault([]),
	},
	members,
);

/** The shape alone; `readDocument` also looks for what contradicts itself. */
export const documentShape: z.ZodType<Document> = z.strictObject(
	{
		asOf: optional(day),
		/** For people who read the file. */
		about: remark.optional(),
		models: listUpTo(modelRow, 1_000),
	},
	members,
);

type Json = { [name: string]: Json } | Json[] | string | number | null;

const toRowJson = (row: PriceRow): Json => ({
	from: row.from,
	until: row.until,
	standard: toPricesJson(row.standard),
	longPrompt: row.longPrompt && {
		aboveTokens: row.longPrompt.aboveTokens,
		...toPricesJson(row.longPrompt.prices),
	},
	fast: row.fast && toPricesJson(row.fast),
	batchPercent: row.batchPercent,
	usPercent: row.usPercent,
	webSearch: toEachText(row.webSearch),
	note: row.note,
});

const toPricesJson = (prices: TokenPrices): Record<string, string> => ({
	input: toPerMillionText(prices.input),
	output: toPerMillionText(prices.output),
	cacheWrite5m: toPerMillionText(prices.cacheWrite5m),
	cacheWrite1h: toPerMillionText(prices.cacheWrite1h),
	cacheRead: toPerMillionText(prices.cacheRead),
});

/** The way back: members in one order, so that equal documents are equal texts. */
export const toDocumentText = ({ asOf, models }: Document): string =>
	JSON.stringify({
		asOf,
		models: models.map((row) => ({
			model: row.model,
			aliases: row.aliases,
			maxInputTokens: row.maxInputTokens,
			maxOutputTokens: row.maxOutputTokens,
			maxBatchOutputTokens: row.maxBatchOutputTokens,
			retiresOn: row.retiresOn,
			note: row.note,
			prices: row.prices.map(toRowJson),
		})),
	});
