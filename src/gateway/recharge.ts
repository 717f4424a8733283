/** I-10: what a call cost, once more, from what the ledger has of it. */
import type { Entry } from "../domain/entry.ts";
import type { Nanos } from "../domain/nanos.ts";
import type { Usage } from "../domain/usage.ts";
import type { Catalog } from "../pricing/catalog.ts";
import { toCost } from "../pricing/cost.ts";
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
	return toCost(usage, catalog, {
		atMs: entry.startedMs,
		requestedModel: entry.requestedModel,
	}).nanos;
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
