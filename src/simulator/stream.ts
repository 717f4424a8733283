import type { BetaContentBlock, CompactionBlock } from "./content-shapes.ts";
import type { SseEvent } from "./reply.ts";
import type { BetaMessage, Message } from "./shapes.ts";
import type {
	BetaDelta,
	BetaMessageDelta,
	BetaStreamEvent,
	BlockEvent,
	Delta,
	MessageDelta,
	Ping,
	StreamEvent,
} from "./stream-shapes.ts";
import { toBetaDeltaUsage, toDeltaUsage } from "./usage.ts";

const charactersPerDelta = 24;

export interface StreamOptions<Usage> {
	/** What `message_start` says was used. */
	startUsage: Usage;
	/** So many deltas for the first text, empty ones at the end if the text is too short. */
	textDeltas?: number | undefined;
}

/** The events that add up to the message. */
export function* toStreamEvents(
	message: Message,
	{ startUsage, textDeltas }: StreamOptions<Message["usage"]>,
): Generator<StreamEvent | Ping> {
	const end = toMessageDelta(message);
	yield { type: "message_start", message: toStart(message, startUsage) };
	yield* toBlockEvents(message.content, {
		toDeltas: (block, count) => toDeltas(block, count),
		textDeltas,
		end,
	});
	yield end;
	yield { type: "message_stop" };
}

/** The same in the beta shape. */
export function* toBetaStreamEvents(
	message: BetaMessage,
	{ startUsage, textDeltas }: StreamOptions<BetaMessage["usage"]>,
): Generator<BetaStreamEvent | Ping> {
	const end = toBetaMessageDelta(message);
	yield { type: "message_start", message: toStart(message, startUsage) };
	yield* toBlockEvents(message.content, {
		toDeltas: toBetaDeltas,
		textDeltas,
		end,
	});
	yield end;
	yield { type: "message_stop" };
}

const unfinished = {
	stop_reason: null,
	stop_sequence: null,
	stop_details: null,
	container: null,
};

function toStart<Shape extends Message | BetaMessage>(
	message: Shape,
	usage: Shape["usage"],
): Shape {
	return Object.assign({}, message, unfinished, { content: [], usage });
}

function toMessageDelta(message: Message): MessageDelta {
	const { stop_reason, stop_sequence, stop_details, container } = message;
	return {
		type: "message_delta",
		delta: { stop_reason, stop_sequence, stop_details, container },
		usage: toDeltaUsage(message.usage),
	};
}

function toBetaMessageDelta(message: BetaMessage): BetaMessageDelta {
	const { stop_reason, stop_sequence, stop_details, container } = message;
	return {
		type: "message_delta",
		delta: { stop_reason, stop_sequence, stop_details, container },
		usage: toBetaDeltaUsage(message.usage),
		context_management: message.context_management,
	};
}

type AnyMessageDelta = Pick<MessageDelta, "type" | "usage">;

interface BlockOptions<Block, DeltaShape, End> {
	toDeltas(block: Block, count: number | undefined): Iterable<DeltaShape>;
	textDeltas: number | undefined;
	end: End;
}

function* toBlockEvents<
	Block extends BetaContentBlock,
	DeltaShape,
	End extends AnyMessageDelta,
>(
	content: readonly Block[],
	options: BlockOptions<Block, DeltaShape, End>,
): Generator<BlockEvent<Block, DeltaShape> | End | Ping> {
	let { textDeltas } = options;
	for (const [index, block] of content.entries()) {
		const content_block = toEmpty(block);
		yield { type: "content_block_start", index, content_block };
		if (index === 0) yield { type: "ping" };
		for (const delta of options.toDeltas(block, textDeltas)) {
			yield { type: "content_block_delta", index, delta };
		}
		if (block.type === "text") textDeltas = undefined;
		yield { type: "content_block_stop", index };
		if (block.type === "web_search_tool_result") yield toProgress(options.end);
	}
}

/** Server tools make the input grow: a running total goes out before the last one. */
function toProgress<End extends AnyMessageDelta>(end: End): End {
	return Object.assign({}, end, {
		delta: unfinished,
		usage: { ...end.usage, output_tokens: 1, output_tokens_details: null },
	});
}

/** Blocks with deltas start empty; all others arrive whole. */
function toEmpty<Block extends BetaContentBlock>(block: Block): Block {
	switch (block.type) {
		case "text":
			return Object.assign({}, block, {
				text: "",
				citations: block.citations && [],
			});
		case "thinking":
			return Object.assign({}, block, { thinking: "", signature: "" });
		case "tool_use":
		case "server_tool_use":
			return Object.assign({}, block, { input: {} });
		case "compaction":
			return Object.assign({}, block, {
				content: null,
				encrypted_content: null,
			});
		default:
			return block;
	}
}

function* toBetaDeltas(
	block: BetaContentBlock,
	textDeltas: number | undefined,
): Generator<BetaDelta> {
	if (block.type === "compaction") {
		const { content, encrypted_content } = block;
		yield { type: "compaction_delta", content, encrypted_content };
		return;
	}
	for (const delta of toDeltas(block, textDeltas)) {
		yield delta.type === "thinking_delta"
			? { ...delta, estimated_tokens: null }
			: delta;
	}
}

function* toDeltas(
	block: Exclude<BetaContentBlock, CompactionBlock>,
	textDeltas: number | undefined,
): Generator<Delta> {
	switch (block.type) {
		case "text":
			for (const text of toPieces(block.text, textDeltas)) {
				yield { type: "text_delta", text };
			}
			for (const citation of block.citations ?? []) {
				yield { type: "citations_delta", citation };
			}
			break;
		case "thinking":
			for (const thinking of toPieces(block.thinking)) {
				yield { type: "thinking_delta", thinking };
			}
			yield { type: "signature_delta", signature: block.signature };
			break;
		case "tool_use":
		case "server_tool_use":
			yield { type: "input_json_delta", partial_json: "" };
			for (const partial_json of toPieces(JSON.stringify(block.input))) {
				yield { type: "input_json_delta", partial_json };
			}
			break;
	}
}

/** Cuts between code points, into `count` pieces if that is given. */
function* toPieces(text: string, count?: number): Generator<string> {
	const points = Array.from(text);
	const size =
		count === undefined
			? charactersPerDelta
			: Math.max(1, Math.floor(points.length / count));
	const pieces = count ?? Math.ceil(points.length / size);
	for (let at = 0; at < pieces; at++) {
		const end = at === pieces - 1 ? points.length : (at + 1) * size;
		yield points.slice(at * size, end).join("");
	}
}

export function* toSseEvents(
	events: Iterable<{ type: string }>,
): Generator<SseEvent> {
	for (const event of events) {
		yield { name: event.type, data: JSON.stringify(event) };
	}
}
