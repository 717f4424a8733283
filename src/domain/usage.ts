/** Token counts of one sampling, by what a token of the kind costs. Whole numbers, 0 or more. */
export interface TokenCounts {
	/** Neither written to the cache nor read from it. */
	readonly input: number;
	/** Thinking included. */
	readonly output: number;
	readonly cacheWrite5m: number;
	readonly cacheWrite1h: number;
	readonly cacheRead: number;
}

/** One sampling step of a call that made several (compaction, advisor, fallback). */
export interface Iteration extends TokenCounts {
	/** As upstream names it: `message`, `compaction`, `advisor_message`, `fallback_message`, or one we do not know. */
	readonly type: string;
	/** Null: that of the response. */
	readonly model: string | null;
}

/** What upstream says a call used, and everything in its reply that decides what that costs. Never taken from the request. */
export interface Usage extends TokenCounts {
	/** The model that served; null when the reply does not say. */
	readonly model: string | null;
	/** `standard`, `priority`, `batch`. */
	readonly serviceTier: string | null;
	/** `global`, `us`, `not_available`. */
	readonly inferenceGeo: string | null;
	/** `standard`, `fast`. */
	readonly speed: string | null;
	readonly stopReason: string | null;
	readonly webSearches: number;
	/** Results of code execution in the reply. Its container's time is billed too, and no reply says how long that was. */
	readonly codeExecutions: number;
	/** Part of `output`. */
	readonly thinking: number;
	/** Empty when upstream lists none: then the counts above are what is billed. */
	readonly iterations: readonly Iteration[];
}

/** Of a call that used nothing. */
export const emptyUsage: Usage = {
	input: 0,
	output: 0,
	cacheWrite5m: 0,
	cacheWrite1h: 0,
	cacheRead: 0,
	model: null,
	serviceTier: null,
	inferenceGeo: null,
	speed: null,
	stopReason: null,
	webSearches: 0,
	codeExecutions: 0,
	thinking: 0,
	iterations: [],
};
