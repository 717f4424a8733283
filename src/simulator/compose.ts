import type { ContentBlock, TextBlock } from "./content-shapes.ts";
import { toId, toOpaque } from "./ids.ts";
import { isObject, type JsonObject, toList, toText } from "./json.ts";
import { readLastMessage } from "./prompt.ts";
import { toSample } from "./sample.ts";
import { toServerToolBlocks } from "./server-tools.ts";
import type { StopReason } from "./shapes.ts";
import { toWhole } from "./stop.ts";

const quotedCharacters = 400;

/** The API's documented test strings: a prompt that contains one gets redacted thinking, or a refusal. */
export const redactedThinkingTrigger =
	"ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING";
export const refusalTrigger = "ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL";

export interface Composition {
	content: ContentBlock[];
	stop_reason: StopReason;
	/** All of the thinking: billed in full, shown or not. */
	thinkingText: string;
}

/** Chooses the reply's blocks from the request alone; ids follow from `seed`. */
export function compose(request: JsonObject, seed: string): Composition {
	const { text, hasToolResult } = readLastMessage(request);
	if (text.includes(refusalTrigger)) {
		return { content: [], stop_reason: "refusal", thinkingText: "" };
	}
	const thinking = toThinking(request, text, seed);
	const serverTools = toServerToolBlocks(request, text, seed);
	const toolUses = hasToolResult ? [] : toToolUses(request, text, seed);
	const answer: TextBlock = {
		type: "text",
		text: toAnswer(request, text, hasToolResult, toolUses.length > 0),
		citations: null,
	};
	return {
		content: [...thinking.blocks, ...serverTools, answer, ...toolUses],
		stop_reason: toolUses.length > 0 ? "tool_use" : "end_turn",
		thinkingText: thinking.text,
	};
}

function toAnswer(
	request: JsonObject,
	text: string,
	hasToolResult: boolean,
	usesTools: boolean,
): string {
	const schema = readOutputSchema(request);
	if (schema !== undefined) return JSON.stringify(toSample(schema));
	if (usesTools) return "Let me look that up.";
	if (hasToolResult) return "Thank you, the tool has answered. All is well.";
	const quoted =
		text.length > quotedCharacters
			? `${toWhole(text.slice(0, quotedCharacters))}…`
			: text;
	return `Hello! You wrote: “${quoted}”. I am a simulator and have nothing to add, but I add it gladly.`;
}

function readOutputSchema(request: JsonObject): JsonObject | undefined {
	const config = isObject(request.output_config)
		? request.output_config.format
		: request.output_format;
	if (!isObject(config) || config.type !== "json_schema") return undefined;
	return isObject(config.schema) ? config.schema : undefined;
}

function toThinking(
	request: JsonObject,
	text: string,
	seed: string,
): { blocks: ContentBlock[]; text: string } {
	const config = isObject(request.thinking) ? request.thinking : {};
	if (config.type === undefined || config.type === "disabled") {
		return { blocks: [], text: "" };
	}
	const thought = `The user wrote ${text.length} characters. I shall answer briefly and politely.`;
	const blocks: ContentBlock[] = [];
	if (text.includes(redactedThinkingTrigger)) {
		blocks.push({ type: "redacted_thinking", data: toOpaque(`${seed}:r`) });
	}
	blocks.push({
		type: "thinking",
		thinking: config.display === "omitted" ? "" : thought,
		signature: toOpaque(`${seed}:s`),
	});
	return { blocks, text: thought };
}

function toToolUses(
	request: JsonObject,
	text: string,
	seed: string,
): ContentBlock[] {
	const choice = isObject(request.tool_choice) ? request.tool_choice : {};
	if (choice.type === "none") return [];
	const tools = toList(request.tools).filter(isClientTool);
	const [first] = tools;
	if (first === undefined) return [];
	const forced =
		choice.type === "tool"
			? tools.filter((tool) => tool.name === choice.name)
			: choice.type === "any"
				? [first]
				: [];
	const mentioned = tools.filter((tool) => text.includes(toText(tool.name)));
	const wanted = forced.length > 0 ? forced : mentioned;
	return (choice.disable_parallel_tool_use ? wanted.slice(0, 1) : wanted).map(
		(tool, at) => ({
			type: "tool_use",
			id: toId("toolu", `${seed}:${at}`),
			name: toText(tool.name),
			input: toSample(tool.input_schema),
			caller: { type: "direct" },
		}),
	);
}

function isClientTool(tool: unknown): tool is JsonObject {
	return (
		isObject(tool) &&
		typeof tool.name === "string" &&
		tool.name !== "" &&
		(tool.type === undefined || tool.type === "custom")
	);
}
