/** What a model costs that the catalog does not know: as much as the dearest of its family, or of all. */
import type { Price } from "../domain/price.ts";
import type { CatalogModel, CatalogRow } from "./catalog.ts";

const families: readonly string[] = [
	"fable",
	"mythos",
	"opus",
	"sonnet",
	"haiku",
];

/** `claude-opus-6-preview` is an opus; null for a name without such a part. */
export function toFamily(model: string): string | null {
	const parts = model.toLowerCase().split(/[^a-z]+/);
	return families.find((family) => parts.includes(family)) ?? null;
}

export const rowAt = (
	{ rows }: CatalogModel,
	atMs: number,
): CatalogRow | undefined =>
	rows.find(({ fromMs, endMs }) => fromMs <= atMs && atMs < endMs);

/** By what is generated, then by what is read. */
const byHeight = (a: CatalogRow, b: CatalogRow): number =>
	Number(b.price.standard.output - a.price.standard.output) ||
	Number(b.price.standard.input - a.price.standard.input);

const bornMs = ({ rows }: CatalogModel) =>
	rows[0]?.fromMs ?? Number.NEGATIVE_INFINITY;

const byYouth = (a: CatalogModel, b: CatalogModel): number =>
	bornMs(a) === bornMs(b) ? 0 : bornMs(b) - bornMs(a);

/** Of equal ones the first. */
function toStandIn(rows: readonly CatalogRow[]): Price | undefined {
	const dearest = rows.toSorted(byHeight)[0]?.price;
	if (!dearest) return undefined;
	const most = (
		field:
			| "maxInputTokens"
			| "maxOutputTokens"
			| "maxBatchOutputTokens"
			| "usPercent",
	) => Math.max(...rows.map(({ price }) => price[field] ?? 0));
	// The dearest need not be the one with the widest window, nor new enough to know of geographies.
	return {
		...dearest,
		usPercent: most("usPercent") || null,
		maxInputTokens: most("maxInputTokens"),
		maxOutputTokens: most("maxOutputTokens"),
		maxBatchOutputTokens: most("maxBatchOutputTokens"),
	};
}

/**
 * The dearest of the models that can be called at that time; without one, of all prices there ever were. Of equally dear
 * ones the newest, since what is unknown is likely newer still.
 */
export function findDearest(
	models: readonly CatalogModel[],
	atMs: number,
): Price | undefined {
	const newest = models.toSorted(byYouth);
	const current = newest
		.filter(({ retiresMs }) => atMs < retiresMs)
		.flatMap((model) => rowAt(model, atMs) ?? []);
	return toStandIn(current) ?? toStandIn(newest.flatMap(({ rows }) => rows));
}
