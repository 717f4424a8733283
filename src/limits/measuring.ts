/** What a call comes to in the measure of a limit, and when a window of money ends: the same whoever keeps the counts. */
import type { Measure } from "../domain/limit.ts";
import { forever, type Window } from "../domain/window.ts";
import type { Amounts } from "./counter.ts";

export function toAmount(measure: Measure, { nanos, tokens }: Amounts): bigint {
	if (measure === "nanos") return nanos;
	return measure === "tokens" ? BigInt(tokens) : 1n;
}

/** Since 1970; null: never. A window that comes out of a database is not the same object. */
export const toResetMs = ({ endMs }: Window): number | null =>
	endMs === forever.endMs ? null : endMs;
