export interface CacheCreation {
	ephemeral_5m_input_tokens: number;
	ephemeral_1h_input_tokens: number;
}

export interface ServerToolUsage {
	web_search_requests: number;
	web_fetch_requests: number;
}

interface IterationTokens {
	input_tokens: number;
	output_tokens: number;
	cache_creation: CacheCreation | null;
	cache_creation_input_tokens: number;
	cache_read_input_tokens: number;
}

/** One sampling step of a call that took several. */
export type Iteration =
	| (IterationTokens & { type: "message"; model: string | null })
	| (IterationTokens & { type: "compaction" })
	| (IterationTokens & { type: "advisor_message"; model: string })
	| (IterationTokens & { type: "fallback_message"; model: string });

export interface Usage {
	input_tokens: number;
	cache_creation_input_tokens: number;
	cache_read_input_tokens: number;
	cache_creation: CacheCreation;
	output_tokens: number;
	output_tokens_details: { thinking_tokens: number } | null;
	server_tool_use: ServerToolUsage | null;
	service_tier: "standard" | "priority" | "batch";
	inference_geo: string;
	speed: "standard" | "fast" | null;
}

export interface BetaUsage extends Usage {
	iterations: Iteration[] | null;
	fallback_credit: null;
}

/** What `message_delta` carries: running totals, never increments. */
export interface DeltaUsage {
	input_tokens: number;
	cache_creation_input_tokens: number;
	cache_read_input_tokens: number;
	output_tokens: number;
	output_tokens_details: { thinking_tokens: number } | null;
	server_tool_use: ServerToolUsage | null;
}

export interface BetaDeltaUsage extends DeltaUsage {
	iterations: Iteration[] | null;
	fallback_credit: null;
}
