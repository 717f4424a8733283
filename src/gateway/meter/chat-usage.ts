/**
 * The usage of chat completions, in OpenAI's shape, as Usage.
 *
 * There `prompt_tokens` is the whole prompt, and `cached_tokens` the part of it that was read from the cache; cache writes
 * have no name. Anthropic's endpoint of that shape caches nothing, and documents both `…_details` as always empty.
 */

import { emptyUsage } from "../../domain/usage.ts";
import { openCounts, takeCount, takeObject } from "./counts.ts";
import type { JsonObject } from "./json.ts";
import type { MeteredUsage } from "./message-usage.ts";
import { emptyReading, type Reading } from "./reading.ts";
import { type Columns, toRawRest, toRest } from "./rest.ts";
import type { ReplyFacts } from "./whole.ts";

const columns: Columns = {
	prompt_tokens: true,
	completion_tokens: true,
	total_tokens: true,
	prompt_tokens_details: { cached_tokens: true },
	completion_tokens_details: { reasoning_tokens: true },
};

export interface ChatFacts {
	/** Null: none has come. */
	readonly usage: JsonObject | null;
	readonly model: string | null;
	readonly stopReason: string | null;
}

/** The reading of a reply in one piece. */
export function toChatReading(facts: ReplyFacts): Reading {
	const { usage, malformed, rest } = toChatUsage(facts);
	const isMalformed =
		facts.malformed ||
		malformed ||
		(facts.usage === null && facts.errorType === null);
	return {
		...emptyReading,
		usage,
		known: facts.usage === null ? "nothing" : "all",
		malformed: isMalformed,
		outputEstimate: usage.output,
		thinks: usage.thinking > 0,
		messageId: facts.id,
		errorType: facts.errorType,
		usageRest: isMalformed ? toRawRest([facts.usageText()]) : rest,
	};
}

export function toChatUsage(facts: ChatFacts): MeteredUsage {
	const { usage: raw, model, stopReason } = facts;
	if (raw === null) {
		const usage = { ...emptyUsage, model, stopReason };
		return { usage, malformed: false, rest: null };
	}
	const counts = openCounts();
	const prompt = takeCount(counts, raw.prompt_tokens);
	const cacheRead = takeCount(
		counts,
		takeObject(counts, raw.prompt_tokens_details)?.cached_tokens,
	);
	if (cacheRead > prompt) counts.faulty = true;
	if (raw.prompt_tokens == null || raw.completion_tokens == null)
		counts.faulty = true;
	const usage = {
		...emptyUsage,
		input: Math.max(0, prompt - cacheRead),
		output: takeCount(counts, raw.completion_tokens),
		cacheRead: Math.min(cacheRead, prompt),
		thinking: takeCount(
			counts,
			takeObject(counts, raw.completion_tokens_details)?.reasoning_tokens,
		),
		model,
		stopReason,
	};
	return { usage, malformed: counts.faulty, rest: toRest(raw, columns) };
}
