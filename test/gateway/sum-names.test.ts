/** Corrections move the sums that their Entry is in, whatever it would be called today. */
import { expect, test } from "bun:test";
import type { Entry } from "../../src/domain/entry.ts";
import { findSumNames } from "../../src/gateway/reprice/sum-names.ts";
import { openShipped } from "../pricing/usages.ts";
import { toTestEntry } from "../store/an-entry.ts";

const sonnet = "claude-sonnet-5-5";

/** @param sums by dimension and id, models under which there are sums in the hour */
const find = (
	changed: Partial<Entry>,
	sums: Readonly<Record<string, readonly string[]>>,
) =>
	findSumNames(
		toTestEntry(changed),
		openShipped(),
		async ({ dimension, id }) => sums[`${dimension} ${id}`] ?? [],
	);

test("tags and end users without sums of their own were summed as other", async () => {
	const names = { tags: ["docs", "new", "newer"], endUser: "Zoë" };
	expect(
		await find(names, { "tag docs": [sonnet], "global ": [sonnet] }),
	).toEqual({ tags: ["docs", "other"], endUser: "other", model: sonnet });
	const own = { "customer Zoë": [sonnet], "global ": [sonnet] };
	expect(await find({ endUser: "Zoë" }, own)).toMatchObject({ endUser: "Zoë" });
});

test("a model is called as the price list of its time called it", async () => {
	const notes = (note: string) => JSON.stringify({ cost_notes: [note] });
	const both = { "global ": ["other", sonnet] };
	const unknown = { metadata: notes("unknown_model") };
	expect((await find(unknown, both)).model).toBe("other");
	expect((await find({ metadata: notes("no_price") }, both)).model).toBe(
		"other",
	);
	expect((await find({}, both)).model).toBe(sonnet);
	const gone = {
		servedModel: "claude-old-1",
		price: "claude-old@2026-01-01*us110",
	};
	expect((await find(gone, { "global ": ["claude-old"] })).model).toBe(
		"claude-old",
	);
});
