/**
 * Deltas of content: of two hundred events in a stream, all but six. They are told by their first bytes, and their text is
 * counted where it lies; only one that is laid out otherwise than upstream does it is parsed.
 */

import { decode, readEvent } from "./event.ts";
import { parseJson, toObject } from "./json.ts";
import { headBytes, isLineEnd } from "./sse.ts";

export interface Tally {
	/** Of what the model wrote. */
	outputBytes: number;
	/** Upstream has counted all of it. */
	isCurrent: boolean;
}

const encode = (text: string) => new TextEncoder().encode(text);

const nameLine = encode("event: content_block_delta");
const dataLine = encode('data: {"type":"content_block_delta"');
const beforeIndex = dataLine.length + ',"index":'.length;
const beforeType = ',"delta":{"type":"'.length;

const letterE = 0x65;
const letterD = 0x64;
const lf = 0x0a;
const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

function startsWith(bytes: Uint8Array, start: number, wanted: Uint8Array) {
	for (let i = 0; i < wanted.length; i++) {
		if (bytes[start + i] !== wanted[i]) return false;
	}
	return true;
}

/** Whether the event at `start` is a delta of content; false also for one of which too little is there. */
export function isDelta(bytes: Uint8Array, start: number): boolean {
	switch (bytes[start]) {
		case letterE:
			return (
				startsWith(bytes, start, nameLine) &&
				isLineEnd(bytes[start + nameLine.length])
			);
		case letterD:
			return startsWith(bytes, start, dataLine);
		default:
			return false;
	}
}

/** Types of deltas with the member that holds what the model wrote. Signatures and citations are no output of their own. */
const members: ReadonlyMap<unknown, string> = new Map([
	["text_delta", "text"],
	["thinking_delta", "thinking"],
	["input_json_delta", "partial_json"],
	["compaction_delta", "content"],
]);

/** By the first two letters of a type: bytes from there to the text, as in `text_delta","text":"`. */
const offsets = compileOffsets();

function compileOffsets(): Uint8Array {
	const compiled = new Uint8Array(0x10000);
	for (const type of ["text_delta", "thinking_delta", "input_json_delta"]) {
		const letters = (type.charCodeAt(0) << 8) | type.charCodeAt(1);
		compiled[letters] = `${type}","${members.get(type)}":"`.length;
	}
	return compiled;
}

/**
 * Counts the deltas that follow each other from `start` on, as long as they have one line of data, are short, and lie whole
 * in the chunk, which must have no CR. Returns where they end.
 */
export function skimDeltas(
	tally: Tally,
	chunk: Uint8Array,
	start: number,
): number {
	let end = start;
	while (isDelta(chunk, end)) {
		// the head has no line end but that of its name
		const dataEnd = chunk.indexOf(lf, end + nameLine.length + 1);
		if (dataEnd < 0 || chunk[dataEnd + 1] !== lf) break;
		const next = dataEnd + 2;
		if (next - end > headBytes) break;
		tally.outputBytes += countDelta(chunk, end, next, next - end);
		tally.isCurrent = false;
		end = next;
	}
	return end;
}

/** Bytes of output in the delta in bytes[start, end), which had `length` bytes if it is not all here. An escape counts as one. */
export function countDelta(
	bytes: Uint8Array,
	start: number,
	end: number,
	length: number,
): number {
	const at = findText(bytes, start);
	if (at < 0) return parseDelta(bytes, start, end);
	let count = 0;
	for (let i = at; i < end; i++) {
		const byte = bytes[i];
		if (byte === quote) return count;
		if (byte === backslash) i++;
		count++;
	}
	return count + length - (end - start);
}

/** Where the text begins, if the event is laid out as upstream does it; -1 if not. */
function findText(bytes: Uint8Array, start: number): number {
	let at = start;
	if (bytes[at] === letterE) {
		at += nameLine.length + 1;
		if (bytes[at] === lf) at++;
	}
	at += beforeIndex;
	while (isDigit(bytes[at])) at++;
	at += beforeType;
	const letters = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
	const offset = offsets[letters] ?? 0;
	at += offset;
	const isThere =
		offset > 0 && bytes[at - 1] === quote && bytes[at - 2] === colon;
	return isThere ? at : -1;
}

const isDigit = (byte = 0) => byte >= 0x30 && byte <= 0x39;

function parseDelta(bytes: Uint8Array, start: number, end: number): number {
	const { data } = readEvent(decode(bytes, start, end));
	const delta = toObject(toObject(parseJson(data))?.delta) ?? {};
	const text = delta[members.get(delta.type) ?? ""];
	return typeof text === "string" ? encode(text).length : 0;
}
