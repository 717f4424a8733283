/** I-10: what a call cost, once more, from what the ledger has of it. */
import type { Entry } from "../domain/entry.ts";
import type { Nanos } from "../domain/nanos.ts";
import type { Usage } from "../domain/usage.ts";
import type { Catalog } from "../pricing/catalog.ts";
import { type Cost, toCost } from "../pricing/cost.ts";
import { parseJson, toObject } from "./meter/json.ts";
import { toMessageUsage } from "./meter/message-usage.ts";

/**
 * The cost by the catalog's prices; null where the row does not tell: it was free, charged by its hold, of several calls, or
 * the reply did not say which model it was or said more than is kept.
 */
export function toCostAgain(entry: Entry, catalog: Catalog): Nanos | null {
	const { kind, price, servedModel } = entry;
	if (kind !== "call" || price === null || servedModel === null) return null;
	if (price.startsWith("held:")) return null;
	const usage = toStoredUsage(entry);
	if (usage === null) return null;
	return toCost(usage, catalog, toContext(entry)).nanos;
}

const toContext = ({ startedMs, requestedModel }: Entry) => ({
	atMs: startedMs,
	requestedModel,
});

/** Why Entries keep their cost: they … */
export const keptReasons = {
	free: "were not charged for",
	held: "ended unseen, and were charged by what they held",
	session: "have an amount of upstream's own",
	no_usage: "do not have all of the usage that a price needs",
	no_price: "are of models that have no price now either",
	less_certain: "would cost something less certain by the prices of now",
	too_often: "have been corrected too often",
} as const;

export type KeptWhy = keyof typeof keptReasons;

/** What it costs by the prices at hand, or why that cannot be told. */
export type ChargedAgain =
	| { readonly cost: PricedAgain; readonly why?: never }
	| { readonly cost?: never; readonly why: KeptWhy };

export type PricedAgain = Pick<Cost, "nanos" | "state" | "price" | "notes">;

/** Of one call. What made its cost uncertain, and is no matter of prices, makes it so again. */
export function chargeAgain(entry: Entry, catalog: Catalog): ChargedAgain {
	const notes = readNotes(entry);
	const why = findWhyNot(entry, notes);
	if (why !== null) return { why };
	const usage = toStoredUsage(entry);
	if (usage === null) return { why: "no_usage" };
	const cost = toCost(
		{ ...usage, codeExecutions: notes.has("container_time") ? 1 : 0 },
		catalog,
		{
			...toContext(entry),
			isUnfinished: notes.has("unfinished"),
			ranServerTools: notes.has("prompt_of_several"),
		},
	);
	return { cost };
}

function findWhyNot(entry: Entry, notes: ReadonlySet<string>): KeptWhy | null {
	const { state, price, servedModel, requestedModel } = entry;
	if (state === "unpriced") {
		return notes.has("no_price") && !notes.has("bad_counts")
			? null
			: "no_usage";
	}
	if (price === null) return "free";
	if (price.startsWith("held:")) return "held";
	return servedModel === null && requestedModel === null ? "no_usage" : null;
}

/** What was said of how the cost came about: CostNote, and what else batches say. */
export function readNotes({
	metadata,
}: Pick<Entry, "metadata">): ReadonlySet<string> {
	const notes = toObject(parseJson(metadata ?? "{}"))?.cost_notes;
	return new Set(Array.isArray(notes) ? notes.map(String) : []);
}

/** What upstream said that the call used; null where it said more than is kept. */
export function toStoredUsage(entry: Entry): Usage | null {
	const rest = readRest(entry.usageRest);
	if (rest === null) return null;
	const { usage } = toMessageUsage(
		{ iterations: rest.iterations },
		{
			model: entry.servedModel,
			stopReason: entry.stopReason,
			codeExecutions: 0,
			splitIsLast: true,
		},
	);
	return {
		...usage,
		input: entry.input,
		output: entry.output,
		cacheWrite5m: entry.cacheWrite5m,
		cacheWrite1h: entry.cacheWrite1h,
		cacheRead: entry.cacheRead,
		serviceTier: entry.serviceTier,
		inferenceGeo: entry.inferenceGeo,
		speed: entry.speed,
		webSearches: entry.webSearches,
		thinking: entry.thinking,
	};
}

const nothing: Readonly<Record<string, unknown>> = {};

/** Null where it was cut, could not be read when it came, or is none any more. */
function readRest(text: string | null) {
	if (text === null) return nothing;
	const rest = toObject(parseJson(text));
	return rest && !("cut" in rest) && !("raw" in rest) ? rest : null;
}
