/** Whether a call may pass its limits, and what to tell the one whose call may not. Reserves nothing. */

import type { Balance } from "./balance.ts";
import type { Limit, Measure } from "./limit.ts";

/** What a call wants of one limit. */
export interface Claim {
	readonly limit: Limit;
	/** In the window of now. What a sliding window has counted is `settled`; calls that run are `held`. */
	readonly balance: Balance;
	readonly amount: bigint;
}

/**
 * Why not. `held`: it fits once open holds come to less than they hold. `spent`: it fits in a later window. `too_large`:
 * it is more than the whole limit.
 */
export type Reason = "held" | "spent" | "too_large";

export interface Verdict {
	readonly reason: Reason;
	readonly claim: Claim;
}

const severity = { held: 1, spent: 2, too_large: 3 } as const;

/**
 * Null: the call fits every limit, and its amounts may be reserved, in the same breath. Else the limit that is furthest
 * from letting it in; of several alike the first.
 */
export function judge(claims: readonly Claim[]): Verdict | null {
	let worst: Verdict | null = null;
	for (const claim of claims) {
		const reason = toReason(claim);
		if (reason === null) continue;
		if (worst === null || severity[reason] > severity[worst.reason]) {
			worst = { reason, claim };
		}
	}
	return worst;
}

function toReason({ limit, balance, amount }: Claim): Reason | null {
	const { ceiling, soft } = limit;
	// what is free passes, even where an earlier call came to more than its hold
	if (amount === 0n || soft) return null;
	const lasting = balance.settled + amount;
	if (lasting + balance.held <= ceiling) return null;
	if (lasting <= ceiling) return "held";
	return amount > ceiling ? "too_large" : "spent";
}

/** How a refusal is answered, always with 429. */
interface Answer {
	readonly type: "rate_limit_error" | "billing_error";
	/** Whether the same call can succeed soon: what `x-should-retry` says. */
	readonly retry: boolean;
}

const rate = { type: "rate_limit_error", retry: true } as const;

/** Out of room is not out of money: clients wait for the one and must not for the other. */
const answers: { readonly [R in Reason]: (measure: Measure) => Answer } = {
	held: () => rate,
	spent: (measure) =>
		measure === "nanos" ? { type: "billing_error", retry: false } : rate,
	too_large: (measure) => ({
		type: measure === "nanos" ? "billing_error" : "rate_limit_error",
		retry: false,
	}),
};

export interface Refusal extends Answer {
	readonly reason: Reason;
	/** Whose, of what, and how much. */
	readonly limit: Limit;
	/** What is final, and what open holds have. */
	readonly used: bigint;
	readonly held: bigint;
	/** What the refused call wanted. */
	readonly asked: bigint;
	/** When the limit resets, since 1970; null: it does not, or (`sliding`, `concurrent`) by and by. */
	readonly resetsMs: number | null;
	/** 1 or more; null: waiting does not help. */
	readonly retryAfterSeconds: number | null;
}

/** Open holds end every moment, and most of them come to a tenth of what they held. */
const heldRetrySeconds = 2;

export interface RefusalTimes {
	/** Milliseconds until the amount fits a sliding window; null where the limit has none. */
	readonly roomAfterMs: number | null;
	/** The end of the window of now, since 1970; null where the limit has none. */
	readonly resetsMs: number | null;
	readonly nowMs: number;
}

export function toRefusal(
	{ reason, claim }: Verdict,
	{ roomAfterMs, resetsMs, nowMs }: RefusalTimes,
): Refusal {
	const { limit, balance, amount } = claim;
	const untilMs = roomAfterMs ?? (resetsMs === null ? null : resetsMs - nowMs);
	return {
		...answers[reason](limit.measure),
		reason,
		limit,
		used: balance.settled,
		held: balance.held,
		asked: amount,
		resetsMs,
		retryAfterSeconds: toRetrySeconds(reason, untilMs),
	};
}

function toRetrySeconds(reason: Reason, untilMs: number | null): number | null {
	if (reason === "held") return heldRetrySeconds;
	if (reason === "too_large" || untilMs === null) return null;
	return Math.max(1, Math.ceil(untilMs / 1_000));
}
