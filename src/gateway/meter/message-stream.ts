/**
 * The stream of a Messages call. Nearly all of its events are deltas of content: they are recognised by their bytes and
 * only counted. The few that say what was used are parsed.
 */

import { countDelta, isDelta, skimDeltas } from "./delta.ts";
import { decode, readEvent, readEventSoFar } from "./event.ts";
import { parseJson } from "./json.ts";
import {
	isEnd,
	isWanted,
	type MessageState,
	openMessageState,
	take,
} from "./message-events.ts";
import { isLacking, toMessageUsage } from "./message-usage.ts";
import {
	emptyReading,
	estimateTokens,
	type Known,
	type Reading,
	type StreamMeter,
} from "./reading.ts";
import { findUsage, toRawRest } from "./rest.ts";

export function openMessageStream(): StreamMeter {
	const s = openMessageState();
	return {
		sink: {
			skim: (chunk, start) => skimDeltas(s, chunk, start),
			event(bytes, start, end, length) {
				if (isDelta(bytes, start)) {
					s.isCurrent = false;
					s.outputBytes += countDelta(bytes, start, end, length);
					return false;
				}
				return take(s, readEvent(decode(bytes, start, end)));
			},
			endsReply: (bytes, start, end) =>
				mayEndReply(bytes, start, end) &&
				isEnd(readEventSoFar(decode(bytes, start, end))),
			needsRest: (bytes, start, end) =>
				!isDelta(bytes, start) &&
				isWanted(readEventSoFar(decode(bytes, start, end))),
			cutOff(bytes, start, end) {
				const event = readEventSoFar(decode(bytes, start, end));
				if (parseJson(event.data) !== undefined) take(s, event);
			},
		},
		read: () => toReading(s),
	};
}

const letterE = 0x65;
const letterM = 0x6d;
const space = 0x20;

/** A quick look at the first letter of the name, in events that begin as all of upstream's do. */
function mayEndReply(bytes: Uint8Array, start: number, end: number): boolean {
	if (bytes[start] !== letterE) return !isDelta(bytes, start);
	const nameStart = start + "event: ".length;
	if (bytes[nameStart - 1] !== space) return true;
	const letter = nameStart < end ? bytes[nameStart] : undefined;
	return letter === letterE || letter === letterM;
}

function toReading(s: MessageState): Reading {
	const raw = s.usage ?? {};
	const { usage, malformed, rest } = toMessageUsage(raw, s);
	const known = toKnown(s);
	const isMalformed =
		s.malformed ||
		malformed ||
		(s.stopped && known !== "all") ||
		(known === "all" && isLacking(raw));
	const reported = s.reportedOutput + estimateTokens(s.outputBytes);
	return {
		...emptyReading,
		usage,
		known,
		malformed: isMalformed,
		outputEstimate: Math.max(usage.output, reported),
		thinks: s.thinks || usage.thinking > 0,
		messageId: s.messageId,
		containerId: s.containerId,
		errorType: s.errorType,
		usageRest: isMalformed
			? toRawRest([findUsage(s.startText), findUsage(s.deltaText)])
			: rest,
	};
}

/** Totals with content behind them are not the last. */
function toKnown(s: MessageState): Known {
	if (s.usage === null) return "nothing";
	const isLast = s.isCurrent && (s.stopped || s.stopReason !== null);
	return isLast ? "all" : "input";
}
