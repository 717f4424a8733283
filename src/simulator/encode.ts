import {
	brotliCompressSync,
	brotliDecompressSync,
	deflateSync,
	gunzipSync,
	gzipSync,
	inflateSync,
	zstdCompressSync,
	zstdDecompressSync,
} from "node:zlib";
import { ApiError } from "./errors.ts";

type Limit = { maxOutputLength: number };

const codings = {
	gzip: {
		encode: (bytes: Uint8Array) => gzipSync(bytes),
		decode: (bytes: Uint8Array, limit: Limit) => gunzipSync(bytes, limit),
	},
	deflate: {
		encode: (bytes: Uint8Array) => deflateSync(bytes),
		decode: (bytes: Uint8Array, limit: Limit) => inflateSync(bytes, limit),
	},
	br: {
		encode: (bytes: Uint8Array) => brotliCompressSync(bytes),
		decode: (bytes: Uint8Array, limit: Limit) =>
			brotliDecompressSync(bytes, limit),
	},
	zstd: {
		encode: (bytes: Uint8Array) => zstdCompressSync(bytes),
		decode: (bytes: Uint8Array, limit: Limit) =>
			zstdDecompressSync(bytes, limit),
	},
};

export type Coding = keyof typeof codings;

function isCoding(name: string): name is Coding {
	return Object.hasOwn(codings, name);
}

export function compress(bytes: Uint8Array, coding: Coding): Uint8Array {
	return codings[coding].encode(bytes);
}

/** What the edge picks for a client: br, else gzip, else nothing. */
export function chooseCoding(
	acceptEncoding: string | undefined,
): Coding | undefined {
	const accepted = (acceptEncoding ?? "")
		.split(",")
		.filter((part) => !/;\s*q=0(\.0*)?\s*$/.test(part))
		.map((part) => part.split(";")[0]?.trim().toLowerCase());
	return (["br", "gzip"] as const).find((coding) => accepted.includes(coding));
}

/** A request's body as it was before its `content-encoding`. Throws the API's errors. */
export function decompress(
	body: Uint8Array,
	contentEncoding: string | undefined,
	limitBytes: number,
): Uint8Array {
	const name = contentEncoding?.trim().toLowerCase() ?? "identity";
	if (name === "identity" || name === "") return body;
	if (!isCoding(name)) {
		throw new ApiError(
			"invalid_request_error",
			`Unsupported content-encoding: ${name}`,
			{ details: { error_code: "request_body_encoding_unsupported" } },
		);
	}
	try {
		return codings[name].decode(body, { maxOutputLength: limitBytes });
	} catch (error) {
		throw toDecodingError(error);
	}
}

function toDecodingError(error: unknown): ApiError {
	const tooLarge =
		error instanceof Error &&
		"code" in error &&
		error.code === "ERR_BUFFER_TOO_LARGE";
	return tooLarge
		? new ApiError("request_too_large", "Request exceeds the maximum size", {
				details: { error_code: "request_body_too_large_after_decoding" },
			})
		: new ApiError(
				"invalid_request_error",
				"The request body could not be decoded",
				{ details: { error_code: "request_body_encoding_invalid" } },
			);
}
