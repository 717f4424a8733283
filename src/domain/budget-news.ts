/** When there is something to tell of a budget. */
import type { Limit } from "./limit.ts";

/** Parts of a budget, in percent, at which its owner is told. */
const thresholds = [85n, 95n, 100n] as const;
/** A little before the first: so far as a number, which is not exact, can tell, there is nothing to tell. */
const quietShare = 0.849;

/** As LiteLLM's alerts call it. */
export type BudgetEvent =
	| "soft_budget_crossed"
	| "threshold_crossed"
	| "budget_crossed";

export interface BudgetNews {
	readonly event: BudgetEvent;
	readonly limit: Limit;
	/** Of the budget, reached just now. */
	readonly percent: number;
	/** Nano-dollars, of the window of now. */
	readonly spent: bigint;
}

/**
 * What became true when this much was spent and no longer that much; null: nothing new. Sums only grow while a window lasts,
 * so everything is told once. Of several parts that were passed at once the greatest.
 */
export function toBudgetNews(
	limit: Limit,
	before: bigint,
	spent: bigint,
): BudgetNews | null {
	const { measure, ceiling, soft } = limit;
	if (measure !== "nanos" || ceiling === 0n) return null;
	// Nearly every call ends here; nine products of whole numbers cost it 2.6 µs.
	if (Number(spent) < quietShare * Number(ceiling)) return null;
	const isPassed = (percent: bigint) => {
		const at = ceiling * percent;
		return before * 100n < at && spent * 100n >= at;
	};
	if (soft) {
		return isPassed(100n)
			? { event: "soft_budget_crossed", limit, percent: 100, spent }
			: null;
	}
	const passed = thresholds.findLast(isPassed);
	if (passed === undefined) return null;
	const event = passed === 100n ? "budget_crossed" : "threshold_crossed";
	return { event, limit, percent: Number(passed), spent };
}
