/** Content codings of bodies that must be read (RFC 9110 §8.4). */

import type { Transform } from "node:stream";
import {
	constants,
	createBrotliDecompress,
	createGunzip,
	createInflate,
	createInflateRaw,
	createZstdDecompress,
} from "node:zlib";
import { GatewayError } from "../domain/error.ts";
import { isWholeZstd } from "./encoding-zstd.ts";
import { joinBytes } from "./scan/bytes.ts";

/** What a compressed body may grow to, times its size. Real JSON stays below 20. */
export const maxRatio = 200;

export interface DecodeLimits {
	/** Of the decoded body, and of what lies between two codings. */
	readonly maxBytes: number;
	/** How many times its size a body may grow. */
	readonly maxRatio: number;
}

type Bytes = Uint8Array<ArrayBuffer>;
/** `bytesWritten`: how much of the body it has taken in. */
type Decoder = Transform & { readonly bytesWritten: number };

/** Up to here growth is not judged: little is at stake, and a short run of spaces may well grow a thousandfold. */
const harmlessBytes = 1024 * 1024;

/** Clients use one; each is a pass over the body. */
const maxCodings = 3;

const options = { chunkSize: 64 * 1024 };

/** RFC 9659: a window of more than 8 MB is not for the web. */
const zstdOptions = {
	...options,
	params: { [constants.ZSTD_d_windowLogMax]: 23 },
};

/** Throw (GatewayError) for bytes that cannot be decoded at all. */
const codings: ReadonlyMap<string, (bytes: Bytes) => Decoder> = new Map([
	["gzip", () => createGunzip(options)],
	["x-gzip", () => createGunzip(options)],
	[
		"deflate",
		(bytes) =>
			isZlib(bytes) ? createInflate(options) : createInflateRaw(options),
	],
	["br", () => createBrotliDecompress(options)],
	[
		"zstd",
		(bytes) => {
			// Bun 1.4.5 takes the end of the bytes for the end of the frame
			if (!isWholeZstd(bytes)) throw corrupt();
			return createZstdDecompress(zstdOptions);
		},
	],
] satisfies [string, (bytes: Bytes) => Decoder][]);

/** `deflate` is the zlib format (RFC 1950), but some send the bare stream (RFC 9110 §8.4.1.2): the header tells. */
function isZlib([first = 0, second = 0]: Bytes): boolean {
	return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}

/**
 * Undoes the codings of a body; without any, gives the same array. A bomb is noticed within its first `harmlessBytes`; a
 * body that is no bomb needs twice its size for a moment, and three times if it has several codings.
 *
 * Throws GatewayError `unsupported_encoding`, `request_too_large`, or `malformed_request` (broken off, corrupt, or
 * followed by other bytes).
 */
export async function decode(
	bytes: Bytes,
	contentEncoding: string,
	limits: DecodeLimits,
): Promise<Bytes> {
	let decoded = bytes;
	for (const openDecoder of toCodings(contentEncoding).reverse()) {
		decoded = await run(openDecoder(decoded), decoded, limits);
	}
	return decoded;
}

function toCodings(contentEncoding: string) {
	const names = contentEncoding
		.split(",")
		.map((name) => name.trim().toLowerCase())
		.filter((name) => name !== "" && name !== "identity");
	const found = names
		.map((name) => codings.get(name))
		.filter((coding) => coding !== undefined);
	if (found.length < names.length || names.length > maxCodings) {
		throw new GatewayError(
			"unsupported_encoding",
			"This content-encoding is not supported. Send the body plain, or with gzip, deflate, br or zstd.",
		);
	}
	return found;
}

async function run(
	decoder: Decoder,
	bytes: Bytes,
	{ maxBytes, maxRatio }: DecodeLimits,
): Promise<Bytes> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	try {
		decoder.end(bytes);
		for await (const chunk of decoder) {
			length += chunk.length;
			if (length > maxBytes) throw tooLarge(`${maxBytes} bytes`);
			if (length > harmlessBytes && length > decoder.bytesWritten * maxRatio) {
				throw tooLarge(`${maxRatio} times its size`);
			}
			chunks.push(chunk);
		}
	} catch (cause) {
		throw cause instanceof GatewayError ? cause : corrupt(cause);
	}
	if (decoder.bytesWritten !== bytes.length) throw corrupt();
	return joinBytes(chunks);
}

const tooLarge = (limit: string) =>
	new GatewayError(
		"request_too_large",
		`The body grows to more than ${limit} when its content-encoding is undone. Send less in one request.`,
	);

const corrupt = (cause?: unknown) =>
	new GatewayError(
		"malformed_request",
		"The body is not what its content-encoding says: corrupt, broken off, or followed by other bytes.",
		{ cause },
	);
