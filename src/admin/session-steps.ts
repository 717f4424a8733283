/** A session's calls as people read them: in their order, by agent, with what the prompt cache did for each. */
import { toWorth } from "../domain/correction.ts";
import type { Entry } from "../domain/entry.ts";
import { type Nanos, noNanos, toDollarText, toNanos } from "../domain/nanos.ts";
import { toDollars, toTime } from "./spend-row.ts";

const tokensOf = (entry: Entry) => ({
	input: entry.input,
	output: entry.output,
	cache_write_5m: entry.cacheWrite5m,
	cache_write_1h: entry.cacheWrite1h,
	cache_read: entry.cacheRead,
});

type Tokens = ReturnType<typeof tokensOf>;

const noTokens: Tokens = {
	input: 0,
	output: 0,
	cache_write_5m: 0,
	cache_write_1h: 0,
	cache_read: 0,
};

const toPrompt = (tokens: Tokens): number =>
	tokens.input +
	tokens.cache_write_5m +
	tokens.cache_write_1h +
	tokens.cache_read;

const places = 10_000;

/** The part of the prompt that the cache had, from 0 to 1; null without a prompt. */
function toCacheShare(tokens: Tokens): number | null {
	const prompt = toPrompt(tokens);
	return prompt === 0
		? null
		: Math.round((tokens.cache_read / prompt) * places) / places;
}

/** What the operator paid. */
const toCost = ({ payer, cost }: Entry): Nanos =>
	payer === "operator" && cost !== null ? cost : noNanos;

const isNoCorrection = ({ kind }: Entry): boolean => kind !== "correction";

/** Of any number of calls, and of their corrections. */
export function toTotals(entries: readonly Entry[]) {
	let cost = 0n;
	const tokens = { ...noTokens };
	let firstMs = Number.POSITIVE_INFINITY;
	let lastMs = Number.NEGATIVE_INFINITY;
	for (const entry of entries) {
		cost += toCost(entry);
		const own = tokensOf(entry);
		for (const name of Object.keys(tokens) as (keyof Tokens)[]) {
			tokens[name] += own[name];
		}
		firstMs = Math.min(firstMs, entry.startedMs);
		lastMs = Math.max(lastMs, entry.startedMs);
	}
	return {
		calls: entries.filter(isNoCorrection).length,
		spend: toDollars(toNanos(cost)),
		/** Dollars, exact. */
		cost: toDollarText(toNanos(cost)),
		tokens,
		cache_share: toCacheShare(tokens),
		first_call: entries.length === 0 ? null : toTime(firstMs),
		last_call: entries.length === 0 ? null : toTime(lastMs),
	};
}

/** A prefix shorter than that is cached by no model; the least that any takes. */
const leastCachedTokens = 1_024;
/** Of what was cached: less read than this is a cache that was not found. */
const nearZero = 0.1;
/** Of what was cached: a shorter prompt is another conversation, such as one that only makes a title. */
const samePrompt = 0.5;
const minuteMs = 60_000;
const shortLifeMs = 5 * minuteMs;
const longLifeMs = 60 * minuteMs;

export interface CacheBreak {
	/** The call that had left the prefix in the cache. */
	readonly cached_by: string;
	/** How long the prefix was, and how much of it this call did not read. */
	readonly cached_tokens: number;
	readonly lost_tokens: number;
	readonly idle_ms: number;
	/** `expired`: nobody read it for as long as it lives. `prefix`: the beginning of the prompt is another one. */
	readonly cause: "expired" | "prefix";
}

/**
 * Whether a call broke the cache: the last call of the same agent to the same model that left a prefix of 1,024 tokens or
 * more in it (read and written together) left so much, this one reads less than a tenth of that, and its prompt is at
 * least half as long.
 */
