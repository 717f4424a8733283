import type { Subject } from "./subject.ts";
import type { Schedule } from "./window.ts";

/** `requests` and `tokens` that were let in, `nanos` that were spent, calls that run at once. */
export type Measure = "requests" | "tokens" | "nanos" | "concurrent";

/**
 * Over which time a limit counts. `sliding`: any so many milliseconds, in buckets. `scheduled`: windows one after the
 * other. `unending`: since ever (a budget without duration), or at this moment (`concurrent`).
 */
export type Span =
	| { readonly kind: "sliding"; readonly windowMs: number }
	| { readonly kind: "scheduled"; readonly schedule: Schedule }
	| { readonly kind: "unending" };

/** So much for this subject and no more. A budget is a limit measured in nanos: there is no second mechanism. */
export interface Limit {
	readonly subject: Subject;
	readonly measure: Measure;
	readonly span: Span;
	/** The most that may be counted, itself included; 0 or more. Dollars are Nanos. */
	readonly ceiling: bigint;
	/** Calls that can reach this model; null: all calls. */
	readonly model: string | null;
	/** Passing it is told, and refuses nothing. */
	readonly soft?: true;
	/** The budget that its subject is said to have: `max_budget`, and not one of several windows or models. */
	readonly main?: true;
}
