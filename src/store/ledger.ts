import type { Entry } from "../domain/entry.ts";
import type { HeldCall } from "./book.ts";
import type { StoreError } from "./engine.ts";

/**
 * When a call counts as recorded. `always`: when a power cut cannot undo it. `interval`: at once, and at most 200 ms later
 * a power cut cannot undo it. `off`: at once; a power cut may undo the last seconds, and never damages the database.
 */
export type Durability = "always" | "interval" | "off";

/** The one way in: holds before calls, Entries behind them. */
export interface Ledger {
	/**
	 * Reserves, so that the end of this process cannot undo it; no power cut is waited for. Nothing, or a promise where it
	 * takes a wait. Throws StoreError, or rejects with it, when it cannot be done: at once, or as soon as it is plain that a
	 * lost connection does not come back at once.
	 */
	hold(held: HeldCall): Promise<void> | undefined;
	/**
	 * Records a call at the configured durability, and ends its hold. Nothing, or a promise where it takes a wait. Rejects
	 * with StoreError when five seconds did not do; then the Entry is the caller's to save elsewhere.
	 * @param model as the sums name it
	 * @param endUser the name that its end user was given when it began; null: none yet
	 * @throws RangeError for an amount over `maxCallNanos`
	 */
	settle(
		entry: Entry,
		model: string,
		endUser?: string | null,
	): Promise<void> | undefined;
	/** Why the database takes nothing at present; null while it does. */
	fault(): StoreError | null;
	/** Entries that are not in the database yet. */
	waiting(): number;
	/** Resolves when all that was settled before is in the database. Rejects with StoreError when five seconds did not do. */
	flush(): Promise<void>;
	/** After what waits. */
	close(): Promise<void>;
}

/** How long a reply waits for its Entry. */
export const settleWithinMs = 5_000;
