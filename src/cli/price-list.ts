/** What `tollway prices` has to say, before it takes a form. */
import type { Price, TokenPrices } from "../domain/price.ts";
import type {
	Catalog,
	CatalogModel,
	CatalogRow,
	Match,
} from "../pricing/catalog.ts";
import { toEachText, toPerMillionText } from "../pricing/document.ts";

/** Something that will be otherwise from a day on. */
export interface Coming {
	readonly day: string;
	readonly model: string;
	readonly what: string;
}

export interface Shown {
	readonly model: CatalogModel;
	readonly rows: readonly CatalogRow[];
}

export interface PriceList {
	readonly shown: readonly Shown[];
	readonly coming: readonly Coming[];
	/** How many models are left out because upstream refuses them. */
	readonly retired: number;
	/** What was asked for; null: everything. */
	readonly asked: {
		readonly name: string;
		readonly match: Match;
		/** The one that a call would be charged at now. */
		readonly price: Price | null;
	} | null;
}

/** As they stand in a table, and in sentences. */
export const kindNames = {
	input: "input",
	cacheWrite5m: "write 5m",
	cacheWrite1h: "write 1h",
	cacheRead: "read",
	output: "output",
} as const satisfies Record<keyof TokenPrices, string>;

export const kinds = Object.keys(kindNames) as (keyof TokenPrices)[];

function* listTurns(
	what: string,
	before: TokenPrices | null,
	after: TokenPrices | null,
): Iterable<string> {
	if (!before && after) yield `${what}begins`;
	if (before && !after) yield `${what}ends`;
	if (!before || !after) return;
	for (const kind of kinds) {
		const [was, is] = [before[kind], after[kind]].map(toPerMillionText);
		if (was !== is) yield `${what}${kindNames[kind]} ${was} → ${is}`;
	}
}

const toPercentText = (percent: number | null) =>
	percent === null ? "none" : `${percent} %`;

const toTerms = ({ batchPercent, usPercent, webSearch }: Price) => ({
	batches: toPercentText(batchPercent),
	"US inference": toPercentText(usPercent),
	"web search": toEachText(webSearch),
});

function* compare(before: Price, after: Price): Iterable<string> {
	yield* listTurns("", before.standard, after.standard);
	yield* listTurns("fast mode ", before.fast, after.fast);
	yield* listTurns(
		"price of long prompts ",
		before.longPrompt?.prices ?? null,
		after.longPrompt?.prices ?? null,
	);
	const was = toTerms(before);
	for (const [what, is] of Object.entries(toTerms(after))) {
		const old = was[what as keyof typeof was];
		if (old !== is) yield `${what} ${old} → ${is}`;
	}
}

function* listComing(
	{ model, rows, retiresOn, retiresMs }: CatalogModel,
	atMs: number,
): Iterable<Coming> {
	if (retiresOn !== null && atMs < retiresMs) {
		yield { day: retiresOn, model, what: "retires" };
	}
	for (const [at, row] of rows.entries()) {
		const before = rows[at - 1];
		const follows = before?.endMs === row.fromMs;
		if (row.from !== null && atMs < row.fromMs) {
			const changes = follows
				? [...compare(before.price, row.price)]
				: ["a price begins"];
			// A row of the operator's own may repeat what it lies over.
			if (changes.length > 0) {
				yield { day: row.from, model, what: changes.join(", ") };
			}
		}
		const next = rows[at + 1];
		if (row.until !== null && atMs < row.endMs && next?.fromMs !== row.endMs) {
			const day = new Date(row.endMs).toISOString().slice(0, 10);
			yield { day, model, what: "has no price any more" };
		}
	}
}

const byDay = (a: Coming, b: Coming) => (a.day < b.day ? -1 : 1);

const listAllComing = (models: readonly CatalogModel[], atMs: number) =>
	models.flatMap((model) => [...listComing(model, atMs)]).sort(byDay);

const isInForce = ({ fromMs, endMs }: CatalogRow, atMs: number) =>
	fromMs <= atMs && atMs < endMs;

/** What is in force now. */
export function listPrices({ models }: Catalog, atMs: number): PriceList {
	const current = models.filter(({ retiresMs }) => atMs < retiresMs);
	return {
		shown: current.map((model) => ({
			model,
			rows: model.rows.filter((row) => isInForce(row, atMs)),
		})),
		coming: listAllComing(current, atMs),
		retired: models.length - current.length,
		asked: null,
	};
}

/** What a model costs, did and will; of one that is unknown, the model that stands in. */
export function listModel(
	name: string,
	catalog: Catalog,
	atMs: number,
): PriceList {
	const { price, match } = catalog.find(name, atMs);
	const found = catalog.models.filter(({ model }) => model === price?.model);
	return {
		shown: found.map((model) => ({ model, rows: model.rows })),
		coming: listAllComing(found, atMs),
		retired: 0,
		asked: { name, match, price },
	};
}
