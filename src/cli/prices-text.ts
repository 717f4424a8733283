/** A list of prices for people. */
import type { Price, TokenPrices } from "../domain/price.ts";
import type { CatalogRow, Match } from "../pricing/catalog.ts";
import { toEachText, toPerMillionText } from "../pricing/document.ts";
import { kindNames, kinds, type PriceList, type Shown } from "./price-list.ts";
import { type Printed, toDay, toWhy } from "./prices-json.ts";
import { escapeControls } from "./safe-text.ts";
import { type Paint, toColumns, wrap } from "./terminal.ts";

const toCount = (count: number) => count.toLocaleString("en-US");

const toCells = (prices: TokenPrices) =>
	kinds.map((kind) => toPerMillionText(prices[kind]));

/** A price and, below it, what it is for long prompts and in fast mode. */
function toLines(label: string, row: CatalogRow): string[][] {
	const { standard, longPrompt, fast } = row.price;
	const lines = [
		[
			label,
			...toCells(standard),
			row.from ?? "always",
			row.until ?? "",
			toWhy(row),
		],
	];
	if (longPrompt) {
		const above = `  prompt > ${toCount(longPrompt.aboveTokens)}`;
		lines.push([above, ...toCells(longPrompt.prices)]);
	}
	if (fast) lines.push(["  fast mode", ...toCells(fast)]);
	return lines;
}

const head = [
	"model",
	...kinds.map((kind) => kindNames[kind]),
	"from",
	"until",
	"why",
];

/** Amounts stand under each other by their last digit. */
function toTable(rows: readonly (readonly string[])[]): string[] {
	const widths = head.map((_, at) =>
		Math.max(...rows.map((row) => row[at]?.length ?? 0)),
	);
	return toColumns(
		rows.map((row) =>
			row.map((cell, at) =>
				at >= 1 && at <= kinds.length ? cell.padStart(widths[at] ?? 0) : cell,
			),
		),
	);
}

function toPriceTable(list: PriceList, paint: Paint): string {
	const rows = list.shown.flatMap(({ model, rows }) =>
		rows.flatMap((row) => toLines(model.model, row)),
	);
	const [first = "", ...others] = toTable([head, ...rows]);
	return [paint("dim", first), ...others].map((line) => `  ${line}`).join("\n");
}

const matchTexts: Readonly<Record<Match, string>> = {
	id: "",
	alias: "is another name of",
	window: "is priced without its [1m], as",
	snapshot: "is priced without its date, as",
	early: "has no price yet; the first it will have stands in:",
	family: "is unknown; the dearest of its family stands in, as an estimate:",
	any: "is unknown; the dearest of all stands in, as an estimate:",
	none: "is unknown and stays without a price (TOLLWAY_UNKNOWN_MODEL=unpriced)",
};

function toAsked({ list, settings }: Printed): string[] {
	const { asked } = list;
	if (asked === null || asked.match === "id") return [];
	const unknown = asked.match === "family" || asked.match === "any";
	const text =
		unknown && settings.unknownModel === "refuse"
			? "is unknown and refused (TOLLWAY_UNKNOWN_MODEL=refuse); if it served all the same, as an estimate:"
			: matchTexts[asked.match];
	return [
		`${escapeControls(asked.name)} ${text} ${asked.price?.model ?? ""}`.trim(),
	];
}

const toShare = (percent: number | null) =>
	percent === null ? "not offered" : `${percent} %`;

function toFacts({ model, rows }: Shown, price: Price): string {
	const batchMost =
		price.maxBatchOutputTokens > price.maxOutputTokens
			? ` (${toCount(price.maxBatchOutputTokens)} in batches)`
			: "";
	const row = rows.find((one) => one.price.id === price.id);
	return [
		`Context ${toCount(price.maxInputTokens)} tokens, output ${toCount(price.maxOutputTokens)}${batchMost}.`,
		`Batches ${toShare(price.batchPercent)}, US inference ${toShare(price.usPercent)}, web search $${toEachText(price.webSearch)}.`,
		...[model.note, row?.note].filter((note) => note),
	].join(" ");
}

function toComing({ coming }: PriceList, paint: Paint): string[] {
	if (coming.length === 0) return [];
	const lines = toColumns(
		coming.map(({ day, model, what }) => [day, model, what]),
	);
	return [
		[paint("bold", "Coming"), ...lines.map((line) => `  ${line}`)].join("\n"),
	];
}

/** Where the prices come from. */
function toSource({ list, catalog, settings }: Printed): string {
	const own = list.shown.flatMap(({ rows }) => rows).filter(({ own }) => own);
	const parts = [
		`catalog ${catalog.version}`,
		...(settings.path === null
			? []
			: [`${own.length} of these from ${escapeControls(settings.path)}`]),
		...(settings.factor === "1" ? [] : [`all times ${settings.factor}`]),
		...(list.retired > 0
			? [`${list.retired} retired models are not listed`]
			: []),
		`unknown models: ${settings.unknownModel}`,
	];
	return parts.join("; ");
}

export function toPricesText(
	printed: Printed,
	{ paint, width }: { readonly paint: Paint; readonly width: number },
): string {
	const { list, atMs } = printed;
	const title = `Prices on ${toDay(atMs)} (UTC), in USD per million tokens`;
	const sections = [
		[
			paint("bold", title),
			paint("dim", wrap(toSource(printed), width, 0)),
			...toAsked(printed),
		].join("\n"),
	];
	if (list.shown.length > 0) sections.push(toPriceTable(list, paint));
	const [only] = list.shown;
	if (list.asked?.price && only) {
		sections.push(wrap(toFacts(only, list.asked.price), width, 0));
	}
	return [...sections, ...toComing(list, paint)].join("\n\n");
}
