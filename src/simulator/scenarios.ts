import { ApiError } from "./errors.ts";
import { toOpaque } from "./ids.ts";
import {
	advice,
	advised,
	compacted,
	compaction,
	everything,
	fallback,
	fellBack,
	toText,
} from "./scenario-parts.ts";
import type { BetaMessage } from "./shapes.ts";
import type { BetaUsage } from "./usage-shapes.ts";

/** What a scenario or a script changes in a composed message; `usage` is merged member by member. */
export type MessageChange = Partial<Omit<BetaMessage, "usage">> & {
	usage?: Partial<BetaUsage>;
};

/** Ready-made messages, by name: things the API does of its own accord, with figures worth pricing. */
export const scenarios: Readonly<Record<string, MessageChange>> = {
	compaction: {
		content: [compaction, toText("Where were we? Here.")],
		usage: {
			input_tokens: 23_000,
			output_tokens: 1_000,
			iterations: compacted,
		},
	},
	advisor: {
		model: "claude-sonnet-5",
		content: [...advice, toText("In one sentence: yes.")],
		usage: {
			input_tokens: 1_760,
			cache_read_input_tokens: 412,
			output_tokens: 531,
			iterations: advised,
		},
	},
	fallback: {
		model: "claude-opus-4-8",
		content: [fallback, toText("Gladly.")],
		usage: { input_tokens: 412, output_tokens: 264, iterations: fellBack },
	},
	fallback_mid_output: {
		model: "claude-fable-5",
		content: [toText("Well,"), fallback, toText("gladly.")],
		usage: { input_tokens: 412, output_tokens: 264, iterations: fellBack },
	},
	refusal: {
		content: [],
		stop_reason: "refusal",
		stop_details: {
			type: "refusal",
			category: null,
			explanation: null,
			fallback_credit_token: null,
			fallback_has_prefill_claim: null,
			recommended_model: null,
		},
		usage: { input_tokens: 412, output_tokens: 0 },
	},
	pause_turn: { stop_reason: "pause_turn" },
	context_window_exceeded: { stop_reason: "model_context_window_exceeded" },
	hidden_thinking: {
		content: [
			{ type: "thinking", thinking: "", signature: toOpaque("hidden") },
			toText("Yes."),
		],
		usage: {
			output_tokens: 900,
			output_tokens_details: { thinking_tokens: 890 },
		},
	},
	cache_mix: {
		usage: {
			input_tokens: 1_000,
			cache_creation_input_tokens: 2_500,
			cache_creation: {
				ephemeral_5m_input_tokens: 2_000,
				ephemeral_1h_input_tokens: 500,
			},
			cache_read_input_tokens: 10_000,
			output_tokens: 300,
		},
	},
	priority: { usage: { service_tier: "priority" } },
	/** A block of every kind. */
	everything: {
		content: everything,
		stop_reason: "tool_use",
		usage: {
			input_tokens: 1_760,
			output_tokens: 531,
			iterations: advised,
			server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
		},
	},
};

export const scenarioNames = Object.keys(scenarios);

/** Throws a 400 that lists the names. */
export function findScenario(
	name: string | undefined,
): MessageChange | undefined {
	if (name === undefined) return undefined;
	const scenario = scenarios[name];
	if (scenario !== undefined) return scenario;
	throw new ApiError(
		"invalid_request_error",
		`scenario: one of ${scenarioNames.join(", ")}`,
	);
}
