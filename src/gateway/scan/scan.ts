/**
 * A strict, resumable scan of a JSON request body. It checks the grammar, builds no document, and finds the members of
 * the table (table.ts) with their values and places.
 *
 * Whatever two parsers could read in two ways is refused, so that what we judge is what upstream will see: a governed
 * name twice in one object, bytes after the object, bytes that are not UTF-8, NaN. Left to upstream are bad
 * escapes and control characters in other names and strings: no reading of them changes a governed member, and looking
 * for the characters alone would take an eighth more time.
 */

import { Buffer } from "node:buffer";
import { checkUtf8 } from "./bytes.ts";
import type { Item, Scan } from "./finding.ts";
import { toCall } from "./finding.ts";
import { holdOver } from "./keep.ts";
import { shapes } from "./shape.ts";
import { malformed, noWords, openState, type State } from "./state.ts";
import { walk } from "./walk.ts";

export interface ScannerOptions {
	/** What the JSON is: a request (`body`, the default), or what upstream returns: a batch, a page of a list, or what a model or an agent did. */
	root?: "body" | "reply" | "page" | "answer" | undefined;
	/** Receives the requests of a batch one by one, within `push`; what it throws, `push` throws. */
	onItem?: ((item: Item) => void) | undefined;
	/** Names that the table cuts elsewhere and that this endpoint knows: they stay (`user` in chat completions). */
	native?: readonly string[] | undefined;
}

export interface Scanner {
	/**
	 * The next bytes, cut anywhere; they may be reused afterwards. Throws GatewayError `malformed_request`; after that
	 * the scanner is spent, and using it is a mistake (Error).
	 */
	push(chunk: Uint8Array): void;
	/** Throws `malformed_request` if the body is empty or not complete. */
	end(): Scan;
}

/** Scans a body that is in memory whole. Throws GatewayError `malformed_request`. */
export function scanBody(bytes: Uint8Array, options?: ScannerOptions): Scan {
	const s = toState(options);
	push(s, bytes);
	return end(s);
}

const toState = (options: ScannerOptions = {}): State =>
	openState({
		root: shapes[options.root ?? "body"],
		onItem: options.onItem,
		native: options.native ?? nothingNative,
	});

const nothingNative: readonly string[] = [];

export function openScanner(options?: ScannerOptions): Scanner {
	const s = toState(options);
	let spent = false;
	const spend = () => {
		if (spent) throw new Error("this scanner has refused or ended its body");
		spent = true;
	};
	return {
		push(chunk) {
			spend();
			push(s, chunk);
			spent = false;
		},
		end() {
			spend();
			return end(s);
		},
	};
}

function push(s: State, chunk: Uint8Array) {
	if (chunk.length === 0) return;
	const tail = checkUtf8(s.utf8Tail, chunk);
	if (tail === undefined) throw notUtf8();
	s.utf8Tail = tail;
	const { length } = chunk;
	const bytes = toBuffer(chunk);
	s.words = length < wordsFromBytes ? noWords : toWords(chunk);
	s.skip = walk(s, bytes) - length;
	holdOver(s, bytes);
	s.base += length;
}

/**
 * Smaller chunks are searched byte by byte: what a second view of their bytes would save there, its making costs.
 */
const wordsFromBytes = 1024;

const toBuffer = (chunk: Uint8Array): Buffer =>
	Buffer.isBuffer(chunk)
		? chunk
		: Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);

const toWords = (chunk: Uint8Array): DataView =>
	new DataView(chunk.buffer, chunk.byteOffset, chunk.length);

const notUtf8 = () =>
	malformed("The request body is not UTF-8. Send JSON in UTF-8.");

function end(s: State): Scan {
	if (s.utf8Tail.length > 0) throw notUtf8();
	if (s.want === "body") {
		throw malformed("The request body is empty. Send a JSON object.");
	}
	if (s.want !== "nothing") {
		throw malformed("The request body ends before its JSON object does.");
	}
	const { model, stream, maxTokens, findings } = toCall(s.findings);
	const { base: bytes, cuts, items, namesObjects } = s;
	return {
		model,
		stream,
		maxTokens,
		findings,
		bytes,
		cuts,
		items,
		namesObjects,
	};
}
