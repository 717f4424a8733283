import type { BetaContentBlock } from "./content-shapes.ts";
import { toOpaque } from "./ids.ts";
import type { Iteration } from "./usage-shapes.ts";

const caller = { type: "direct" } as const;
const noCache = {
	cache_creation: null,
	cache_creation_input_tokens: 0,
	cache_read_input_tokens: 0,
};

export function toText(text: string): BetaContentBlock {
	return { type: "text", text, citations: null };
}

export const compaction: BetaContentBlock = {
	type: "compaction",
	content: "Summary: the user greeted, and was greeted.",
	encrypted_content: toOpaque("compaction"),
};

export const fallback: BetaContentBlock = {
	type: "fallback",
	from: { model: "claude-fable-5" },
	to: { model: "claude-opus-4-8" },
	trigger: { type: "refusal", category: null },
};

export const advice: BetaContentBlock[] = [
	{
		type: "server_tool_use",
		id: "srvtoolu_01Advisor",
		name: "advisor",
		input: {},
		caller,
	},
	{
		type: "advisor_tool_result",
		tool_use_id: "srvtoolu_01Advisor",
		content: {
			type: "advisor_result",
			text: "Answer in one sentence.",
			stop_reason: "end_turn",
		},
	},
];

export const compacted: Iteration[] = [
	{
		type: "compaction",
		...noCache,
		input_tokens: 180_000,
		output_tokens: 3_500,
	},
	{
		type: "message",
		model: null,
		...noCache,
		input_tokens: 23_000,
		output_tokens: 1_000,
	},
];

export const advised: Iteration[] = [
	{
		type: "message",
		model: "claude-sonnet-5",
		...noCache,
		input_tokens: 412,
		output_tokens: 89,
	},
	{
		type: "advisor_message",
		model: "claude-opus-5",
		...noCache,
		input_tokens: 823,
		output_tokens: 1_612,
	},
	{
		type: "message",
		model: "claude-sonnet-5",
		...noCache,
		input_tokens: 1_348,
		cache_read_input_tokens: 412,
		output_tokens: 442,
	},
];

export const fellBack: Iteration[] = [
	{
		type: "message",
		model: "claude-fable-5",
		...noCache,
		input_tokens: 535,
		output_tokens: 0,
	},
	{
		type: "fallback_message",
		model: "claude-opus-4-8",
		...noCache,
		input_tokens: 412,
		output_tokens: 264,
	},
];

export const everything: BetaContentBlock[] = [
	compaction,
	{
		type: "thinking",
		thinking: "One block of every kind.",
		signature: toOpaque("thinking"),
	},
	{ type: "redacted_thinking", data: toOpaque("redacted") },
	{
		type: "server_tool_use",
		id: "srvtoolu_01Search",
		name: "web_search",
		input: { query: "everything" },
		caller,
	},
	{
		type: "web_search_tool_result",
		tool_use_id: "srvtoolu_01Search",
		caller,
		content: [
			{
				type: "web_search_result",
				url: "https://example.com/",
				title: "Example",
				encrypted_content: toOpaque("result"),
				page_age: null,
			},
		],
	},
	{
		type: "text",
		text: "Ünïcödé 🎈, quoted “so”, and cited.",
		citations: [
			{
				type: "web_search_result_location",
				url: "https://example.com/",
				title: "Example",
				encrypted_index: toOpaque("index"),
				cited_text: "so",
			},
		],
	},
	...advice,
	fallback,
	{
		type: "tool_use",
		id: "toolu_01Everything",
		name: "everything",
		input: { deep: { list: [1, "two", null] } },
		caller,
	},
];
