/** What Claude Code warns its user by: how full a budget is, in the headers of upstream's own usage limits. */
import type { Limit } from "../domain/limit.ts";
import type { OpenCall } from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";

const start = "anthropic-ratelimit-unified-";

/** Written out once: a name made for a call is made of memory that the call must find. */
const names = {
	status: `${start}status`,
	claim: `${start}representative-claim`,
	overageStatus: `${start}overage-status`,
	utilization: `${start}overage-utilization`,
	threshold: `${start}overage-surpassed-threshold`,
	reset: `${start}reset`,
	overageReset: `${start}overage-reset`,
	disabledReason: `${start}overage-disabled-reason`,
	period: `${start}overage-period`,
} as const;

/** From these shares of a budget on there is a warning, the higher first. */
const thresholds = [0.95, 0.75] as const;
/** `0.00` to `0.99`: whole means refused. */
const shares = Array.from({ length: 100 }, (_, percent) =>
	(percent / 100).toFixed(2),
);
const toShare = (share: number): string =>
	shares[Math.min(shares.length - 1, Math.round(100 * share))] as string;

const toSeconds = (ms: number): string => String(Math.floor(ms / 1000));

/** On a reply to the holder of a key with a budget, unless upstream has sent its own. */
export function addBudgetHeaders(
	headers: Headers,
	{ grant, route, status, limits }: OpenCall,
	{ counter }: Gateway,
): void {
	if (!grant?.key || route.family.meter === null) return;
	if (status === null || status >= 400 || headers.has(names.status)) return;
	const fullest = counter.fullest(limits);
	if (fullest === null) return;
	const passed = thresholds.find((threshold) => fullest.share >= threshold);
	const judged = passed === undefined ? "allowed" : "allowed_warning";
	headers.set(names.status, judged);
	headers.set(names.claim, "overage");
	headers.set(names.overageStatus, judged);
	headers.set(names.utilization, toShare(fullest.share));
	if (passed !== undefined) headers.set(names.threshold, String(passed));
	if (fullest.resetsMs === null) return;
	const reset = toSeconds(fullest.resetsMs);
	headers.set(names.reset, reset);
	headers.set(names.overageReset, reset);
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
		[names.status]: "rejected",
		[names.utilization]: "1",
		[names.disabledReason]: "org_spend_cap_reached",
		...(period && { [names.period]: period }),
		...(resetsMs !== null && { [names.reset]: toSeconds(resetsMs) }),
	};
}
