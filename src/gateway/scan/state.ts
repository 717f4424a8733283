/** What the scanner remembers between two bytes, and how it refuses. */

import { GatewayError } from "../../domain/error.ts";
import { noBytes } from "./bytes.ts";
import type { Cut, Finding, Item } from "./finding.ts";
import type { ScalarState } from "./lexis.ts";
import { type Member, type Shape, shapes } from "./shape.ts";

/** Levels of nesting. */
export const maxDepth = 128;
/** Of one governed value, with its quotes or brackets. */
export const maxKeptBytes = 64 * 1024;
/** In one call: upstream takes 600 images, of three findings each. */
export const maxFindings = 10_000;
/** Requests in one batch: upstream's own limit. */
export const maxItems = 100_000;

/** What may come next. */
export type Want =
	| "body"
	| "value"
	| "firstValue"
	| "name"
	| "firstName"
	| "colon"
	| "comma"
	| "nothing";

/** An open object or array. */
export interface Frame {
	array: boolean;
	shape: Shape;
	/** The member whose value it is. */
	owner: Member | undefined;
	/** The member as which an array's values are judged. */
	element: Member | undefined;
	/** Offset of its opening bracket. */
	start: number;
	/** Bits of the members that it has had. */
	seen: number;
}

export interface State {
	want: Want;
	/** In which word the last chunk ended; what is wanted, is wanted after that word. */
	rest: "name" | "string" | "scalar" | "nothing";
	/** Offset of the chunk's first byte in the body. */
	base: number;
	/** The chunk, for reading four bytes at once, or `noWords`. */
	words: DataView;
	/** Bytes of the next chunk that are judged already: 1 after a dangling backslash. */
	skip: number;
	/** The character that the last chunk left unfinished. */
	utf8Tail: Uint8Array;
	depth: number;
	frame: Frame;
	/** By depth; reused, so that a body of a thousand objects makes a dozen. */
	readonly frames: Frame[];
	/** The member whose value comes next. */
	member: Member | undefined;
	nameStart: number;
	/** Of a governed value: its offset, and its first byte, which tells the type. */
	valueStart: number;
	valueByte: number;
	scalar: ScalarState;
	/** Offset of the first byte that must outlive its chunk, or -1. */
	hold: number;
	/** The member whose value is held; undefined: a name is. */
	holder: Member | undefined;
	/** Held bytes of earlier chunks. */
	held: Uint8Array;
	heldBytes: number;
	/** At the top level: offset of the last comma, whether a member that stays came before it, … */
	comma: number;
	stays: boolean;
	/** … whether the current member is cut, and from where. */
	cutting: boolean;
	cutStart: number;
	readonly cuts: (Cut & { end: number })[];
	findings: Finding[];
	/** While a batch item is read: the findings outside it. */
	outside: Finding[];
	items: number;
	namesObjects: boolean;
	readonly root: Shape;
	readonly onItem: ((item: Item) => void) | undefined;
	/** Names that the table cuts and this endpoint knows: they stay. */
	readonly native: readonly string[];
}

/** Of a chunk that is searched byte by byte. */
export const noWords = new DataView(new ArrayBuffer(0));

export const openFrame = (): Frame => ({
	array: true,
	shape: shapes.elsewhere,
	owner: undefined,
	element: undefined,
	start: 0,
	seen: 0,
});

export function openState(
	options: Pick<State, "root" | "onItem" | "native">,
): State {
	const frame = openFrame();
	return {
		want: "body",
		rest: "nothing",
		base: 0,
		words: noWords,
		skip: 0,
		utf8Tail: noBytes,
		depth: 0,
		frame,
		frames: [frame],
		member: undefined,
		nameStart: 0,
		valueStart: 0,
		valueByte: 0,
		scalar: 0,
		hold: -1,
		holder: undefined,
		held: noBytes,
		heldBytes: 0,
		comma: -1,
		stays: false,
		cutting: false,
		cutStart: 0,
		cuts: [],
		findings: [],
		outside: [],
		items: 0,
		namesObjects: false,
		root: options.root,
		onItem: options.onItem,
		native: options.native,
	};
}

/** Sentences name members of our own table and offsets, never what the body says. */
export const malformed = (sentence: string, cause?: unknown) =>
	new GatewayError("malformed_request", sentence, { cause });

export const unexpectedByte = (offset: number) =>
	malformed(
		`The request body is not valid JSON: unexpected byte at offset ${offset}. Send one JSON object in UTF-8.`,
	);
