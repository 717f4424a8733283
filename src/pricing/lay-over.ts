/** One document of prices on top of another: on the days the upper one has a row for, it holds. */
import type { Document, ModelRow, PriceRow } from "./document.ts";
import { findContradictions, type ReadDocument } from "./read-document.ts";

const dayMs = 86_400_000;

/** When a UTC day begins, in milliseconds since 1970. */
export const toDayStartMs = (day: string): number =>
	Date.parse(`${day}T00:00:00Z`);

export function addDays(day: string, days: number): string {
	const date = new Date(toDayStartMs(day) + days * dayMs);
	return date.toISOString().slice(0, 10);
}

/** Before every day, as texts compare. */
const always = "";

/** The row that began last of those that have not ended. */
function rowOn(day: string, rows: readonly PriceRow[]): PriceRow | undefined {
	let found: PriceRow | undefined;
	for (const row of rows) {
		const { from, until } = row;
		if ((from ?? always) > day || (until !== null && until < day)) continue;
		if (!found || (from ?? always) > (found.from ?? always)) found = row;
	}
	return found;
}

function listTurns(rows: readonly PriceRow[]): string[] {
	const turns = new Set([always]);
	for (const { from, until } of rows) {
		if (from !== null) turns.add(from);
		if (until !== null) turns.add(addDays(until, 1));
	}
	return [...turns].sort();
}

/**
 * Rows one after the other, none overlapping, each with its last day unless it goes on. On every day the first of the
 * layers counts that has a row for it.
 */
export function toSequence(
	layers: readonly (readonly PriceRow[])[],
): PriceRow[] {
	const sequence: PriceRow[] = [];
	let current: PriceRow | undefined;
	for (const day of listTurns(layers.flat())) {
		let row: PriceRow | undefined;
		for (const layer of layers) row ??= rowOn(day, layer);
		if (row === current) continue;
		const last = sequence.at(-1);
		if (current && last) {
			sequence[sequence.length - 1] = { ...last, until: addDays(day, -1) };
		}
		if (row) sequence.push({ ...row, from: day || null, until: null });
		current = row;
	}
	return sequence;
}

const toOwn = (row: PriceRow): PriceRow => ({ ...row, own: true });

/** What the upper row leaves open is as below. */
function toMerged(lower: ModelRow | undefined, upper: ModelRow): ModelRow {
	return {
		model: upper.model,
		aliases: upper.aliases ?? lower?.aliases ?? null,
		maxInputTokens: upper.maxInputTokens ?? lower?.maxInputTokens ?? null,
		maxOutputTokens: upper.maxOutputTokens ?? lower?.maxOutputTokens ?? null,
		maxBatchOutputTokens:
			upper.maxBatchOutputTokens ?? lower?.maxBatchOutputTokens ?? null,
		retiresOn: upper.retiresOn ?? lower?.retiresOn ?? null,
		note: upper.note ?? lower?.note ?? null,
		prices: toSequence([upper.prices.map(toOwn), lower?.prices ?? []]),
	};
}

function* findGaps({ models }: Document): Iterable<string> {
	for (const row of models) {
		for (const field of ["maxInputTokens", "maxOutputTokens"] as const) {
			if (row[field] !== null) continue;
			yield `model "${row.model}", ${field} is missing; only models that are shipped can do without it.`;
		}
		if (row.prices.length === 0) {
			yield `model "${row.model}" has no price.`;
		}
	}
}

/** Every model of both, complete and its rows in sequence. */
export function layOver(lower: Document, upper: Document): ReadDocument {
	const lowerRows = new Map(lower.models.map((row) => [row.model, row]));
	const upperRows = new Map(upper.models.map((row) => [row.model, row]));
	const document: Document = {
		asOf: upper.asOf ?? lower.asOf,
		models: [
			...lower.models.map(
				(row) => upperRows.get(row.model) ?? { ...row, prices: [] },
			),
			...upper.models.filter(({ model }) => !lowerRows.has(model)),
		].map((row) => toMerged(lowerRows.get(row.model), row)),
	};
	const problems = [...findContradictions(document), ...findGaps(document)];
	return problems.length === 0 ? { document } : { problems };
}
