/** The grammar of JSON (RFC 8259) as a walk over one chunk that stops and resumes at any byte. */

import { beginValue, endValue, hold } from "./scan-keep.ts";
import {
	endOfString,
	isWholeScalar,
	moveScalar,
	quote,
	startScalar,
} from "./scan-lexis.ts";
import {
	beginItem,
	beginMember,
	endItem,
	endMember,
	findHeld,
} from "./scan-members.ts";
import {
	findMember,
	type Member,
	type Shape,
	shapes,
} from "./scan-shape.ts";
import {
	type Frame,
	malformed,
	maxDepth,
	openFrame,
	type State,
	unexpectedByte,
} from "./scan-state.ts";

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

/** Judges a chunk; returns how far it came, which may be one byte beyond the chunk (see endOfString). */
export function walk(s: State, bytes: Uint8Array): number {
	let i = s.skip;
	if (i < bytes.length) i = resume(s, bytes, i);
	while (i < bytes.length) {
		i = isSpace(bytes[i] as number) ? i + 1 : token(s, bytes, i);
	}
	return i;
}

function resume(s: State, bytes: Uint8Array, i: number): number {
	switch (s.want) {
		case "restOfName":
			return restOfName(s, bytes, i);
		case "restOfString":
			return string(s, bytes, i);
		case "restOfScalar":
			return scalar(s, bytes, i);
		default:
			return i;
	}
}

// The walk's functions take the index of the byte to judge and return the index after what they judged.

function token(s: State, bytes: Uint8Array, i: number): number {
	const byte = bytes[i] as number;
	switch (s.want) {
		case "comma":
			return byte === comma ? next(s, i) : close(s, bytes, i);
		case "firstName":
			return byte === closeObject ? close(s, bytes, i) : name(s, bytes, i);
		case "name":
			return name(s, bytes, i);
		case "colon":
			if (byte !== colon) throw unexpectedByte(s.base + i);
			s.want = "value";
			return i + 1;
		case "firstValue":
			return byte === closeArray ? close(s, bytes, i) : value(s, bytes, i);
		case "value":
			return value(s, bytes, i);
		case "body":
			if (byte !== openObject) throw notAnObject(byte);
			return value(s, bytes, i);
		default:
			throw malformed(
				`The request body goes on after its JSON object (byte offset ${s.base + i}). Send one object.`,
			);
	}
}

const notAnObject = (byte: number) =>
	malformed(
		byte === 0xef
			? "The request body begins with a byte order mark. Send JSON in UTF-8 without one."
			: "The request body is not a JSON object. Send one, in UTF-8.",
	);

/** A comma. */
function next(s: State, i: number): number {
	if (s.frame.array) {
		s.member = s.frame.element;
		s.want = "value";
	} else {
		s.want = "name";
		if (s.depth === 1) endMember(s, s.base + i);
	}
	return i + 1;
}

function name(s: State, bytes: Uint8Array, from: number): number {
	if (bytes[from] !== quote) throw unexpectedByte(s.base + from);
	s.nameStart = s.base + from;
	for (let i = from + 1; i < bytes.length; i++) {
		const byte = bytes[i];
		if (byte === quote) {
			s.want = "colon";
			beginMember(s, findMember(s.frame.shape, bytes, from + 1, i));
			return i + 1;
		}
		if (byte === backslash) break;
	}
	if (s.frame.shape.lengths !== 0) hold(s, s.nameStart, undefined);
	return restOfName(s, bytes, from + 1);
}

/** A name with escapes, or one that the chunk's end has cut in two. */
function restOfName(s: State, bytes: Uint8Array, from: number): number {
	const end = endOfString(bytes, from);
	if (end >= bytes.length) {
		s.want = "restOfName";
		return end;
	}
	s.want = "colon";
	beginMember(s, findHeld(s, bytes, end + 1));
	return end + 1;
}

function value(s: State, bytes: Uint8Array, i: number): number {
	const byte = bytes[i] as number;
	if (s.member !== undefined) {
		s.valueStart = s.base + i;
		s.valueByte = byte;
		beginValue(s, s.member);
	}
	if (byte === quote) return string(s, bytes, i + 1);
	if (byte === openObject || byte === openArray)
		return open(s, byte === openArray, i);
	s.scalar = startScalar(byte);
	if (s.scalar === 0) throw unexpectedByte(s.base + i);
	return scalar(s, bytes, i + 1);
}

function string(s: State, bytes: Uint8Array, from: number): number {
	const end = endOfString(bytes, from);
	if (end >= bytes.length) {
		s.want = "restOfString";
		return end;
	}
	s.want = "comma";
	if (s.member !== undefined) endValue(s, s.member, bytes, end + 1);
	return end + 1;
}

function scalar(s: State, bytes: Uint8Array, from: number): number {
	let state = s.scalar;
	for (let i = from; i < bytes.length; i++) {
		const moved = moveScalar(state, bytes[i] as number);
		if (moved !== 0) {
			state = moved;
			continue;
		}
		if (!isWholeScalar(state)) throw unexpectedByte(s.base + i);
		s.want = "comma";
		if (s.member !== undefined) endValue(s, s.member, bytes, i);
		return i;
	}
	s.scalar = state;
	s.want = "restOfScalar";
	return bytes.length;
}

function open(s: State, array: boolean, i: number): number {
	if (s.depth === maxDepth) {
		throw malformed(
			`The request body is nested deeper than ${maxDepth} levels.`,
		);
	}
	const owner = s.member;
	const shape = toShape(s, owner);
	s.depth++;
	const frame = s.frames[s.depth] ?? openFrame();
	s.frames[s.depth] = frame;
	frame.array = array;
	frame.owner = owner;
	frame.element = owner?.into && owner;
	frame.shape = shape;
	frame.start = s.base + i;
	frame.seen = 0;
	s.frame = frame;
	s.member = frame.element;
	s.want = array ? "firstValue" : "firstName";
	if (!array && frame.shape === shapes.item) beginItem(s);
	return i + 1;
}

function toShape(s: State, owner: Member | undefined): Shape {
	if (owner?.into !== undefined) return owner.into;
	if (s.depth === 0) return s.root;
	if (owner?.keep === "json") return shapes.opaque;
	return s.frame.shape === shapes.opaque ? shapes.opaque : shapes.elsewhere;
}

function close(s: State, bytes: Uint8Array, i: number): number {
	const { frame } = s;
	if (bytes[i] !== (frame.array ? closeArray : closeObject))
		throw unexpectedByte(s.base + i);
	s.depth--;
	s.frame = s.frames[s.depth] as Frame;
	s.want = s.depth === 0 ? "nothing" : "comma";
	if (frame.shape === shapes.item && !frame.array)
		endItem(s, frame.start, s.base + i + 1);
	if (frame.owner?.keep !== undefined) {
		s.valueStart = frame.start;
		s.valueByte = frame.array ? openArray : openObject;
		endValue(s, frame.owner, bytes, i + 1);
	}
	return i + 1;
}
