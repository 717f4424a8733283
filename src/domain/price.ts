import type { Picos } from "./nanos.ts";
import type { TokenCounts } from "./usage.ts";

/** Pico-dollars for one token of each kind. */
export type TokenPrices = { readonly [Kind in keyof TokenCounts]: Picos };

/** What one model costs at one time; every factor of the operator's own is already in it. */
export interface Price {
	/** The row of the catalog: model and the first day it holds, `claude-sonnet-5-5@2026-10-07`. */
	readonly id: string;
	readonly model: string;
	readonly standard: TokenPrices;
	/** When the prompt of one sampling (input, cache writes and cache reads together) is longer than `aboveTokens`. */
	readonly longPrompt: {
		readonly aboveTokens: number;
		readonly prices: TokenPrices;
	} | null;
	/** Null where the model has no fast mode at this time. */
	readonly fast: TokenPrices | null;
	/** Null where the model cannot be batched. In percent, as a whole number: 50. */
	readonly batchPercent: number | null;
	/** For inference in the US; null where upstream refuses to be asked for it. In percent: 110. */
	readonly usPercent: number | null;
	readonly webSearch: Picos;
	/** The context window, and the most that one reply can hold, in tokens. */
	readonly maxInputTokens: number;
	readonly maxOutputTokens: number;
}
