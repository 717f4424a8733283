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

interface Rule {
	readonly member: "serviceTier" | "inferenceGeo" | "speed";
	/** What is to be said of a value; null: nothing. */
	readonly known: ReadonlyMap<string, CostNote | null>;
	/** And of any other. */
	readonly otherwise: CostNote;
}

const rules: readonly Rule[] = [
	{
		member: "serviceTier",
		known: new Map<string, CostNote | null>([
			["standard", null],
			["batch", null],
			["priority", "priority_tier"],
		]),
		otherwise: "unknown_tier",
	},
	{
		member: "inferenceGeo",
		known: new Map([
			["global", null],
			["us", null],
			["not_available", null],
		]),
		otherwise: "unknown_geography",
	},
	{
		member: "speed",
		known: new Map([
			["standard", null],
			["fast", null],
		]),
		otherwise: "unknown_speed",
	},
];

const none: readonly CostNote[] = [];

/** Of the model, and of what multiplies every price. */
export function listDoubts(
	usage: Usage,
	context: CostContext,
): readonly CostNote[] {
	let doubts = none;
	for (const { member, known, otherwise } of rules) {
		const value = usage[member];
		if (value === null) continue;
		const doubt = known.get(value);
		if (doubt !== null) doubts = [...doubts, doubt ?? otherwise];
	}
	if (usage.model === null) doubts = [...doubts, "unnamed_model"];
	if (context.isUnfinished) doubts = [...doubts, "unfinished"];
	return doubts;
}
