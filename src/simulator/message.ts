import { compose } from "./compose.ts";
import { ApiError } from "./errors.ts";
import { toId } from "./ids.ts";
import { isObject, type JsonObject } from "./json.ts";
import { findModel, type ModelFacts } from "./models.ts";
import { sumTokens, toPieces } from "./prompt.ts";
import type { CacheUse, PromptCache } from "./prompt-cache.ts";
import { findScenario } from "./scenarios.ts";
import type { Script } from "./script.ts";
import type { BetaMessage, Message } from "./shapes.ts";
import { stop } from "./stop.ts";
import { toStartUsage, toUsage } from "./usage.ts";
import type { BetaUsage, Usage } from "./usage-shapes.ts";

const containerLifetimeMs = 1_200_000;

export interface MessageContext {
	/** Message id and all ids inside follow from it. */
	seed: string | Uint8Array;
	cache: PromptCache;
	nowMs: number;
	script: Script;
	tier: Usage["service_tier"];
	/** Give the beta shape. */
	beta: boolean;
}

/** A message and the usage with which its stream starts. */
export type WrittenMessage =
	| { beta: false; message: Message; startUsage: Usage }
	| { beta: true; message: BetaMessage; startUsage: BetaUsage };

/** Answers a checked request. Throws the API's errors for an unknown model, too long a prompt, too many tokens wanted. */
export function writeMessage(
	request: JsonObject,
	context: MessageContext,
): WrittenMessage {
	const model = findModel(String(request.model));
	const pieces = toPieces(request);
	checkSizes(request, model, sumTokens(pieces));
	const { beta, script } = context;
	const cache = context.cache.use(model.id, pieces);
	const message = toMessage(request, context, { model, cache });
	const grownTokens = message.usage.input_tokens - cache.restTokens;
	if (!beta) {
		const plain = applyScript(message, script);
		const startUsage = toStartUsage(plain.usage, grownTokens);
		return { beta, message: plain, startUsage };
	}
	const shaped = applyScript(toBetaMessage(message), script);
	const startUsage = toStartUsage(shaped.usage, grownTokens);
	return { beta, message: shaped, startUsage };
}

function toMessage(
	request: JsonObject,
	{ seed, tier, nowMs }: MessageContext,
	{ model, cache }: { model: ModelFacts; cache: CacheUse },
): Message {
	const id = toId("msg", seed);
	const composition = compose(request, id);
	const { content, stop_reason } = composition;
	const isRefusal = stop_reason === "refusal";
	const message: Message = {
		id,
		type: "message",
		role: "assistant",
		model: model.id,
		content,
		stop_reason,
		stop_sequence: null,
		stop_details: isRefusal
			? { type: "refusal", category: null, explanation: null }
			: null,
		container: toContainer(content, id, nowMs),
		diagnostics: null,
		usage: toUsage(request, model, cache, { ...composition, tier }),
	};
	return stop(message, request);
}

function checkSizes(
	request: JsonObject,
	model: ModelFacts,
	promptTokens: number,
): void {
	const wanted = Number(request.max_tokens);
	if (wanted < 0) {
		throw new ApiError(
			"invalid_request_error",
			"max_tokens: Input should be greater than or equal to 0",
		);
	}
	if (wanted > model.outputTokens) {
		throw new ApiError(
			"invalid_request_error",
			`max_tokens: ${wanted} > ${model.outputTokens}, which is the maximum allowed number of output tokens for ${model.id}`,
		);
	}
	if (promptTokens > model.windowTokens) {
		throw new ApiError(
			"invalid_request_error",
			`prompt is too long: ${promptTokens} tokens > ${model.windowTokens} maximum`,
		);
	}
}

export function toBetaMessage(message: Message): BetaMessage {
	const { stop_details, usage } = message;
	return {
		...message,
		stop_details: stop_details && {
			...stop_details,
			fallback_credit_token: null,
			fallback_has_prefill_claim: null,
			recommended_model: null,
		},
		context_management: null,
		usage: { ...usage, iterations: null, fallback_credit: null },
	};
}

function toContainer(
	content: Message["content"],
	id: string,
	nowMs: number,
): Message["container"] {
	const runs = content.some(
		({ type }) => type === "bash_code_execution_tool_result",
	);
	if (!runs) return null;
	return {
		id: toId("container", id),
		expires_at: new Date(nowMs + containerLifetimeMs).toISOString(),
		skills: null,
	};
}

/** Whatever a script puts into a message is its own affair: no type holds it to the API's shapes. */
function applyScript<Shape extends Message | BetaMessage>(
	message: Shape,
	script: Script,
): Shape {
	let scripted = message;
	for (const change of [findScenario(script.scenario), script.message]) {
		if (change === undefined) continue;
		const usage = isObject(change.usage) ? change.usage : {};
		scripted = {
			...scripted,
			...change,
			usage: { ...scripted.usage, ...usage },
		};
	}
	return scripted;
}
