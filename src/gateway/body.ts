/** A request body that is in memory whole. */

import { openScanner, type ScannerOptions } from "./scan.ts";
import { joinBytes } from "./scan-bytes.ts";
import type { Cut, Scan } from "./scan-finding.ts";

/** Throws GatewayError `malformed_request`. */
export function scanBody(bytes: Uint8Array, options?: ScannerOptions): Scan {
	const scanner = openScanner(options);
	scanner.push(bytes);
	return scanner.end();
}

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
