/**
 * The API's objects as the simulator writes them. The tests hold each of them against the official SDK's types; nothing
 * here imports the SDK, which is a development dependency.
 */

import type { BetaContentBlock, ContentBlock } from "./content-shapes.ts";
import type { BetaUsage, Usage } from "./usage-shapes.ts";

export type ErrorType =
	| "invalid_request_error"
	| "authentication_error"
	| "billing_error"
	| "permission_error"
	| "not_found_error"
	| "conflict_error"
	| "memory_path_conflict_error"
	| "memory_precondition_failed_error"
	| "request_too_large"
	| "rate_limit_error"
	| "api_error"
	| "timeout_error"
	| "overloaded_error";

export interface ErrorResponse {
	type: "error";
	error: {
		type: ErrorType;
		message: string;
		details?: Record<string, unknown>;
	};
	request_id: string | null;
}

export type StopReason =
	| "end_turn"
	| "max_tokens"
	| "stop_sequence"
	| "tool_use"
	| "pause_turn"
	| "refusal"
	| "model_context_window_exceeded";

export interface Container {
	id: string;
	expires_at: string;
	skills: null;
}

export interface StopDetails {
	type: "refusal";
	category: null;
	explanation: string | null;
}

export interface BetaStopDetails extends StopDetails {
	fallback_credit_token: null;
	fallback_has_prefill_claim: null;
	recommended_model: null;
}

interface MessageBase {
	id: string;
	type: "message";
	role: "assistant";
	model: string;
	stop_sequence: string | null;
	container: Container | null;
	diagnostics: null;
}

export interface Message extends MessageBase {
	content: ContentBlock[];
	stop_reason: StopReason | null;
	stop_details: StopDetails | null;
	usage: Usage;
}

/** The shape for callers that asked for betas (`?beta=true` or an `anthropic-beta` header). */
export interface BetaMessage extends MessageBase {
	content: BetaContentBlock[];
	stop_reason: StopReason | "compaction" | null;
	stop_details: BetaStopDetails | null;
	usage: BetaUsage;
	context_management: { applied_edits: never[] } | null;
}
