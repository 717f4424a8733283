/** Bytes that come in pieces. */

import { isUtf8 } from "node:buffer";

export const noBytes = new Uint8Array(0);

/** Bytes in the UTF-8 sequence that begins with this byte. */
const sequenceBytes = (lead: number) =>
	lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

function unfinishedBytes(chunk: Uint8Array, from: number): number {
	for (let back = 1; back <= 3 && chunk.length - back >= from; back++) {
		const byte = chunk[chunk.length - back] ?? 0;
		if (byte >= 0xc0) return sequenceBytes(byte) > back ? back : 0;
	}
	return 0;
}

/**
 * Checks a chunk whose predecessor ended within a character, after the bytes `tail`. Returns the tail of this chunk
 * (at most 3 bytes; empty at a character's end), or undefined if the bytes are not UTF-8.
 */
export function checkUtf8(
	tail: Uint8Array,
	chunk: Uint8Array,
): Uint8Array | undefined {
	let from = 0;
	if (tail.length > 0) {
		const wanted = sequenceBytes(tail[0] ?? 0);
		from = Math.min(wanted - tail.length, chunk.length);
		const character = joinBytes([tail, chunk.subarray(0, from)]);
		if (character.length < wanted) return character;
		if (!isUtf8(character)) return undefined;
	}
	const to = chunk.length - unfinishedBytes(chunk, from);
	if (from === 0 && to === chunk.length)
		return isUtf8(chunk) ? noBytes : undefined;
	return isUtf8(chunk.subarray(from, to))
		? copyBytes(chunk.subarray(to))
		: undefined;
}

/** A Buffer's `slice` would be a view of a chunk that may be reused. */
const copyBytes = (bytes: Uint8Array) => new Uint8Array(bytes);

/** One array of all of them. */
export function joinBytes(
	pieces: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
	const joined = new Uint8Array(
		pieces.reduce((sum, piece) => sum + piece.length, 0),
	);
	let at = 0;
	for (const piece of pieces) {
		joined.set(piece, at);
		at += piece.length;
	}
	return joined;
}
