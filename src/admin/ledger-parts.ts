/** The ledger's side of a comparison with upstream's reports: what the operator paid, by day and by the model that was charged. */
import {
	type LedgerPart,
	type LedgerTally,
	noLedgerTally,
	webSearch,
} from "../domain/drift.ts";
import type { Entry, TruthState } from "../domain/entry.ts";
import { type Nanos, noNanos, toNanos } from "../domain/nanos.ts";
import type { TokenCounts, Usage } from "../domain/usage.ts";
import type { Catalog } from "../pricing/catalog.ts";
import { toCost } from "../pricing/cost.ts";
import { type Sampling, toBilled } from "../pricing/samplings.ts";
import { type DayTally, readDay } from "../store/day-tallies.ts";
import type { Engine } from "../store/engine.ts";
import type { Queries } from "../store/queries.ts";
import { dayMs } from "./spend-span.ts";
import { unknownModel } from "./upstream-reports.ts";

export interface LedgerSource {
	readonly engine: Engine;
	readonly queries: Pick<Queries, "days">;
	readonly catalog: Catalog;
	/** What upstream said that a call used; null where the ledger does not have all of it. */
	readonly toStoredUsage: (entry: Entry) => Usage | null;
}

export const toDayText = (day: number): string =>
	new Date(day * dayMs).toISOString().slice(0, "2026-11-22".length);

/** Of the days from `first` to `last`, as days since 1970. Rejects with StoreError. */
export async function readLedgerParts(
	source: LedgerSource,
	{ first, last }: { readonly first: number; readonly last: number },
): Promise<readonly LedgerPart[]> {
	const parts: LedgerPart[] = [];
	for (let day = first; day <= last; day++) {
		const tallies = await readDay(source.engine, source.queries, {
			day,
			onMixed: (entry) => parts.push(...toMixedParts(entry, day, source)),
		});
		for (const tally of tallies) parts.push(...toParts(tally, day, source));
	}
	return parts;
}

/** Upstream charges searches apart from the tokens. */
function toParts(tally: DayTally, day: number, source: LedgerSource) {
	const { state, calls, room, webSearches, cost } = tally;
	const searches = toSearchPart(tally, day, source);
	const model = toName(tally.model, day, source);
	const nanos = toNanos(cost - (searches?.nanos ?? 0n));
	const part = {
		...toPlace(model, day, tally.endDay),
		...toLedgerTally(state, { tokens: tally, calls, nanos, room }),
	};
	return webSearches === 0 || searches === null ? [part] : [part, searches];
}

const toPlace = (model: string, day: number, endDay: number) => ({
	model,
	day: toDayText(day),
	endDay: toDayText(endDay),
});

/** By the catalog's name: what was asked for may be an alias. */
function toName(model: string, day: number, { catalog }: LedgerSource): string {
	if (model === "") return unknownModel;
	const { price, known } = catalog.find(model, day * dayMs);
	return known && price !== null ? price.model : model;
}

interface Charged {
	readonly tokens: TokenCounts;
	readonly calls: number;
	readonly nanos: Nanos;
	readonly room: Nanos;
}

function toLedgerTally(
	state: TruthState,
	{ tokens, calls, nanos, room }: Charged,
): LedgerTally {
	const { input, output, cacheWrite5m, cacheWrite1h, cacheRead } = tokens;
	const sum = {
		...noLedgerTally,
		...{ input, output, cacheWrite5m, cacheWrite1h, cacheRead },
		nanos,
		calls,
	};
	switch (state) {
		case "estimated":
			return {
				...sum,
				estimatedCalls: calls,
				estimated: nanos,
				estimatedRoom: room,
			};
		case "partial":
			return { ...sum, partialCalls: calls, partial: nanos };
		case "unpriced":
			return { ...sum, unpricedCalls: calls };
		case "exact":
			return sum;
	}
}

function toSearchPart(
	tally: Pick<DayTally, "model" | "state" | "endDay" | "webSearches">,
	day: number,
	{ catalog }: LedgerSource,
): LedgerPart | null {
	const { webSearches, state } = tally;
	if (webSearches === 0) return null;
	const price = catalog.find(tally.model, day * dayMs).price?.webSearch ?? 0n;
	const isPriced = state !== "unpriced";
	const nanos = isPriced ? (price * BigInt(webSearches)) / 1000n : 0n;
	return {
		...noLedgerTally,
		...toPlace(webSearch, day, tally.endDay),
		webSearches,
		nanos: toNanos(nanos),
	};
}

/** A call that several models served, or for which not all counts are charged. */
function toMixedParts(
	entry: Entry,
	day: number,
	source: LedgerSource,
): readonly LedgerPart[] {
	const cost = entry.cost ?? noNanos;
	const endDay = Math.floor((entry.startedMs + entry.durationMs) / dayMs);
	const model = entry.servedModel ?? entry.requestedModel ?? "";
	const { state, webSearches, held } = entry;
	const whole: DayTally = {
		...entry,
		model,
		endDay,
		calls: 1,
		cost,
		room: held > cost ? toNanos(held - cost) : noNanos,
	};
	const usage = source.toStoredUsage(entry);
	if (usage === null) return toParts(whole, day, source);
	const { samplings } = toBilled(usage);
	const searches = toSearchPart(
		{ model, state, endDay, webSearches },
		day,
		source,
	);
	let rest = toNanos(cost - (searches?.nanos ?? 0n));
	const others = samplings.flatMap((sampling) => {
		const name = sampling.model ?? model;
		if (name === model) return [];
		const nanos = priceOne(sampling, usage, entry, source);
		rest = toNanos(rest - nanos);
		return [
			{
				...toPlace(toName(name, day, source), day, endDay),
				...toLedgerTally(state, {
					tokens: sampling,
					...{ calls: 1, nanos, room: whole.room },
				}),
			},
		];
	});
	const own = samplings.filter((one) => (one.model ?? model) === model);
	const main = toParts(
		{ ...whole, ...sumUp(own), webSearches: 0, cost: rest },
		day,
		source,
	);
	return [...main, ...others, ...(searches === null ? [] : [searches])];
}

/** What one step of a call was charged. */
function priceOne(
	sampling: Sampling,
	usage: Usage,
	entry: Entry,
	{ catalog }: LedgerSource,
): Nanos {
	if (entry.cost === null) return noNanos;
	const { input, output, cacheWrite5m, cacheWrite1h, cacheRead } = sampling;
	const alone = {
		...usage,
		...{ input, output, cacheWrite5m, cacheWrite1h, cacheRead },
		model: sampling.model ?? usage.model,
		iterations: [],
		stopReason: null,
		webSearches: 0,
	};
	const { startedMs: atMs, requestedModel } = entry;
	return toCost(alone, catalog, { atMs, requestedModel }).nanos ?? noNanos;
}

const sumUp = (samplings: readonly Sampling[]): TokenCounts => {
	const add = (of: (one: Sampling) => number) =>
		samplings.reduce((sum, one) => sum + of(one), 0);
	return {
		input: add(({ input }) => input),
		output: add(({ output }) => output),
		cacheWrite5m: add(({ cacheWrite5m }) => cacheWrite5m),
		cacheWrite1h: add(({ cacheWrite1h }) => cacheWrite1h),
		cacheRead: add(({ cacheRead }) => cacheRead),
	};
};
