import type { HoldAmount } from "./hold-amount.ts";
import type { Limit } from "./limit.ts";
import type { Subject } from "./subject.ts";

/** What a call or batch has taken of one limit. */
export interface Stake extends Pick<Limit, "subject" | "measure" | "model"> {
	/** The duration that the limit resets by; null: it does not. A subject may have several. */
	readonly duration: string | null;
	/** The window it counts in, for good: neither the clock nor a change of the limit moves it to another. */
	readonly windowStartMs: number;
	readonly amount: bigint;
}

/**
 * What admission reserved before the first byte went upstream. It ends once: settled, when its Entry takes its place, or
 * voided, when nothing was spent. Until then it counts in full.
 */
export interface Hold {
	/** Of the call, or of the batch. */
	readonly id: string;
	/** A `call` ends with its reply; a `batch` when upstream has ended it, a day later or more. */
	readonly kind: "call" | "batch";
	/** The writer that made it. When the lease of that one has ended, others settle its calls as estimated. */
	readonly instance: number;
	/** Since 1970. Prices and windows are those of this moment. */
	readonly createdMs: number;
	/** All that the call belongs to, limited or not. */
	readonly subjects: readonly Subject[];
	readonly stakes: readonly Stake[];
	readonly amount: HoldAmount;
}
