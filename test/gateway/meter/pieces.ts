import type { Meter } from "../../../src/gateway/meter/meter.ts";

export const encode = (text: string) => new TextEncoder().encode(text);

/** The bytes cut before these places, given in any order. */
export function cutAt(
	bytes: Uint8Array,
	places: readonly number[],
): Uint8Array[] {
	const ends = places
		.map((place) => place % (bytes.length + 1))
		.sort((a, b) => a - b);
	return [...ends, bytes.length].map((end, i) =>
		bytes.subarray(ends[i - 1] ?? 0, end),
	);
}

export interface Passage {
	/** Bytes that `push` let through at once. */
	handedOn: number;
	/** Pieces after which the meter had seen the end of the reply. */
	overAfter: number | null;
}

/** Pushes the pieces through one buffer that is overwritten every time, as a socket's may be; fails if the meter changed it. */
export function feed(meter: Meter, pieces: readonly Uint8Array[]): Passage {
	const buffer = Buffer.alloc(Math.max(1, ...pieces.map((p) => p.length)));
	let handedOn = 0;
	let overAfter: number | null = null;
	for (const [index, piece] of pieces.entries()) {
		buffer.fill(0x58).set(piece);
		const chunk = buffer.subarray(0, piece.length);
		const free = meter.push(chunk);
		if (!chunk.equals(piece)) throw new Error("the meter changed a byte");
		if (free < 0 || free > piece.length)
			throw new Error(`${free} of ${piece.length} bytes`);
		if (handedOn > 0 && free > 0 && overAfter !== null)
			throw new Error("bytes behind the end went on");
		handedOn += free;
		if (overAfter === null && meter.isOver()) overAfter = index + 1;
	}
	return { handedOn, overAfter };
}