export function findBreak(before: Entry, entry: Entry): CacheBreak | null {
	const cached = toCached(before);
	if (cached < leastCachedTokens || entry.cacheRead >= cached * nearZero) {
		return null;
	}
	if (toPrompt(tokensOf(entry)) < cached * samePrompt) return null;
	const idleMs = entry.startedMs - before.startedMs;
	const lifeMs = before.cacheWrite1h > 0 ? longLifeMs : shortLifeMs;
	return {
		cached_by: before.id,
		cached_tokens: cached,
		lost_tokens: cached - entry.cacheRead,
		idle_ms: idleMs,
		cause: idleMs > lifeMs ? "expired" : "prefix",
	};
}

const toCached = (entry: Entry): number =>
	entry.cacheRead + entry.cacheWrite5m + entry.cacheWrite1h;

export type Step = ReturnType<typeof toStep>;

function toStep(
	entry: Entry,
	corrections: readonly Entry[],
	cacheBreak: CacheBreak | null,
) {
	const tokens = tokensOf(entry);
	const { state, nanos } = toWorth(entry, corrections);
	return {
		request_id: entry.id,
		time: toTime(entry.startedMs),
		duration_ms: entry.durationMs,
		model: entry.servedModel ?? entry.requestedModel,
		status: entry.status,
		stop_reason: entry.stopReason,
		spend: toDollars(toCost({ ...entry, cost: nanos })),
		cost: nanos === null ? null : toDollarText(nanos),
		cost_state: state,
		tokens,
		cache_share: toCacheShare(tokens),
		cache_break: cacheBreak,
	};
}

/**
 * Each with what it costs by its last correction.
 * @param entries of one agent, in their order, and their corrections
 */
export function toSteps(entries: readonly Entry[]): Step[] {
	/** By model: a cache belongs to one. */
	const left = new Map<string, Entry>();
	const corrections = Map.groupBy(entries, ({ corrects }) => corrects);
	return entries.filter(isNoCorrection).map((entry) => {
		const model = entry.servedModel ?? "";
		const before = left.get(model);
		// What was refused or failed says nothing of the cache.
		const isRead = toPrompt(tokensOf(entry)) > 0;
		const found = before && isRead ? findBreak(before, entry) : null;
		if (toCached(entry) >= leastCachedTokens) left.set(model, entry);
		const own = corrections.get(entry.id) ?? [];
		return toStep(entry, own.toSorted(byId), found);
	});
}

/** Corrections of one Entry: in the order in which they were made. */
const byId = (a: Entry, b: Entry): number => (a.id < b.id ? -1 : 1);

export interface AgentNode extends ReturnType<typeof toTotals> {
	/** Null: the session itself. */
	readonly agent_id: string | null;
	readonly steps: readonly Step[];
	readonly agents: readonly AgentNode[];
}

/**
 * The session with its agents below it, and theirs below them. Whose parent made no call, or is said to be below it, stands
 * below the session.
 * @param entries in their order
 */
export function toTree(entries: readonly Entry[]): AgentNode {
	const own = Map.groupBy(entries, ({ agentId }) => agentId);
	const parents = new Map<string, string | null>();
	for (const [id, calls] of own) {
		if (id === null) continue;
		const named = calls.find((call) => call.parentAgentId !== null);
		const parent = named?.parentAgentId ?? null;
		parents.set(id, parent !== null && own.has(parent) ? parent : null);
	}
	for (const id of parents.keys()) {
		if (isBelowItself(id, parents)) parents.set(id, null);
	}
	const children = Map.groupBy(parents.keys(), (id) => parents.get(id) ?? null);
	const toNode = (id: string | null): AgentNode => {
		const calls = own.get(id) ?? [];
		return {
			agent_id: id,
			...toTotals(calls),
			steps: toSteps(calls),
			agents: (children.get(id) ?? []).map(toNode),
		};
	};
	return toNode(null);
}

/** Deeper ones are shown below the session; a client can name any parent. */
const maxDepth = 32;

function isBelowItself(
	id: string,
	parents: ReadonlyMap<string, string | null>,
): boolean {
	let above: string | null = id;
	for (let depth = 0; depth < maxDepth; depth++) {
		above = parents.get(above) ?? null;
		if (above === null) return false;
	}
	return true;
}
