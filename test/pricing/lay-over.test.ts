import { expect, test } from "bun:test";
import fc from "fast-check";
import type { PriceRow } from "../../src/pricing/document.ts";
import { toSequence } from "../../src/pricing/lay-over.ts";
import { readDocument } from "../../src/pricing/read-document.ts";
import { row } from "./own-rows.ts";

const firstDayMs = Date.UTC(2026, 0, 1);
const day = fc
	.integer({ min: 0, max: 40 })
	.map((days) =>
		new Date(firstDayMs + days * 86_400_000).toISOString().slice(0, 10),
	);

/** Told apart by the price of a search. */
const drafts = fc.uniqueArray(
	fc
		.record({
			from: fc.option(day),
			until: fc.option(day),
			webSearch: fc.nat(1_000_000).map(String),
		})
		.filter(({ from, until }) => !(from && until && until < from)),
	{ selector: ({ from }) => from, maxLength: 4 },
);

const layer = drafts.map((list): readonly PriceRow[] => {
	const prices = list.map((part) => row("1", part));
	const text = JSON.stringify({ models: [{ model: "m", prices }] });
	return readDocument(text).document?.models[0]?.prices ?? [];
});

const holds = ({ from, until }: PriceRow, on: string) =>
	(from ?? "") <= on && on <= (until ?? "9999");

const lastBegunFirst = (a: PriceRow, b: PriceRow) =>
	(a.from ?? "") < (b.from ?? "") ? 1 : -1;

test("every day has the row that was meant, and laying it over again changes nothing", () => {
	fc.assert(
		fc.property(layer, layer, day, (upper, lower, on) => {
			const sequence = toSequence([upper, lower]);
			expect(toSequence([sequence])).toEqual(sequence);
			const [meant] = [upper, lower].flatMap((rows) =>
				rows.filter((one) => holds(one, on)).toSorted(lastBegunFirst),
			);
			const holding = sequence.filter((one) => holds(one, on));
			expect(holding.map(({ webSearch }) => webSearch)).toEqual(
				meant ? [meant.webSearch] : [],
			);
		}),
		{ numRuns: 1_000 },
	);
});
