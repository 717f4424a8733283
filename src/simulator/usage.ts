import type { BetaContentBlock } from "./content-shapes.ts";
import type { JsonObject } from "./json.ts";
import type { ModelFacts } from "./models.ts";
import { toTokens } from "./prompt.ts";
import type { CacheUse } from "./prompt-cache.ts";
import type {
	BetaDeltaUsage,
	BetaUsage,
	DeltaUsage,
	ServerToolUsage,
	Usage,
} from "./usage-shapes.ts";

/** What results of one server tool add to the prompt of the next step. */
const tokensPerServerTool = 2_666;

interface OutputFacts {
	content: readonly BetaContentBlock[];
	/** Billed in full, shown or not. */
	thinkingText: string;
	tier: Usage["service_tier"];
}

/** The usage at the end of a call. */
export function toUsage(
	request: JsonObject,
	model: ModelFacts,
	cache: CacheUse,
	output: OutputFacts,
): Usage {
	const { writes } = cache;
	const thinkingTokens = toTokens(output.thinkingText);
	const serverTools = toServerToolUsage(output.content);
	const steps = output.content.filter(({ type }) =>
		type.endsWith("_tool_result"),
	);
	return {
		input_tokens: cache.restTokens + steps.length * tokensPerServerTool,
		cache_creation_input_tokens:
			writes.ephemeral_5m_input_tokens + writes.ephemeral_1h_input_tokens,
		cache_read_input_tokens: cache.readTokens,
		cache_creation: writes,
		output_tokens: toOutputTokens(output.content) + thinkingTokens,
		output_tokens_details:
			thinkingTokens > 0 ? { thinking_tokens: thinkingTokens } : null,
		server_tool_use: serverTools,
		service_tier: output.tier,
		inference_geo: toGeography(request, model),
		speed: request.speed === "fast" && model.fast ? "fast" : "standard",
	};
}

/** What `message_start` says: the input before any server tool has run, and a token of output. */
export function toStartUsage<Shape extends Usage>(
	final: Shape,
	grownTokens: number,
): Shape {
	return Object.assign({}, final, {
		input_tokens: Math.max(0, final.input_tokens - grownTokens),
		output_tokens: Math.min(1, final.output_tokens),
		output_tokens_details: null,
		server_tool_use: null,
		...("iterations" in final && { iterations: null }),
	});
}

/** The running totals that `message_delta` carries. */
export function toDeltaUsage(final: Usage): DeltaUsage {
	return {
		input_tokens: final.input_tokens,
		cache_creation_input_tokens: final.cache_creation_input_tokens,
		cache_read_input_tokens: final.cache_read_input_tokens,
		output_tokens: final.output_tokens,
		output_tokens_details: final.output_tokens_details,
		server_tool_use: final.server_tool_use,
	};
}

export function toBetaDeltaUsage(final: BetaUsage): BetaDeltaUsage {
	const { iterations, fallback_credit } = final;
	return { ...toDeltaUsage(final), iterations, fallback_credit };
}

function toOutputTokens(content: readonly BetaContentBlock[]): number {
	return content.reduce((tokens, block) => tokens + countBlock(block), 0);
}

/** Thinking is counted by its own text, which a client may not see; results of server tools are no output. */
function countBlock(block: BetaContentBlock): number {
	switch (block.type) {
		case "text":
			return toTokens(block.text);
		case "tool_use":
		case "server_tool_use":
			return toTokens(block.name) + toTokens(JSON.stringify(block.input));
		case "compaction":
			return toTokens(block.content ?? "");
		default:
			return 0;
	}
}

function toServerToolUsage(
	content: readonly BetaContentBlock[],
): ServerToolUsage | null {
	const count = (type: string) =>
		content.filter((block) => block.type === type).length;
	const usage = {
		web_search_requests: count("web_search_tool_result"),
		web_fetch_requests: count("web_fetch_tool_result"),
	};
	return usage.web_search_requests + usage.web_fetch_requests > 0
		? usage
		: null;
}

function toGeography(request: JsonObject, model: ModelFacts): string {
	if (!model.geography) return "not_available";
	return typeof request.inference_geo === "string"
		? request.inference_geo
		: "global";
}
