/** The grammar of JSON (RFC 8259) as a walk over one chunk that stops and resumes at any byte. */

import type { Buffer } from "node:buffer";
import { beginValue, endValue, hold } from "./keep.ts";
import {
	endOfString,
	isWholeScalar,
	moveScalar,
	quote,
	startScalar,
} from "./lexis.ts";
import {
	beginItem,
	beginMember,
	endItem,
	endMember,
	findHeld,
	toShape,
} from "./members.ts";
import { findMember, shapes } from "./shape.ts";
import {
	type Frame,
	malformed,
	maxDepth,
	openFrame,
	type State,
	unexpectedByte,
	type Want,
} from "./state.ts";

const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openArray = 0x5b;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

const isSpace = (byte: number) =>
	byte <= 0x20 &&
	(byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);

/**
 * Judges a chunk; returns how far it came, which may be one byte beyond the chunk (see endOfString).
 *
 * The switch stands in the loop, and what may come next in a variable of it: a function of its own and a field cost
 * half as much again for a body of small values (Bun 1.4.5).
 */
export function walk(s: State, bytes: Buffer): number {
	let i = resume(s, bytes);
	let want = s.want;
	while (i < bytes.length) {
		const byte = bytes[i] as number;
		if (isSpace(byte)) {
			i++;
			continue;
		}
		switch (want) {
			case "comma":
				want = byte === comma ? next(s, i) : close(s, bytes, i);
				i++;
				break;
			case "firstName":
			case "name":
				if (byte === quote) {
					i = name(s, bytes, i + 1);
					want = "colon";
					break;
				}
				if (want === "name") throw unexpectedByte(s.base + i);
				want = close(s, bytes, i);
				i++;
				break;
			case "colon":
				if (byte !== colon) throw unexpectedByte(s.base + i);
				want = "value";
				i++;
				break;
			case "firstValue":
			case "value":
				if (byte === closeArray && want === "firstValue") {
					want = close(s, bytes, i);
					i++;
					break;
				}
				if (s.member !== undefined) beginValue(s, s.member, byte, i);
				if (byte === openObject || byte === openArray) {
					want = open(s, byte, i);
					i++;
					break;
				}
				i = byte === quote ? string(s, bytes, i + 1) : scalar(s, bytes, i);
				want = "comma";
				break;
			default:
				want = outside(s, byte, i);
				i++;
		}
	}
	s.want = want;
	return i;
}

/** Ends the word in which the last chunk ended; returns where the grammar goes on. */
function resume(s: State, bytes: Buffer): number {
	const { rest } = s;
	s.rest = "nothing";
	switch (rest) {
		case "name":
			return restOfName(s, bytes, s.skip);
		case "string":
			return string(s, bytes, s.skip);
		case "scalar":
			return restOfScalar(s, bytes, s.skip);
		default:
			return s.skip;
	}
}

/** A byte before or after the body's object. */
function outside(s: State, byte: number, i: number): Want {
	if (s.frames.length > 1) {
		throw malformed(
			`The request body goes on after its JSON object (byte offset ${s.base + i}). Send one object.`,
		);
	}
	if (byte === openObject) return open(s, byte, i);
	throw malformed(
		byte === 0xef
			? "The request body begins with a byte order mark. Send JSON in UTF-8 without one."
			: "The request body is not a JSON object. Send one, in UTF-8.",
	);
}

/** The comma at i. */
function next(s: State, i: number): Want {
	if (s.frame.array) {
		s.member = s.frame.element;
		return "value";
	}
	if (s.depth === 1) endMember(s, s.base + i);
	return "name";
}

/** The name whose first byte is at `from`. This and the other words return where the grammar goes on. */
function name(s: State, bytes: Buffer, from: number): number {
	s.nameStart = s.base + from - 1;
	for (let i = from; i < bytes.length; i++) {
		const byte = bytes[i];
		if (byte === quote) {
			beginMember(s, findMember(s.frame.shape, bytes, from, i));
			return i + 1;
		}
		if (byte === backslash) break;
	}
	if (s.frame.shape.lengths !== 0) hold(s, s.nameStart, undefined);
	return restOfName(s, bytes, from);
}

/** A name with escapes, or one that the chunk's end has cut in two. */
function restOfName(s: State, bytes: Buffer, from: number): number {
	const end = endOfString(bytes, s.words, from);
	if (end >= bytes.length) {
		s.rest = "name";
		return end;
	}
	beginMember(s, findHeld(s, bytes, end + 1));
	return end + 1;
}

function string(s: State, bytes: Buffer, from: number): number {
	const end = endOfString(bytes, s.words, from);
	if (end >= bytes.length) {
		s.rest = "string";
		return end;
	}
	if (s.member !== undefined) endValue(s, s.member, bytes, end + 1);
	return end + 1;
}

function scalar(s: State, bytes: Buffer, from: number): number {
	s.scalar = startScalar(bytes[from] as number);
	if (s.scalar === 0) throw unexpectedByte(s.base + from);
	return restOfScalar(s, bytes, from + 1);
}

function restOfScalar(s: State, bytes: Buffer, from: number): number {
	let state = s.scalar;
	for (let i = from; i < bytes.length; i++) {
		const moved = moveScalar(state, bytes[i] as number);
		if (moved !== 0) {
			state = moved;
			continue;
		}
		if (!isWholeScalar(state)) throw unexpectedByte(s.base + i);
		if (s.member !== undefined) endValue(s, s.member, bytes, i);
		return i;
	}
	s.scalar = state;
	s.rest = "scalar";
	return bytes.length;
}

/** The bracket at i. */
function open(s: State, byte: number, i: number): Want {
	if (s.depth === maxDepth) {
		throw malformed(
			`The request body is nested deeper than ${maxDepth} levels. Send a flatter one.`,
		);
	}
	const array = byte === openArray;
	const owner = s.member;
	const shape = toShape(s, owner);
	s.depth++;
	const frame = s.frames[s.depth] ?? openFrame();
	s.frames[s.depth] = frame;
	frame.array = array;
	frame.shape = shape;
	frame.owner = owner;
	frame.element = owner?.into && owner;
	frame.start = s.base + i;
	frame.seen = 0;
	s.frame = frame;
	s.member = frame.element;
	if (array) return "firstValue";
	if (shape === shapes.item) beginItem(s);
	return "firstName";
}

/** What should be the closing bracket at i. */
function close(s: State, bytes: Buffer, i: number): Want {
	const { frame } = s;
	if (bytes[i] !== (frame.array ? closeArray : closeObject)) {
		throw unexpectedByte(s.base + i);
	}
	s.depth--;
	s.frame = s.frames[s.depth] as Frame;
	if (frame.shape === shapes.item && !frame.array) {
		endItem(s, frame.start, s.base + i + 1);
	}
	if (frame.owner?.keep !== undefined) {
		s.valueStart = frame.start;
		s.valueByte = frame.array ? openArray : openObject;
		endValue(s, frame.owner, bytes, i + 1);
	}
	return s.depth === 0 ? "nothing" : "comma";
}
