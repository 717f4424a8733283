/** A batch on the ledger: an Entry for each model that served requests of it. */
import type { Entry, TruthState } from "../../domain/entry.ts";
import { noNanos, toNanos } from "../../domain/nanos.ts";
import type { Catalog } from "../../pricing/catalog.ts";
import type { Batch, BatchSum } from "../../store/batches.ts";
import { heldInput } from "../charge.ts";
import { emptyEntry } from "../entry.ts";
import type { JsonObject } from "../meter/json.ts";
import { fromHoldDetail } from "../orphan.ts";

export interface BatchEnd {
	readonly endedMs: number;
	/** What became of its requests; null: nobody knows. */
	readonly counts: JsonObject | null;
	/** Upstream has lost or deleted it before all of its results were read. */
	readonly gone: boolean;
}

/**
 * In the order of their models' names, which is the same whoever makes them: the first is `<batch id>_batch_cost`, the
 * others `<batch id>_batch_cost_2`, `_3` and so on. None where no request cost anything.
 */
export function toBatchEntries(
	batch: Batch,
	sums: readonly BatchSum[],
	catalog: Catalog,
	end: BatchEnd,
): readonly Entry[] {
	const models = [...new Set(sums.map(({ model }) => model))].sort();
	const entries = models.map((model, at) => ({
		...toBase(batch, end, at),
		...toModelPart(
			model,
			sums.filter((sum) => sum.model === model),
			end,
		),
		metadata: toMetadata(batch, sums, model, end),
		catalog: catalog.version,
	}));
	if (entries.length > 0 || !end.gone) return entries;
	return [toEstimate(batch, catalog, end)];
}

function toBase(batch: Batch, { endedMs }: BatchEnd, at: number): Entry {
	const { opening } = fromHoldDetail(batch.detail);
	const suffix = at === 0 ? "" : `_${at + 1}`;
	return {
		...emptyEntry,
		...opening,
		id: `${batch.id}_batch_cost${suffix}`,
		kind: "batch",
		startedMs: batch.createdMs,
		durationMs: Math.max(0, endedMs - batch.createdMs),
		status: 200,
		serviceTier: "batch",
		held: at === 0 ? batch.held : noNanos,
	};
}

/** Beside the notes on how its requests' cost came about. */
export const goneNote = "batch_gone";

/** From the best known to the least. */
const states: readonly TruthState[] = [
	"exact",
	"partial",
	"estimated",
	"unpriced",
];

export function toModelPart(
	model: string,
	sums: readonly BatchSum[],
	{ gone }: Pick<BatchEnd, "gone">,
) {
	const add = (of: (sum: BatchSum) => number) =>
		sums.reduce((all, sum) => all + of(sum), 0);
	const worst = Math.max(...sums.map(({ state }) => states.indexOf(state)));
	const isUnpriced = sums.every(({ state }) => state === "unpriced");
	// Where some have no price, the others' is not all of it.
	const rank = isUnpriced
		? worst
		: Math.min(worst, states.indexOf("estimated"));
	const state = states[rank] ?? "estimated";
	const prices = new Set(sums.flatMap(({ price }) => price.split(" ")));
	prices.delete("");
	return {
		state: gone && state !== "unpriced" ? "estimated" : state,
		requestedModel: model === "" ? null : model,
		servedModel: model === "" ? null : model,
		cost: isUnpriced
			? null
			: toNanos(sums.reduce((all, { cost }) => all + cost, 0n)),
		price: prices.size === 0 ? null : [...prices].join(" "),
		input: add(({ input }) => input),
		output: add(({ output }) => output),
		cacheWrite5m: add(({ cacheWrite5m }) => cacheWrite5m),
		cacheWrite1h: add(({ cacheWrite1h }) => cacheWrite1h),
		cacheRead: add(({ cacheRead }) => cacheRead),
		thinking: add(({ thinking }) => thinking),
		webSearches: add(({ webSearches }) => webSearches),
	} as const;
}

/** What the prompts may have cost: they were read, and how much was written nobody can tell any more. */
function toEstimate(batch: Batch, catalog: Catalog, end: BatchEnd): Entry {
	const isKnown = batch.heldInput > noNanos;
	return {
		...toBase(batch, end, 0),
		state: isKnown ? "estimated" : "unpriced",
		cost: isKnown ? batch.heldInput : null,
		price: isKnown ? heldInput : null,
		catalog: catalog.version,
		metadata: toMetadata(batch, [], "", end),
	};
}

/** The client's own labels, and what is to be said of the batch and of how its cost came about. */
function toMetadata(
	batch: Batch,
	sums: readonly BatchSum[],
	model: string,
	{ counts, gone }: BatchEnd,
): string {
	const { opening } = fromHoldDetail(batch.detail);
	const own = sums.filter((sum) => sum.model === model);
	const notes = new Set(own.flatMap(({ notes }) => notes.split(" ")));
	notes.delete("");
	if (gone) notes.add(goneNote);
	return JSON.stringify({
		...JSON.parse(opening.metadata ?? "{}"),
		...(notes.size > 0 && { cost_notes: [...notes] }),
		batch_id: batch.id,
		batch_call_id: batch.callId,
		batch_requests: own.reduce((all, { items }) => all + items, 0),
		...(counts !== null && { batch_counts: counts }),
	});
}
