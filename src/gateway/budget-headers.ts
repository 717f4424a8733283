/** What Claude Code warns its user by: how full a budget is, in the headers of upstream's own usage limits. */
import type { Limit } from "../domain/limit.ts";
import type { OpenCall } from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";

const start = "anthropic-ratelimit-unified-";

/** From these shares of a budget on there is a warning, the higher first. */
const thresholds = [0.95, 0.75] as const;
/** Whole means refused. */
const mostUsed = 0.99;

const toSeconds = (ms: number): string => String(Math.floor(ms / 1000));

/** On a reply to the holder of a key with a budget, unless upstream has sent its own. */
export function addBudgetHeaders(
	headers: Headers,
	{ grant, route, status, limits }: OpenCall,
	{ counter }: Gateway,
): void {
	if (!grant?.key || route.family.meter === null) return;
	if (status === null || status >= 400 || headers.has(`${start}status`)) return;
	const fullest = counter.fullest(limits);
	if (fullest === null) return;
	const passed = thresholds.find((threshold) => fullest.share >= threshold);
	const judged = passed === undefined ? "allowed" : "allowed_warning";
	const used = Math.min(mostUsed, fullest.share).toFixed(2);
	headers.set(`${start}status`, judged);
	headers.set(`${start}representative-claim`, "overage");
	headers.set(`${start}overage-status`, judged);
	headers.set(`${start}overage-utilization`, used);
	if (passed !== undefined) {
		headers.set(`${start}overage-surpassed-threshold`, String(passed));
	}
	if (fullest.resetsMs === null) return;
	const reset = toSeconds(fullest.resetsMs);
	headers.set(`${start}reset`, reset);
	headers.set(`${start}overage-reset`, reset);
}

const periods: Readonly<Record<string, string>> = {
	"1d": "daily",
	"24h": "daily",
	"7d": "weekly",
	"1w": "weekly",
	"30d": "monthly",
	"1mo": "monthly",
};

/** On the refusal of a call for which a budget has no room. Without a claim, so that our sentence is shown. */
export function toRefusedHeaders(
	{ span }: Limit,
	resetsMs: number | null,
): Record<string, string> {
	const duration = span.kind === "scheduled" ? span.schedule.duration : null;
	const period = duration && periods[`${duration.count}${duration.unit}`];
	return {
		[`${start}status`]: "rejected",
		[`${start}overage-utilization`]: "1",
		[`${start}overage-disabled-reason`]: "org_spend_cap_reached",
		...(period && { [`${start}overage-period`]: period }),
		...(resetsMs !== null && { [`${start}reset`]: toSeconds(resetsMs) }),
	};
}
