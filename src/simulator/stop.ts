import type { ContentBlock } from "./content-shapes.ts";
import { type JsonObject, toList } from "./json.ts";
import { toTokens } from "./prompt.ts";
import type { Message } from "./shapes.ts";

const charactersPerToken = 4;

/** Ends an answer where `max_tokens` or a stop sequence of the request would have ended it. */
export function stop(message: Message, request: JsonObject): Message {
	return (
		stopAtSequence(message, toList(request.stop_sequences)) ??
		stopAtTokens(message, Number(request.max_tokens))
	);
}

function stopAtSequence(
	message: Message,
	sequences: readonly unknown[],
): Message | undefined {
	const last = message.content.at(-1);
	if (last?.type !== "text") return undefined;
	const hit = sequences.find(
		(sequence) => typeof sequence === "string" && last.text.includes(sequence),
	);
	if (typeof hit !== "string") return undefined;
	const text = last.text.slice(0, last.text.indexOf(hit));
	const unsaidTokens = toTokens(last.text) - toTokens(text);
	return {
		...message,
		content: [...message.content.slice(0, -1), { ...last, text }],
		stop_reason: "stop_sequence",
		stop_sequence: hit,
		usage: {
			...message.usage,
			output_tokens: message.usage.output_tokens - unsaidTokens,
		},
	};
}

function stopAtTokens(message: Message, maxTokens: number): Message {
	const { usage } = message;
	const unsaidTokens = usage.output_tokens - maxTokens;
	if (unsaidTokens <= 0 && maxTokens > 0) return message;
	return {
		...message,
		content: maxTokens === 0 ? [] : dropEnd(message.content, unsaidTokens),
		stop_reason: "max_tokens",
		usage: {
			...usage,
			output_tokens: Math.min(usage.output_tokens, maxTokens),
		},
	};
}

/** Text loses its end; a block that cannot be cut goes as a whole. */
function dropEnd(content: ContentBlock[], tokens: number): ContentBlock[] {
	const kept = [...content];
	let dropTokens = tokens;
	while (dropTokens > 0) {
		const last = kept.pop();
		if (last === undefined) break;
		if (last.type !== "text") continue;
		const textTokens = toTokens(last.text);
		if (textTokens > dropTokens) {
			const length = (textTokens - dropTokens) * charactersPerToken;
			kept.push({ ...last, text: toWhole(last.text.slice(0, length)) });
		}
		dropTokens -= textTokens;
	}
	return kept;
}

/** Text that was cut anywhere, without half a surrogate pair at its end. */
export function toWhole(text: string): string {
	return text.replace(/[\uD800-\uDBFF]$/, "");
}
