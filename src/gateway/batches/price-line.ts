/** What one request of a batch has come to, by its line of the results. */
import { hash } from "node:crypto";
import type { Usage } from "../../domain/usage.ts";
import type { Catalog } from "../../pricing/catalog.ts";
import { toCost } from "../../pricing/cost.ts";
import type { BatchItem } from "../../store/batches.ts";
import { parseJson, toObject, toText } from "../meter/json.ts";
import { meterParsed } from "../meter/meter.ts";
import { toBillable } from "../meter/reading.ts";

/** The counts of the row are not all that was charged for. */
export const iterationsNote = "iterations";

const unpriced = {
	model: "",
	state: "unpriced",
	cost: null,
	price: "",
	input: 0,
	output: 0,
	cacheWrite5m: 0,
	cacheWrite1h: 0,
	cacheRead: 0,
	thinking: 0,
	webSearches: 0,
} as const satisfies Partial<BatchItem>;

/**
 * Null for a request that upstream does not charge for: it failed, was cancelled, or came too late. A line that cannot be
 * read is not lost: it becomes an unpriced item under a name that no request can have.
 * @param atMs when the batch was made, which decides the prices
 */
export function priceLine(
	line: Uint8Array,
	catalog: Catalog,
	atMs: number,
): BatchItem | null {
	const row = toObject(parseJson(new TextDecoder().decode(line)));
	const result = toObject(row?.result);
	const customId = toText(row?.custom_id);
	if (result === null || customId === null) {
		const name = `line ${hash("sha256", line)}`;
		return { ...unpriced, customId: name, notes: "unreadable" };
	}
	if (result.type !== "succeeded") return null;
	const message = toObject(result.message);
	if (message === null) return { ...unpriced, customId, notes: "unreadable" };
	const reading = meterParsed(message);
	const usage = toBillable(reading);
	const model = usage.model ?? "";
	if (reading.known === "nothing") {
		return { ...unpriced, customId, model, notes: "no_usage" };
	}
	const context = {
		atMs,
		requestedModel: null,
		inBatch: true,
		isUnfinished: reading.malformed,
	};
	const { nanos, state, price, notes } = toCost(usage, catalog, context);
	// Iterations are not kept: where they are what is charged for, the row cannot be priced again.
	const isToldByCounts = (of: Usage): boolean =>
		of.iterations.length === 0 ||
		toCost({ ...of, iterations: [], stopReason: null }, catalog, context)
			.nanos === nanos;
	return {
		customId,
		model,
		state,
		cost: nanos,
		price: price ?? "",
		notes: [...notes, ...(isToldByCounts(usage) ? [] : [iterationsNote])].join(
			" ",
		),
		input: usage.input,
		output: usage.output,
		cacheWrite5m: usage.cacheWrite5m,
		cacheWrite1h: usage.cacheWrite1h,
		cacheRead: usage.cacheRead,
		thinking: usage.thinking,
		webSearches: usage.webSearches,
	};
}
