import { type Call, readJson } from "./call.ts";
import { compose } from "./compose.ts";
import { ApiError, errorTable } from "./errors.ts";
import { toId } from "./ids.ts";
import { isObject, type JsonObject, toList } from "./json.ts";
import { findModel } from "./models.ts";
import { sumTokens, toPieces, toTokens } from "./prompt.ts";
import { type Reply, type SseEvent, toEvents, toPlainJson } from "./reply.ts";

interface ChatAnswer {
	id: string;
	created: number;
	model: string;
	content: string;
	toolCalls: ToolCall[];
	usage: ChatUsage;
}

interface ToolCall {
	id: string;
	type: "function";
	function: { name: string; arguments: string };
}

interface ChatUsage {
	prompt_tokens: number;
	completion_tokens: number;
	total_tokens: number;
}

/** POST /v1/chat/completions, in OpenAI's shape: JSON, or chunks that end with `[DONE]`. */
export function createChatCompletion(call: Call): Reply {
	try {
		const request = readJson(call.body);
		const answer = toChatAnswer(request, call);
		book(answer, call);
		if (request.stream !== true) return toPlainJson(toCompletion(answer));
		const options = isObject(request.stream_options)
			? request.stream_options
			: {};
		return toEvents(
			toChunks(answer, {
				includeUsage: options.include_usage === true,
				textDeltas: call.script.repeat_events,
			}),
		);
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		return toChatError(error);
	}
}

function book({ model, usage }: ChatAnswer, { world, script }: Call): void {
	const { prompt_tokens: input_tokens, completion_tokens: output_tokens } =
		usage;
	world.books.book(
		{ model, usage: { input_tokens, output_tokens }, stop_reason: null },
		{ atMs: world.clock.now(), billing: script.billing },
	);
}

/** The compatibility endpoint has OpenAI's error envelope. */
function toChatError({ type, message, options }: ApiError): Reply {
	return toPlainJson(
		{ error: { code: type, message, type, param: null } },
		options.status ?? errorTable[type].status,
	);
}

function toChatAnswer(request: JsonObject, call: Call): ChatAnswer {
	for (const name of ["model", "messages"]) {
		if (!(name in request)) {
			throw new ApiError("invalid_request_error", `${name}: Field required`);
		}
	}
	const model = findModel(String(request.model));
	const native = { messages: request.messages, tools: toNativeTools(request) };
	const seed = toId("chatcmpl", call.body);
	const { content } = compose(native, seed);
	const text = content
		.map((block) => (block.type === "text" ? block.text : ""))
		.join("");
	const toolCalls = content.flatMap((block): ToolCall[] => {
		if (block.type !== "tool_use") return [];
		const { id, name, input } = block;
		const text = JSON.stringify(input);
		return [{ id, type: "function", function: { name, arguments: text } }];
	});
	const prompt_tokens = sumTokens(toPieces(native));
	const completion_tokens =
		toTokens(text) + toTokens(JSON.stringify(toolCalls));
	return {
		id: seed,
		created: Math.floor(call.world.clock.now() / 1_000),
		model: model.id,
		content: text,
		toolCalls,
		usage: {
			prompt_tokens,
			completion_tokens,
			total_tokens: prompt_tokens + completion_tokens,
		},
	};
}

function toNativeTools({ tools }: JsonObject): JsonObject[] {
	return toList(tools).flatMap((tool) => {
		if (!isObject(tool) || !isObject(tool.function)) return [];
		const { name, parameters } = tool.function;
		return [{ name, input_schema: parameters }];
	});
}

function toFinishReason({ toolCalls }: ChatAnswer): "tool_calls" | "stop" {
	return toolCalls.length > 0 ? "tool_calls" : "stop";
}

function toCompletion(answer: ChatAnswer) {
	const { id, created, model, content, toolCalls, usage } = answer;
	return {
		id,
		object: "chat.completion",
		created,
		model,
		choices: [
			{
				index: 0,
				message: {
					role: "assistant",
					content,
					refusal: null,
					...(toolCalls.length > 0 && { tool_calls: toolCalls }),
				},
				logprobs: null,
				finish_reason: toFinishReason(answer),
			},
		],
		usage,
	};
}

const charactersPerDelta = 24;

interface ChunkOptions {
	includeUsage: boolean;
	textDeltas: number | undefined;
}

function* toChunks(
	answer: ChatAnswer,
	{ includeUsage, textDeltas }: ChunkOptions,
): Generator<SseEvent> {
	const { id, created, model, content, toolCalls, usage } = answer;
	const toEvent = (choices: unknown[], more = {}): SseEvent => ({
		data: JSON.stringify({
			id,
			object: "chat.completion.chunk",
			created,
			model,
			choices,
			...more,
		}),
	});
	const toChoice = (delta: unknown, finish_reason: string | null = null) => [
		{ index: 0, delta, logprobs: null, finish_reason },
	];
	yield toEvent(toChoice({ role: "assistant", content: "" }));
	const size =
		textDeltas === undefined
			? charactersPerDelta
			: Math.max(1, Math.floor(content.length / textDeltas));
	const pieces = textDeltas ?? Math.ceil(content.length / size);
	for (let at = 0; at < pieces; at++) {
		const end = at === pieces - 1 ? content.length : (at + 1) * size;
		yield toEvent(toChoice({ content: content.slice(at * size, end) }));
	}
	for (const [index, toolCall] of toolCalls.entries()) {
		yield toEvent(toChoice({ tool_calls: [{ index, ...toolCall }] }));
	}
	yield toEvent(toChoice({}, toFinishReason(answer)));
	if (includeUsage) yield toEvent([], { usage });
	yield { data: "[DONE]" };
}
