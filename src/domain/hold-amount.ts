/** The most that a call can come to, told from its body before it runs. */

import { maxCallNanos, type Nanos, toNanos } from "./nanos.ts";
import {
	addTimes,
	openPicoSum,
	toProductNanos,
	toSumNanos,
} from "./pico-sum.ts";
import { type Asked, type Price, toHighestPrices } from "./price.ts";

/** One model that may run within a call. */
export interface ModelSlot {
	/** In force when the call started. */
	readonly price: Price;
	/** As the body says; a fallback that says none has the request's. Null: as much as the model can. */
	readonly maxTokens: number | null;
	/** As the body says; a fallback that says none may run at the request's, and an advisor is charged at it. */
	readonly speed: string | null;
}

/** What the body of a call asks for, as far as it tells what the call may cost. */
export interface HoldAsk {
	/**
	 * Every model that may be charged for: the one that is asked for, the same once more where the call may compact its
	 * context, then fallbacks in their order, then advisors. `"fallbacks": "default"` is the dearest that upstream may
	 * choose.
	 */
	readonly slots: readonly [ModelSlot, ...ModelSlot[]];
	/** Of the body, without the data of images. */
	readonly textBytes: number;
	/** And pages, where their number is known. */
	readonly images: number;
	/** It names something whose size it does not show: a file, a URL, a PDF. */
	readonly unsized: boolean;
	/** A part of that is a file or at a URL, where count_tokens does not look. */
	readonly elsewhere: boolean;
	/** All, and those among them that upstream describes to the model itself: the ones of a `type` other than `custom`. */
	readonly tools: number;
	readonly builtInTools: number;
	/** Upstream runs tools and feeds their results to the model: search, fetch, code, skills, MCP, advisor. */
	readonly serverTools: boolean;
	/** Earlier messages, and what they ask for, are at upstream. */
	readonly continuesThread: boolean;
	/** The longest-lived that any part asks for; a life that we do not know is `1h`. */
	readonly cacheWrite: Asked["cacheWrite"];
	readonly inferenceGeo: string | null;
	/** An item of a batch. */
	readonly batch: boolean;
	/** `max_uses` of each web search tool; null where it has none. */
	readonly webSearches: readonly (number | null)[];
	/** What upstream's count_tokens said of the model that is asked for; null when it was not asked. */
	readonly countedTokens: number | null;
}

/** `strict`: no text has more tokens than bytes. `usual`: real text has fewer than half as many; garbage may have more. */
export type HoldMode = "usual" | "strict";

export interface HoldAmount {
	/** Of all models together; prompts whole, however much of them the cache holds. */
	readonly inputTokens: number;
	readonly outputTokens: number;
	readonly webSearches: number;
	/** The prompt, read once by the model that was asked for: what a call costs of which nobody saw more than its start. */
	readonly inputNanos: Nanos;
	/** All of it. */
	readonly nanos: Nanos;
}

export const noHoldAmount: HoldAmount = {
	inputTokens: 0,
	outputTokens: 0,
	webSearches: 0,
	inputNanos: toNanos(0n),
	nanos: toNanos(0n),
};

/** The largest image has 4,784 (92 × 52 patches); a page is an image and its text. */
const tokensPerImage = 5_000;

/** Upstream tells a model with tools how to use them (documented: up to 530), and describes its own (up to 735). */
const tokensOfToolUse = 1_000;
const tokensPerBuiltInTool = 1_000;

/** count_tokens is an estimate: a twentieth more is held. */
const countedSlackDivisor = 20;

/**
 * A search tool without `max_uses`: upstream pauses a turn after ten samplings, each of which may search several times.
 * Five searches each, a hold of half a dollar. More than that is counted all the same when it happens.
 */
const assumedWebSearches = 50;
const maxWebSearches = 10_000;

/**
 * For usage within its tokens and searches no call costs more than its hold. Where upstream runs tools, a whole context
 * window is held once per model, however often the model is sampled: tens of ordinary samplings fit into one.
 */
