/** What makes a usage's cost uncertain before any price is looked up. */
import type { TokenCounts, Usage } from "../domain/usage.ts";
import type { CostContext } from "./cost.ts";
import type { CostNote } from "./cost-notes.ts";

const isCount = (count: number) => Number.isSafeInteger(count) && count >= 0;

const areCounts = (counts: TokenCounts): boolean =>
	isCount(counts.input) &&
	isCount(counts.output) &&
	isCount(counts.cacheWrite5m) &&
	isCount(counts.cacheWrite1h) &&
	isCount(counts.cacheRead);

/** Whole numbers, none negative, all exact. */
export const isCountable = (usage: Usage): boolean =>
	areCounts(usage) &&
	isCount(usage.webSearches) &&
	usage.iterations.every(areCounts);

type Known = Readonly<Record<string, CostNote | null>>;

const tiers: Known = {
	standard: null,
	batch: null,
	priority: "priority_tier",
};
const geographies: Known = { global: null, us: null, not_available: null };
const speeds: Known = { standard: null, fast: null };

/** Of the model, and of what multiplies every price. */
export function listDoubts(usage: Usage, context: CostContext): CostNote[] {
	const doubts: CostNote[] = [];
	const judge = (value: string | null, known: Known, otherwise: CostNote) => {
		if (value === null) return;
		const doubt = Object.hasOwn(known, value) ? known[value] : otherwise;
		if (doubt) doubts.push(doubt);
	};
	judge(usage.serviceTier, tiers, "unknown_tier");
	judge(usage.inferenceGeo, geographies, "unknown_geography");
	judge(usage.speed, speeds, "unknown_speed");
	if (usage.model === null) doubts.push("unnamed_model");
	if (context.isUnfinished) doubts.push("unfinished");
	return doubts;
}
