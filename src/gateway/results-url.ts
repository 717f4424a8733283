/** The addresses in batch objects, which would lead the client past us. */

import { GatewayError } from "../domain/error.ts";
import { joinBytes } from "./scan/bytes.ts";
import { type Finding, findingsOf } from "./scan/finding.ts";
import { openScanner } from "./scan/scan.ts";

export interface ResultsUrlOptions {
	/** Where upstream may say that it is: scheme and host, and a base path if it has one. */
	readonly upstreamOrigins: readonly string[];
	/** Where the client finds the same paths at our address. */
	readonly publicBase: string;
}

/**
 * Replaces the beginning of each `results_url` of a batch, or of the batches in `data`, by `publicBase`. All other bytes
 * stay as they are; the same array comes back if nothing matched, or if the bytes are not one JSON object.
 */
export function rewriteResultsUrl<Bytes extends Uint8Array>(
	bytes: Bytes,
	options: ResultsUrlOptions,
): Bytes | Uint8Array<ArrayBuffer> {
	const base = encode(
		JSON.stringify(withoutSlash(options.publicBase)).slice(1, -1),
	);
	const pieces: Uint8Array[] = [];
	let from = 0;
	for (const url of findUrls(bytes)) {
		const length = prefixBytes(bytes, url, options.upstreamOrigins);
		if (length === 0) continue;
		pieces.push(bytes.subarray(from, url.start + 1), base);
		from = url.start + 1 + length;
	}
	return from === 0 ? bytes : joinBytes([...pieces, bytes.subarray(from)]);
}

function findUrls(bytes: Uint8Array): Finding<"reply.results_url">[] {
	const scanner = openScanner({ root: "reply" });
	try {
		scanner.push(bytes);
		return findingsOf(scanner.end(), "reply.results_url");
	} catch (error) {
		// not for us to judge: what upstream sends crosses as it is
		if (error instanceof GatewayError) return [];
		throw error;
	}
}

/** One character of a JSON string: an escape, or one UTF-16 unit. */
const character = /\\u[\da-f]{4}|\\.|[^\\]/gis;

/** How many bytes of the raw string spell the longest origin that it begins with; 0 = none of them. */
function prefixBytes(
	bytes: Uint8Array,
	url: Finding<"reply.results_url">,
	origins: readonly string[],
): number {
	const lengths = origins
		.map(withoutSlash)
		.filter(
			(origin) =>
				url.value.startsWith(origin) &&
				/^(?:[/?#]|$)/.test(url.value.slice(origin.length)),
		)
		.map((origin) => origin.length);
	const length = Math.max(0, ...lengths);
	if (length === 0) return 0;
	const raw = new TextDecoder().decode(
		bytes.subarray(url.start + 1, url.end - 1),
	);
	return encode((raw.match(character) ?? []).slice(0, length).join("")).length;
}

const withoutSlash = (url: string) => url.replace(/\/+$/, "");
const encode = (text: string) => new TextEncoder().encode(text);
