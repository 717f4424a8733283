import { createHash } from "node:crypto";
import type { Clock } from "../platform/contract.ts";
import { ApiError } from "./errors.ts";
import { type PromptPiece, sumTokens } from "./prompt.ts";
import type { CacheCreation } from "./usage-shapes.ts";

/** Shorter prefixes are never cached, as upstream. */
const minCachedTokens = 1_024;
const maxBreakpoints = 4;
const maxEntries = 10_000;

const lifetimeMs = { "5m": 300_000, "1h": 3_600_000 } as const;

export interface CacheUse {
	readTokens: number;
	writes: CacheCreation;
	/** Neither read nor written. */
	restTokens: number;
}

export interface PromptCache {
	/** Books one prompt: what was read, what is written from now on. Throws the API's 400 on too many breakpoints. */
	use(model: string, pieces: readonly PromptPiece[]): CacheUse;
}

interface Entry {
	lifetime: keyof typeof lifetimeMs;
	untilMs: number;
}

/** Prefixes seen before, by the hash of everything up to a breakpoint. */
export function openPromptCache(clock: Clock): PromptCache {
	const entries = openEntries(clock);
	return {
		use(model, pieces) {
			const totalTokens = sumTokens(pieces);
			const last = pieces.findLastIndex((piece) => piece.cacheFor);
			if (last === -1) {
				return { readTokens: 0, writes: noWrites, restTokens: totalTokens };
			}
			refuseTooMany(pieces);
			const marked = pieces.slice(0, last + 1);
			const keys = toPrefixKeys(model, marked);
			const hit = keys.findLastIndex(entries.refresh);
			const readTokens = sumTokens(pieces.slice(0, hit + 1));
			const writes = write(entries, marked, { keys, readTokens });
			const writtenTokens =
				writes.ephemeral_5m_input_tokens + writes.ephemeral_1h_input_tokens;
			const restTokens = totalTokens - readTokens - writtenTokens;
			return { readTokens, writes, restTokens };
		},
	};
}

interface Entries {
	/** Whether the prefix is there; if so, its life begins anew. */
	refresh(key: string): boolean;
	remember(key: string, lifetime: Entry["lifetime"]): void;
}

function openEntries(clock: Clock): Entries {
	const entries = new Map<string, Entry>();
	const remember: Entries["remember"] = (key, lifetime) => {
		entries.delete(key);
		entries.set(key, { lifetime, untilMs: clock.now() + lifetimeMs[lifetime] });
		const oldest = entries.keys().next();
		if (entries.size > maxEntries && !oldest.done) entries.delete(oldest.value);
	};
	return {
		remember,
		refresh(key) {
			const entry = entries.get(key);
			if (entry === undefined || entry.untilMs <= clock.now()) return false;
			remember(key, entry.lifetime);
			return true;
		},
	};
}

/** Everything after the prefix that was read, up to the last breakpoint, is written now. */
function write(
	entries: Entries,
	pieces: readonly PromptPiece[],
	{ keys, readTokens }: { keys: readonly string[]; readTokens: number },
): CacheCreation {
	const writes = { ...noWrites };
	let bookedTokens = readTokens;
	let upToTokens = 0;
	pieces.forEach(({ tokens, cacheFor }, at) => {
		upToTokens += tokens;
		const key = keys[at];
		if (cacheFor === undefined || key === undefined) return;
		if (upToTokens <= bookedTokens || upToTokens < minCachedTokens) return;
		writes[`ephemeral_${cacheFor}_input_tokens`] += upToTokens - bookedTokens;
		bookedTokens = upToTokens;
		entries.remember(key, cacheFor);
	});
	return writes;
}

const noWrites: CacheCreation = {
	ephemeral_5m_input_tokens: 0,
	ephemeral_1h_input_tokens: 0,
};

function refuseTooMany(pieces: readonly PromptPiece[]): void {
	const found = pieces.filter((piece) => piece.cacheFor).length;
	if (found > maxBreakpoints) {
		throw new ApiError(
			"invalid_request_error",
			`A maximum of ${maxBreakpoints} blocks with cache_control may be provided. Found ${found}.`,
		);
	}
}

/** One key for each prefix; a marker that moves does not change the keys before it. */
function toPrefixKeys(model: string, pieces: readonly PromptPiece[]): string[] {
	let key = model;
	return pieces.map((piece) => {
		key = createHash("sha256").update(key).update(piece.toText()).digest("hex");
		return key;
	});
}
