/**
 * The stream of a chat completion, in OpenAI's shape: events without a name, the last of them `[DONE]`. Usage comes in the
 * chunk before that, and only if the client asked for it (`stream_options.include_usage`).
 */

import { Buffer } from "node:buffer";
import { toChatUsage } from "./chat-usage.ts";
import { decode, readEvent, readEventSoFar } from "./event.ts";
import { type JsonObject, parseJson, toObject, toText } from "./json.ts";
import {
	emptyReading,
	estimateTokens,
	type Known,
	type Reading,
	type StreamMeter,
} from "./reading.ts";
import { findUsage, toRawRest } from "./rest.ts";

interface State {
	id: string | null;
	model: string | null;
	stopReason: string | null;
	errorType: string | null;
	usage: JsonObject | null;
	/** The chunk that said it. */
	usageText: string | null;
	malformed: boolean;
	outputBytes: number;
	/** Nothing has been written since the usage came. */
	isCurrent: boolean;
	done: boolean;
}

export function openChatStream(): StreamMeter {
	const s: State = {
		id: null,
		model: null,
		stopReason: null,
		errorType: null,
		usage: null,
		usageText: null,
		malformed: false,
		outputBytes: 0,
		isCurrent: false,
		done: false,
	};
	return {
		sink: {
			skim: (_chunk, start) => start,
			event(bytes, start, end) {
				const { name, data } = readEvent(decode(bytes, start, end));
				if (data === "") return false;
				takeChunk(s, data);
				return isEnd(name, data);
			},
			endsReply(bytes, start, end) {
				const { name, data } = readEventSoFar(decode(bytes, start, end));
				return isEnd(name, data);
			},
			needsRest: () => true,
			cutOff(bytes, start, end) {
				const { data } = readEventSoFar(decode(bytes, start, end));
				if (parseJson(data) !== undefined) takeChunk(s, data);
			},
		},
		read: () => toReading(s),
	};
}

const isDone = (data: string) => data.startsWith("[DONE]");

/** An error ends a stream too, with or without `[DONE]` behind it. */
const isEnd = (name: string | null, data: string): boolean =>
	isDone(data) ||
	name === "error" ||
	(data.includes('"error"') && toObject(parseJson(data))?.error != null);

function takeChunk(s: State, data: string) {
	if (isDone(data)) {
		s.done = true;
		return;
	}
	const chunk = toObject(parseJson(data));
	if (chunk === null) {
		s.malformed = true;
		return;
	}
	s.id ??= toText(chunk.id);
	s.model ??= toText(chunk.model);
	s.errorType ??= toErrorType(chunk.error);
	takeChoices(s, chunk.choices);
	if (chunk.usage == null) return;
	s.usage = toObject(chunk.usage);
	s.malformed ||= s.usage === null;
	s.usageText = data;
	s.isCurrent = true;
}

function takeChoices(s: State, choices: unknown) {
	if (!Array.isArray(choices)) return;
	for (const choice of choices.map(toObject)) {
		s.stopReason = toText(choice?.finish_reason) ?? s.stopReason;
		const bytes = countOutput(choice?.delta);
		s.outputBytes += bytes;
		if (bytes > 0) s.isCurrent = false;
	}
}

/** Bytes that the model wrote: text and the arguments of tool calls. */
function countOutput(said: unknown): number {
	const delta = toObject(said);
	if (delta === null) return 0;
	const calls = Array.isArray(delta.tool_calls) ? delta.tool_calls : [];
	const texts = [
		delta.content,
		delta.refusal,
		...calls.map((call) => toObject(toObject(call)?.function)?.arguments),
	];
	return texts.reduce<number>(
		(sum, text) =>
			typeof text === "string" ? sum + Buffer.byteLength(text) : sum,
		0,
	);
}

/** Of OpenAI's envelope: `type`, or `code` where that is missing. */
export function toErrorType(said: unknown): string | null {
	if (said == null) return null;
	const error = toObject(said);
	return toText(error?.type) ?? toText(error?.code) ?? "error";
}

function toReading(s: State): Reading {
	const { usage, malformed, rest } = toChatUsage(s);
	const isMalformed = s.malformed || malformed;
	return {
		...emptyReading,
		usage,
		known: toKnown(s),
		malformed: isMalformed,
		outputEstimate: Math.max(usage.output, estimateTokens(s.outputBytes)),
		thinks: usage.thinking > 0,
		messageId: s.id,
		errorType: s.errorType,
		usageRest: isMalformed ? toRawRest([findUsage(s.usageText)]) : rest,
	};
}

function toKnown(s: State): Known {
	if (s.usage === null) return "nothing";
	const isLast = s.isCurrent && (s.done || s.stopReason !== null);
	return isLast ? "all" : "input";
}
