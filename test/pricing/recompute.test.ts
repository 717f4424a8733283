/** I-10: from what is stored with a row, the same integer comes again. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { divideUp } from "../../src/domain/nanos.ts";
import type { TokenCounts, Usage } from "../../src/domain/usage.ts";
import type { Catalog } from "../../src/pricing/catalog.ts";
import { readDocument } from "../../src/pricing/read-document.ts";
import {
	atMs,
	catalogs,
	kinds,
	plainUsages,
	price,
	runs,
	usages,
	which,
} from "./arbitrary-usages.ts";
import { openOwn } from "./usages.ts";

const { odd } = catalogs;

/** The same sum, done in another way: in whole millionths of a pico-dollar, with nothing rounded but the end. */
function recompute(usage: Usage, name: string, catalog: Catalog): bigint {
	const [id, ...applied] = name.split("*");
	const row = catalog.models
		.flatMap(({ rows }) => rows)
		.find((one) => one.price.id === id);
	if (!row) throw new Error(`no price ${id}`);
	const { standard, fast, longPrompt } = row.price;
	const surcharges = [
		...(applied.includes("fast") && fast ? [fast] : []),
		...(applied.includes("long") && longPrompt ? [longPrompt.prices] : []),
	];
	const unit = (kind: keyof TokenCounts) =>
		surcharges.reduce<bigint>(
			(picos, dearer) => divideUp(picos * dearer[kind], standard[kind]),
			standard[kind],
		);
	const factor = applied.reduce((millionths, what) => {
		const percent = /\d+$/.exec(what)?.[0] ?? "100";
		return (millionths * BigInt(percent)) / 100n;
	}, 1_000_000n);
	return kinds.reduce(
		(sum, kind) => sum + BigInt(usage[kind]) * unit(kind) * factor,
		0n,
	);
}

test("from the stored name of a price and the usage comes the same integer again", () => {
	fc.assert(
		fc.property(plainUsages, which, atMs, (part, name, at) => {
			const usage = { ...part, webSearches: 0, stopReason: "end_turn" };
			const cost = price(usage, catalogs[name], at);
			const exact = recompute(usage, cost.price ?? "", catalogs[name]);
			const nano = 1_000_000_000n;
			const over = (cost.nanos ?? 0n) * nano - exact;
			expect(over >= 0n && over < nano).toBe(true);
		}),
		runs,
	);
});

test("a catalog opened again from its text gives the same cost", () => {
	const again = openOwn(JSON.parse(odd.text));
	expect(readDocument(odd.text).problems).toBeUndefined();
	expect(again.version).toBe(odd.version);
	fc.assert(
		fc.property(usages, atMs, (usage, at) => {
			expect(price(usage, again, at)).toEqual(price(usage, odd, at));
		}),
		runs,
	);
});
