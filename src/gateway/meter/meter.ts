/**
 * What a call used, by its reply. Nothing here changes a byte, throws because of what upstream sent, or waits.
 */

import { openChatStream } from "./chat-stream.ts";
import { toChatReading } from "./chat-usage.ts";
import type { JsonObject } from "./json.ts";
import { openMessageStream } from "./message-stream.ts";
import { toMessageReading } from "./message-usage.ts";
import type { Reading, StreamMeter } from "./reading.ts";
import { openSessionStream } from "./session-stream.ts";
import { toSessionReading } from "./session-usage.ts";
import { openEventReader } from "./sse.ts";
import { type ReplyFacts, readParsed, readWhole } from "./whole.ts";

interface Family {
	readonly openStream: () => StreamMeter;
	readonly toReading: (facts: ReplyFacts) => Reading;
}

/** Replies that say what was used, by their form. */
const families = {
	/** `/v1/messages` */
	messages: { openStream: openMessageStream, toReading: toMessageReading },
	/** `/v1/chat/completions` */
	chat_completions: { openStream: openChatStream, toReading: toChatReading },
	/** `/v1/sessions/{id}`, and the stream of its events. */
	session: { openStream: openSessionStream, toReading: toSessionReading },
} as const satisfies Record<string, Family>;

export type MeterKind = keyof typeof families;

/** For an event stream. */
export interface Meter {
	/**
	 * The next bytes, cut anywhere; they may be reused afterwards. Returns how many of them may be handed on at once. The
	 * others, and all that follow, are held until the call is on the ledger: they begin with the event that ends the reply
	 * (`message_stop`, `error`, `[DONE]`), or with as much of it as this chunk has.
	 *
	 * That event is recognised as soon as its `event` line is complete, or, where it has none yet, its `data` begins with
	 * its type. If a chunk ends before that, the beginning has gone: its data has not gone whole, and its blank line never.
	 */
	push(chunk: Uint8Array): number;
	/** The event that ends the reply has come whole: nothing behind it changes the reading. */
	isOver(): boolean;
	/** No more bytes come, however that came about. */
	end(): void;
	/** What is known by now. */
	result(): Reading;
}

export function openMeter(kind: MeterKind): Meter {
	const { sink, read } = families[kind].openStream();
	return { ...openEventReader(sink), result: read };
}

/** For a reply that is in memory whole, an error included. */
export const meterWhole = (bytes: Uint8Array, kind: MeterKind): Reading =>
	families[kind].toReading(readWhole(bytes));

/** For a message that was parsed as a part of something larger: a line of a batch's results. */
export const meterParsed = (message: JsonObject): Reading =>
	toMessageReading(
		readParsed(message, () => JSON.stringify(message.usage ?? null)),
	);
