interface Caller {
	type: "direct";
}

export interface WebSearchCitation {
	type: "web_search_result_location";
	cited_text: string;
	encrypted_index: string;
	title: string | null;
	url: string;
}

export interface TextBlock {
	type: "text";
	text: string;
	citations: WebSearchCitation[] | null;
}

export interface ThinkingBlock {
	type: "thinking";
	thinking: string;
	signature: string;
}

export interface RedactedThinkingBlock {
	type: "redacted_thinking";
	data: string;
}

export interface ToolUseBlock {
	type: "tool_use";
	id: string;
	name: string;
	input: unknown;
	caller: Caller;
}

export interface ServerToolUseBlock {
	type: "server_tool_use";
	id: string;
	name: "web_search" | "web_fetch" | "bash_code_execution";
	input: Record<string, unknown>;
	caller: Caller;
}

/** Blocks that arrive whole in `content_block_start`, with no deltas. */
export type ServerToolResultBlock =
	| {
			type: "web_search_tool_result";
			tool_use_id: string;
			caller: Caller;
			content: {
				type: "web_search_result";
				url: string;
				title: string;
				encrypted_content: string;
				page_age: string | null;
			}[];
	  }
	| {
			type: "web_fetch_tool_result";
			tool_use_id: string;
			caller: Caller;
			content: {
				type: "web_fetch_result";
				url: string;
				retrieved_at: string | null;
				content: {
					type: "document";
					title: string | null;
					citations: null;
					source: { type: "text"; media_type: "text/plain"; data: string };
				};
			};
	  }
	| {
			type: "bash_code_execution_tool_result";
			tool_use_id: string;
			content: {
				type: "bash_code_execution_result";
				stdout: string;
				stderr: string;
				return_code: number;
				content: never[];
			};
	  };

export type ContentBlock =
	| TextBlock
	| ThinkingBlock
	| RedactedThinkingBlock
	| ToolUseBlock
	| ServerToolUseBlock
	| ServerToolResultBlock;

export interface CompactionBlock {
	type: "compaction";
	content: string | null;
	encrypted_content: string | null;
}

export interface FallbackBlock {
	type: "fallback";
	from: { model: string };
	to: { model: string };
	trigger: { type: "refusal"; category: null };
}

export type AdvisorBlock =
	| {
			type: "server_tool_use";
			id: string;
			name: "advisor";
			input: Record<string, unknown>;
			caller: Caller;
	  }
	| {
			type: "advisor_tool_result";
			tool_use_id: string;
			content: {
				type: "advisor_result";
				text: string;
				stop_reason: string | null;
			};
	  };

export type BetaContentBlock =
	| ContentBlock
	| CompactionBlock
	| FallbackBlock
	| AdvisorBlock;
