import { type Call, isBeta, readBetas, readJson } from "./call.ts";
import { ApiError } from "./errors.ts";
import { checkFields, countTokensFields, messageFields } from "./fields.ts";
import type { JsonObject } from "./json.ts";
import {
	type MessageContext,
	type WrittenMessage,
	writeMessage,
} from "./message.ts";
import { findModel } from "./models.ts";
import { sumTokens, toPieces } from "./prompt.ts";
import { type Reply, toEvents, toPlainJson } from "./reply.ts";
import type { Script } from "./script.ts";
import { toBetaStreamEvents, toSseEvents, toStreamEvents } from "./stream.ts";

/** POST /v1/messages: JSON, or events when the body says `"stream": true`. */
export function createMessage(call: Call): Reply {
	const request = readRequest(call, messageFields);
	const written = writeMessage(request, toContext(call));
	const { world, script } = call;
	world.books.book(written.message, {
		atMs: world.clock.now(),
		billing: script.billing,
	});
	if (request.stream !== true) return toPlainJson(written.message);
	return toEvents(toSseEvents(toEventsOf(written, call.script)));
}

function toEventsOf(
	written: WrittenMessage,
	{ repeat_events: textDeltas }: Script,
): Iterable<{ type: string }> {
	const { beta, message, startUsage } = written;
	return beta
		? toBetaStreamEvents(message, { startUsage, textDeltas })
		: toStreamEvents(message, { startUsage, textDeltas });
}

/** POST /v1/messages/count_tokens. */
export function countTokens(call: Call): Reply {
	const request = readRequest(call, countTokensFields);
	findModel(String(request.model));
	const input_tokens = sumTokens(toPieces(request));
	return toPlainJson(
		isBeta(call)
			? { input_tokens, context_management: null }
			: { input_tokens },
	);
}

function toContext(call: Call): MessageContext {
	const { body, script, world } = call;
	return {
		seed: body,
		cache: world.cache,
		nowMs: world.clock.now(),
		script,
		tier: "standard",
		beta: isBeta(call) || Boolean(script.scenario ?? script.message),
	};
}

function readRequest(call: Call, fields: typeof messageFields): JsonObject {
	const request = readJson(call.body);
	checkRequest(request, fields, {
		version: call.headers["anthropic-version"]?.toString(),
		betas: readBetas(call.headers),
	});
	return request;
}

/** Throws the API's 400 unless the body could be answered. */
export function checkRequest(
	request: JsonObject,
	fields: typeof messageFields,
	caller: Parameters<typeof checkFields>[2],
): void {
	checkFields(request, fields, caller);
	if (Array.isArray(request.messages) && request.messages.length === 0) {
		throw new ApiError(
			"invalid_request_error",
			"messages: at least one message is required",
		);
	}
}
