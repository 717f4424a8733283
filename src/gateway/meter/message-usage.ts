/** The usage of the Messages API, as Usage. */

import type { Iteration, TokenCounts, Usage } from "../../domain/usage.ts";
import {
	type Counts,
	openCounts,
	takeCount,
	takeCountOrNull,
	takeList,
	takeObject,
	takeText,
} from "./counts.ts";
import { type JsonObject, toObject, toText } from "./json.ts";
import type { Reading } from "./reading.ts";
import { type Columns, toRawRest, toRest } from "./rest.ts";
import type { ReplyFacts } from "./whole.ts";

/** What else in a reply belongs to its Usage. */
export interface MessageFacts {
	readonly model: string | null;
	readonly stopReason: string | null;
	readonly codeExecutions: number;
	/** `cache_creation` is as recent as the total of cache writes: false in a stream whose later totals came without it. */
	readonly splitIsLast: boolean;
}

/** A usage, read. */
export interface MeteredUsage {
	readonly usage: Usage;
	readonly malformed: boolean;
	readonly rest: string | null;
}

/** Upstream lists a dozen at most. */
const maxIterations = 1000;

/** Members of usage that Usage has. */
export const messageColumns: Columns = {
	input_tokens: true,
	output_tokens: true,
	cache_creation_input_tokens: true,
	cache_read_input_tokens: true,
	cache_creation: {
		ephemeral_5m_input_tokens: true,
		ephemeral_1h_input_tokens: true,
	},
	server_tool_use: { web_search_requests: true },
	output_tokens_details: { thinking_tokens: true },
	service_tier: true,
	inference_geo: true,
	speed: true,
};

/** The reading of a reply in one piece. */
export function toMessageReading(facts: ReplyFacts): Reading {
	const { usage: raw } = facts;
	const { model, stopReason, codeExecutions } = facts;
	const read = toMessageUsage(raw ?? {}, {
		model,
		stopReason,
		codeExecutions,
		splitIsLast: true,
	});
	const malformed =
		facts.malformed ||
		read.malformed ||
		(raw === null ? facts.errorType === null : isLacking(raw));
	return {
		usage: read.usage,
		known: raw === null ? "nothing" : "all",
		malformed,
		outputEstimate: read.usage.output,
		thinks: read.usage.thinking > 0,
		messageId: facts.id,
		containerId: facts.containerId,
		errorType: facts.errorType,
		usageRest: malformed ? toRawRest([facts.usageText()]) : read.rest,
		session: null,
	};
}

/** Both are there in every usage that is complete. */
export const isLacking = (usage: JsonObject): boolean =>
	usage.input_tokens == null || usage.output_tokens == null;

/** @param raw members that are null may be missing */
export function toMessageUsage(
	raw: JsonObject,
	facts: MessageFacts,
	columns = messageColumns,
): MeteredUsage {
	const counts = openCounts();
	const iterations = toIterations(raw, counts);
	const split = facts.splitIsLast
		? readSplit(raw, counts)
		: findSplit(raw, iterations, counts);
	const writes = reconcile(split, raw, counts);
	const usage: Usage = {
		input: takeCount(counts, raw.input_tokens),
		output: takeCount(counts, raw.output_tokens),
		cacheWrite5m: writes.cacheWrite5m,
		cacheWrite1h: writes.cacheWrite1h,
		cacheRead: takeCount(counts, raw.cache_read_input_tokens),
		model: facts.model,
		serviceTier: takeText(counts, raw.service_tier),
		inferenceGeo: takeText(counts, raw.inference_geo),
		speed: takeText(counts, raw.speed),
		stopReason: facts.stopReason,
		webSearches: takeCount(
			counts,
			takeObject(counts, raw.server_tool_use)?.web_search_requests,
		),
		codeExecutions: facts.codeExecutions,
		thinking: takeCount(
			counts,
			takeObject(counts, raw.output_tokens_details)?.thinking_tokens,
		),
		iterations,
	};
	const rest = toRest(raw, columns);
	return { usage, malformed: counts.faulty, rest };
}

const noIterations: readonly Iteration[] = [];

function toIterations(raw: JsonObject, counts: Counts): readonly Iteration[] {
	const list = takeList(counts, raw.iterations);
	if (list.length === 0) return noIterations;
	if (list.length > maxIterations) counts.faulty = true;
	return list.slice(0, maxIterations).map((entry) => {
		const step = toObject(entry) ?? {};
		const type = toText(step.type);
		if (type === null) counts.faulty = true;
		return {
			type: type ?? "unknown",
			model: takeText(counts, step.model),
			input: takeCount(counts, step.input_tokens),
			output: takeCount(counts, step.output_tokens),
			...reconcile(readSplit(step, counts), step, counts),
			cacheRead: takeCount(counts, step.cache_read_input_tokens),
		};
	});
}

type Writes = Pick<TokenCounts, "cacheWrite5m" | "cacheWrite1h">;

/**
 * The split, brought up to the total of cache writes, which is the newer number where the split did not come along with it.
 * What it has more is of five minutes, because what server tools write of their own accord always is.
 */
function reconcile(split: Writes, raw: JsonObject, counts: Counts): Writes {
	const total = takeCountOrNull(counts, raw.cache_creation_input_tokens);
	if (total === null) return split;
	const more = total - split.cacheWrite5m - split.cacheWrite1h;
	if (more === 0) return split;
	if (more >= 0) return { ...split, cacheWrite5m: split.cacheWrite5m + more };
	counts.faulty = true;
	const cacheWrite1h = Math.min(split.cacheWrite1h, total);
	return { cacheWrite5m: total - cacheWrite1h, cacheWrite1h };
}

/** In a stream whose totals have changed since its split came: the sum over the steps, if they have splits. */
function findSplit(
	raw: JsonObject,
	iterations: readonly Iteration[],
	counts: Counts,
): Writes {
	const isSplit = (step: unknown) => toObject(step)?.cache_creation != null;
	return takeList(counts, raw.iterations).some(isSplit)
		? sumWrites(iterations)
		: readSplit(raw, counts);
}

function readSplit(raw: JsonObject, counts: Counts): Writes {
	const split = takeObject(counts, raw.cache_creation);
	return {
		cacheWrite5m: takeCount(counts, split?.ephemeral_5m_input_tokens),
		cacheWrite1h: takeCount(counts, split?.ephemeral_1h_input_tokens),
	};
}

/** Of the steps that the totals of the reply cover: after a fallback only those of the model that served. */
function sumWrites(iterations: readonly Iteration[]): Writes {
	const wanted = iterations.some(({ type }) => type === "fallback_message")
		? "fallback_message"
		: "message";
	const sum = { cacheWrite5m: 0, cacheWrite1h: 0 };
	for (const { type, cacheWrite5m, cacheWrite1h } of iterations) {
		if (type !== wanted) continue;
		sum.cacheWrite5m += cacheWrite5m;
		sum.cacheWrite1h += cacheWrite1h;
	}
	return sum;
}
