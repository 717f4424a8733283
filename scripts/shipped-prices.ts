/**
 * From a researched list of prices, which has one present price per model and a history of what differed from it and
 * when, to the document that is shipped, which has one row per price.
 */
import { z } from "zod";
import { readDecimal, toDecimalText } from "../src/domain/nanos.ts";
import { addDays } from "../src/pricing/lay-over.ts";

const prices = {
	input: z.number(),
	output: z.number(),
	cache_write_5m: z.number().nullable(),
	cache_write_1h: z.number().nullable(),
	cache_read: z.number().nullable(),
};
const day = z.iso.date();
const longContext = z.object({ threshold_tokens: z.int(), ...prices });
const fast = z.object({ ...prices, removed_on: day.nullable() });

const listedModel = z.object({
	id: z.string(),
	aliases: z.array(z.string()),
	unofficial_aliases: z.array(z.string()),
	...prices,
	batch_multiplier: z.number().nullable(),
	us_geo_multiplier: z.number().nullable(),
	web_search_per_request: z.number().nullable(),
	long_context: longContext.nullable(),
	fast: fast.nullable(),
	max_input_tokens: z.int(),
	max_output_tokens: z.int(),
	max_output_tokens_batch_beta: z.int().nullable(),
	released: day.nullable(),
	retires_on: day.nullable(),
	history: z.array(
		z.strictObject({
			from: day,
			until: day,
			cache_read: z.number().optional(),
			long_context: longContext.optional(),
			fast: fast.optional(),
			note: z.string(),
		}),
	),
	notes: z.string().optional(),
});

const list = z.object({
	schema_version: z.literal(1),
	currency: z.literal("USD"),
	as_of: day,
	models: z.array(listedModel),
});

type Listed = z.output<typeof listedModel>;
type Present = Pick<Listed, keyof typeof prices | "long_context" | "fast">;
type Amounts = Pick<Listed, keyof typeof prices>;

/** The number as the list wrote it; throws for one that has no short decimal form. */
function toDecimal(value: number, places = 12): bigint {
	const parts = readDecimal(String(value), places);
	if (parts === undefined) throw new Error(`${value} is no amount`);
	return parts;
}

/** What stands in where caching was never priced. */
const cacheTimes = { write5m: 125n, write1h: 200n, read: 10n };

function toTokenPrices(amounts: Amounts) {
	const input = toDecimal(amounts.input);
	const text = (value: number | null, percent: bigint) =>
		toDecimalText(
			value === null ? (input * percent) / 100n : toDecimal(value),
			12,
		);
	return {
		input: toDecimalText(input, 12),
		cacheWrite5m: text(amounts.cache_write_5m, cacheTimes.write5m),
		cacheWrite1h: text(amounts.cache_write_1h, cacheTimes.write1h),
		cacheRead: text(amounts.cache_read, cacheTimes.read),
		output: toDecimalText(toDecimal(amounts.output), 12),
	};
}

const toPercent = (multiplier: number | null) =>
	multiplier === null ? null : Number(toDecimal(multiplier, 2));

function toPriceRow(listed: Listed, from: string | null) {
	const present: Present = { ...listed };
	const notes: string[] = [];
	for (const { from: begin, until, note, ...differing } of listed.history) {
		if (from === null || from < begin || until < from) continue;
		Object.assign(present, differing);
		notes.push(note);
	}
	const { long_context, fast } = present;
	const removed = fast?.removed_on ?? null;
	return {
		...(from && { from }),
		standard: toTokenPrices(present),
		...(long_context && {
			longPrompt: {
				aboveTokens: long_context.threshold_tokens,
				...toTokenPrices(long_context),
			},
		}),
		...(fast &&
			!(from && removed && removed < from) && { fast: toTokenPrices(fast) }),
		batchPercent: toPercent(listed.batch_multiplier),
		usPercent: toPercent(listed.us_geo_multiplier),
		...(listed.web_search_per_request !== null && {
			webSearch: toDecimalText(toDecimal(listed.web_search_per_request), 12),
		}),
		...(notes.length > 0 && { note: notes.join(" ") }),
	};
}

/** Its release, and every day on which something began or no longer was. */
function listFirstDays({ released, history, fast }: Listed) {
	if (released === null) return [null];
	const days = history.flatMap(({ from, until }) => [from, addDays(until, 1)]);
	if (fast?.removed_on) days.push(addDays(fast.removed_on, 1));
	return [...new Set([released, ...days])].sort().filter((d) => d >= released);
}

/** Remarks about what is left out here would only puzzle. */
const toNote = (notes: string) =>
	notes
		.split(/(?<=[.;]) /)
		.filter((part) => !/deprecated_on|Retirement/.test(part))
		.join(" ")
		.replace(/;$/, ".");

function toModel(listed: Listed) {
	const aliases = [...listed.aliases, ...listed.unofficial_aliases];
	const note = toNote(listed.notes ?? "");
	const batchMost = listed.max_output_tokens_batch_beta;
	return {
		model: listed.id,
		...(aliases.length > 0 && { aliases }),
		maxInputTokens: listed.max_input_tokens,
		maxOutputTokens: listed.max_output_tokens,
		...(batchMost && { maxBatchOutputTokens: batchMost }),
		...(listed.retires_on && { retiresOn: listed.retires_on }),
		...(note && { note }),
		prices: listFirstDays(listed).map((from) => toPriceRow(listed, from)),
	};
}

const about =
	"USD per million tokens; webSearch: USD each. batchPercent and usPercent multiply every token price. A price holds from the UTC day it names, until the next one's.";

/** As the formatter leaves it: lists of words on one line. */
const toText = (value: unknown) =>
	`${JSON.stringify(value, null, "\t").replace(
		/\[\s+("[^\]{]*")\s+\]/g,
		(_, words: string) => `[${words.replace(/\s*\n\s*/g, " ")}]`,
	)}\n`;

/** Throws for what is no such list. */
export function toShippedText(listed: unknown): string {
	const { as_of, models } = list.parse(listed);
	return toText({ asOf: as_of, about, models: models.map(toModel) });
}
