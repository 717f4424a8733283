/** A request body that is in memory whole. */

import { joinBytes } from "./scan/bytes.ts";
import type { Cut } from "./scan/finding.ts";

/** The body without the members that are for us; the same array if it has none. All other bytes stay as they are. */
export function cut<Bytes extends Uint8Array>(
	bytes: Bytes,
	scan: { readonly cuts: readonly Cut[] },
): Bytes | Uint8Array<ArrayBuffer> {
	if (scan.cuts.length === 0) return bytes;
	const pieces: Uint8Array[] = [];
	let from = 0;
	for (const { start, end } of scan.cuts) {
		pieces.push(bytes.subarray(from, start));
		from = end;
	}
	return joinBytes([...pieces, bytes.subarray(from)]);
}