export function toHoldAmount(ask: HoldAsk, mode: HoldMode): HoldAmount {
	const cacheWrite = toCacheWrite(ask);
	const mayBeUs = ask.inferenceGeo !== "global";
	const estimated = toPromptTokens(ask, mode);
	const counted = toCountedTokens(ask) ?? estimated;
	let webSearches = 0;
	for (const maxUses of ask.webSearches) {
		const most = maxUses ?? assumedWebSearches;
		webSearches = Math.min(maxWebSearches, webSearches + most);
	}
	const sum = openPicoSum();
	const { price: asked } = ask.slots[0];
	addTimes(sum, webSearches, asked.webSearch);
	let inputTokens = 0;
	let outputTokens = 0;
	let inputNanos: Nanos | undefined;
	for (const { price, maxTokens, speed } of ask.slots) {
		// a fallback goes on where the model before it broke off, and an advisor reads what was written
		// another model may make a third more tokens of the same text
		const prompt = price.model === asked.model ? counted : estimated;
		const input = Math.min(price.maxInputTokens, prompt + outputTokens);
		const output = Math.min(
			maxTokens ?? Number.POSITIVE_INFINITY,
			ask.batch ? price.maxBatchOutputTokens : price.maxOutputTokens,
		);
		const highest = toHighestPrices(price, {
			promptTokens: input,
			cacheWrite,
			fast: speed !== null && speed !== "standard",
			batch: ask.batch,
			mayBeUs,
		});
		inputNanos ??= toBounded(toProductNanos(input, highest.prompt));
		addTimes(sum, input, highest.prompt);
		addTimes(sum, output, highest.output);
		inputTokens += input;
		outputTokens += output;
	}
	return {
		inputTokens,
		outputTokens,
		webSearches,
		inputNanos: inputNanos ?? toNanos(0n),
		nanos: toBounded(toSumNanos(sum)),
	};
}

/** Whether count_tokens says how long the prompt is: it refuses server tools, files and URLs, and sees one turn of a thread. */
export const canBeCounted = (ask: HoldAsk): boolean =>
	!(ask.serverTools || ask.continuesThread || ask.elsewhere);

function toCountedTokens(ask: HoldAsk): number | null {
	const { countedTokens } = ask;
	if (countedTokens === null || !canBeCounted(ask)) return null;
	return countedTokens + Math.ceil(countedTokens / countedSlackDivisor);
}

/** Infinity where only the context window bounds it. */
function toPromptTokens(ask: HoldAsk, mode: HoldMode): number {
	if (ask.serverTools || ask.continuesThread || ask.unsized) {
		return Number.POSITIVE_INFINITY;
	}
	return (
		Math.ceil(mode === "strict" ? ask.textBytes : ask.textBytes / 2) +
		ask.images * tokensPerImage +
		(ask.tools > 0 ? tokensOfToolUse : 0) +
		ask.builtInTools * tokensPerBuiltInTool
	);
}

/** Server tools write to the cache by themselves, for five minutes; a thread writes what its earlier messages asked for. */
function toCacheWrite(ask: HoldAsk): Asked["cacheWrite"] {
	if (ask.continuesThread) return "1h";
	if (ask.serverTools && ask.cacheWrite === "none") return "5m";
	return ask.cacheWrite;
}

/** Of the items of a batch. */
export const addHoldAmounts = (a: HoldAmount, b: HoldAmount): HoldAmount => ({
	inputTokens: a.inputTokens + b.inputTokens,
	outputTokens: a.outputTokens + b.outputTokens,
	webSearches: a.webSearches + b.webSearches,
	inputNanos: toBounded(a.inputNanos + b.inputNanos),
	nanos: toBounded(a.nanos + b.nanos),
});

/** What fits a column; no budget lets so much through. */
function toBounded(nanos: bigint): Nanos {
	if (nanos > maxCallNanos) return maxCallNanos;
	return toNanos(nanos);
}
