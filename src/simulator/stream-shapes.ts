import type {
	BetaContentBlock,
	ContentBlock,
	WebSearchCitation,
} from "./content-shapes.ts";
import type {
	BetaMessage,
	BetaStopDetails,
	Container,
	Message,
	StopDetails,
	StopReason,
} from "./shapes.ts";
import type { BetaDeltaUsage, DeltaUsage } from "./usage-shapes.ts";

export type Delta =
	| { type: "text_delta"; text: string }
	| { type: "input_json_delta"; partial_json: string }
	| { type: "citations_delta"; citation: WebSearchCitation }
	| { type: "thinking_delta"; thinking: string }
	| { type: "signature_delta"; signature: string };

export type BetaDelta =
	| Exclude<Delta, { type: "thinking_delta" }>
	| { type: "thinking_delta"; thinking: string; estimated_tokens: null }
	| {
			type: "compaction_delta";
			content: string | null;
			encrypted_content: string | null;
	  };

interface StopDelta<Reason, Details> {
	stop_reason: Reason | null;
	stop_sequence: string | null;
	stop_details: Details | null;
	container: Container | null;
}

/** What both shapes of a stream have in common. */
type EventOf<MessageShape, Block, DeltaShape> =
	| { type: "message_start"; message: MessageShape }
	| BlockEvent<Block, DeltaShape>
	| { type: "message_stop" };

export type BlockEvent<Block, DeltaShape> =
	| { type: "content_block_start"; index: number; content_block: Block }
	| { type: "content_block_delta"; index: number; delta: DeltaShape }
	| { type: "content_block_stop"; index: number };

export interface MessageDelta {
	type: "message_delta";
	delta: StopDelta<StopReason, StopDetails>;
	usage: DeltaUsage;
}

export interface BetaMessageDelta {
	type: "message_delta";
	delta: StopDelta<StopReason | "compaction", BetaStopDetails>;
	usage: BetaDeltaUsage;
	context_management: { applied_edits: never[] } | null;
}

/** Events of a stream, `ping` and `error` aside (the SDKs' types leave those out as well). */
export type StreamEvent = EventOf<Message, ContentBlock, Delta> | MessageDelta;

export type BetaStreamEvent =
	| EventOf<BetaMessage, BetaContentBlock, BetaDelta>
	| BetaMessageDelta;

export interface Ping {
	type: "ping";
}
