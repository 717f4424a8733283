/** A request body that is in memory whole. */

import { joinBytes } from "./scan/bytes.ts";
import type { Cut } from "./scan/finding.ts";

/** Bytes of a body that others take the place of; none: they go. */
export interface Splice extends Cut {
	readonly by?: Uint8Array;
}

/** The body with other bytes in those places, which are in order; the same array if there are none. All others stay. */
export function splice<Bytes extends Uint8Array>(
	bytes: Bytes,
	places: readonly Splice[],
): Bytes | Uint8Array<ArrayBuffer> {
	if (places.length === 0) return bytes;
	const pieces: Uint8Array[] = [];
	let from = 0;
	for (const { start, end, by } of places) {
		pieces.push(bytes.subarray(from, start));
		if (by !== undefined) pieces.push(by);
		from = end;
	}
	return joinBytes([...pieces, bytes.subarray(from)]);
}
