/** What a batch's requests to one model cost by the prices at hand: each anew, as its row has it. */

import type { Entry } from "../../domain/entry.ts";
import { emptyUsage } from "../../domain/usage.ts";
import type { Catalog } from "../../pricing/catalog.ts";
import { toCost } from "../../pricing/cost.ts";
import type { BatchItem, BatchSum } from "../../store/batches.ts";
import { heldInput } from "../charge.ts";
import { parseJson, toObject, toText } from "../meter/json.ts";
import { type ChargedAgain, readNotes } from "../recharge.ts";
import { goneNote, toModelPart } from "./entries.ts";
import { iterationsNote } from "./price-line.ts";

/** Some at a time. */
export type ReadItems = (of: {
	readonly batch: string;
	readonly model: string;
}) => AsyncIterable<readonly BatchItem[]>;

/** After so many others may do something. */
const atOnce = 50;

/** Rejects with StoreError. */
export async function chargeBatchAgain(
	entry: Entry,
	catalog: Catalog,
	readItems: ReadItems,
): Promise<ChargedAgain> {
	const batch = toText(toObject(parseJson(entry.metadata ?? "{}"))?.batch_id);
	if (entry.price === heldInput) return { why: "held" };
	if (batch === null) return { why: "no_usage" };
	const model = entry.servedModel ?? "";
	const sums = new Map<string, BatchSum>();
	let before = 0n;
	let done = 0;
	for await (const items of readItems({ batch, model })) {
		for (const item of items) {
			before += item.cost ?? 0n;
			addTo(sums, priceItem(item, entry, catalog));
			done += 1;
			if (done % atOnce === 0) await new Promise(setImmediate);
		}
	}
	// Without all of its requests nothing can be said of it.
	if (done === 0 || before !== (entry.cost ?? 0n)) return { why: "no_usage" };
	const all = [...sums.values()];
	const gone = readNotes(entry).has(goneNote);
	const { state, cost: nanos, price } = toModelPart(model, all, { gone });
	return { cost: { state, nanos, price, notes: [] } };
}

/** A request that keeps its cost: it was free, or its row does not tell all. */
const keeping: ReadonlySet<string> = new Set([
	iterationsNote,
	"declined_free",
	"unknown_iteration",
	"beyond_iterations",
	"unnamed_model",
	"bad_counts",
	"unreadable",
	"no_usage",
]);

function priceItem(item: BatchItem, entry: Entry, catalog: Catalog): BatchItem {
	const notes = item.notes.split(" ");
	const isFree = item.price === "" && item.state !== "unpriced";
	if (isFree || notes.some((note) => keeping.has(note))) return item;
	const { nanos, state, price } = toCost(
		{
			...emptyUsage,
			...toCounts(item),
			model: item.model === "" ? null : item.model,
			serviceTier: "batch",
			// What decided the price is in its name.
			speed: item.price.includes("*fast") ? "fast" : null,
			inferenceGeo: item.price.includes("*us") ? "us" : null,
			codeExecutions: notes.includes("container_time") ? 1 : 0,
		},
		catalog,
		{
			atMs: entry.startedMs,
			requestedModel: null,
			inBatch: true,
			isUnfinished: notes.includes("unfinished"),
			ranServerTools: notes.includes("prompt_of_several"),
		},
	);
	return { ...item, cost: nanos, state, price: price ?? "" };
}

const toCounts = (item: BatchItem) => ({
	input: item.input,
	output: item.output,
	cacheWrite5m: item.cacheWrite5m,
	cacheWrite1h: item.cacheWrite1h,
	cacheRead: item.cacheRead,
	thinking: item.thinking,
	webSearches: item.webSearches,
});

/** In so many groups as there are prices and states. */
function addTo(sums: Map<string, BatchSum>, item: BatchItem): void {
	const { model, state, price } = item;
	const name = `${state}\n${price}`;
	const sum = sums.get(name);
	const counts = toCounts(item);
	sums.set(name, {
		...{ model, state, price, notes: "" },
		items: (sum?.items ?? 0) + 1,
		cost: (sum?.cost ?? 0n) + (item.cost ?? 0n),
		input: (sum?.input ?? 0) + counts.input,
		output: (sum?.output ?? 0) + counts.output,
		cacheWrite5m: (sum?.cacheWrite5m ?? 0) + counts.cacheWrite5m,
		cacheWrite1h: (sum?.cacheWrite1h ?? 0) + counts.cacheWrite1h,
		cacheRead: (sum?.cacheRead ?? 0) + counts.cacheRead,
		thinking: (sum?.thinking ?? 0) + counts.thinking,
		webSearches: (sum?.webSearches ?? 0) + counts.webSearches,
	});
}
