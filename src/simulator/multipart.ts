import { Buffer } from "node:buffer";
import type { Call } from "./call.ts";
import { ApiError } from "./errors.ts";

/** Parts of one `multipart/form-data` body (RFC 7578), byte for byte. */
export interface Part {
	field: string;
	/** Null for a plain value. */
	filename: string | null;
	type: string;
	bytes: Uint8Array;
}

const maxParts = 1_000;
const headEnd = Buffer.from("\r\n\r\n");

/**
 * Parsed here because Bun 1.4.5's `formData()` loses the content type of a part (measured). Throws the API's 400.
 */
export function readParts({ headers, body }: Call): Part[] {
	const boundary = readBoundary(headers["content-type"]);
	const separator = Buffer.from(`\r\n--${boundary}`);
	const bytes = Buffer.concat([Buffer.from("\r\n"), body]);
	const parts: Part[] = [];
	let at = bytes.indexOf(separator);
	while (at !== -1 && parts.length < maxParts) {
		const start = at + separator.length;
		if (bytes.toString("latin1", start, start + 2) === "--") return parts;
		const end = bytes.indexOf(separator, start);
		if (end === -1) break;
		parts.push(toPart(bytes.subarray(start, end)));
		at = end;
	}
	throw new ApiError(
		"invalid_request_error",
		"The multipart body could not be parsed",
	);
}

function readBoundary(contentType: string | undefined): string {
	const match =
		/^multipart\/form-data\s*;.*boundary=("([^"]+)"|([^;\s]+))/i.exec(
			contentType ?? "",
		);
	const boundary = match?.[2] ?? match?.[3];
	if (boundary === undefined) {
		throw new ApiError(
			"invalid_request_error",
			"Content-Type must be multipart/form-data with a boundary",
		);
	}
	return boundary;
}

function toPart(bytes: Buffer): Part {
	const split = bytes.indexOf(headEnd);
	if (split === -1) {
		throw new ApiError("invalid_request_error", "A part has no headers");
	}
	const head = bytes.toString("utf8", 0, split);
	return {
		field: /[;\s]name="([^"]*)"/i.exec(head)?.[1] ?? "",
		filename: /[;\s]filename="([^"]*)"/i.exec(head)?.[1] ?? null,
		type:
			/^content-type:\s*(.+)$/im.exec(head)?.[1]?.trim() ??
			"application/octet-stream",
		bytes: bytes.subarray(split + headEnd.length),
	};
}

export interface UploadedFile {
	name: string;
	type: string;
	bytes: Uint8Array;
}

/** Files of one field; clients repeat `files` or `files[]`. */
export function readFiles(
	parts: readonly Part[],
	field: string,
): UploadedFile[] {
	const files = parts.flatMap(({ field: name, filename, type, bytes }) =>
		filename !== null && (name === field || name === `${field}[]`)
			? [{ name: filename, type, bytes }]
			: [],
	);
	if (files.length === 0) {
		throw new ApiError("invalid_request_error", `${field}: Field required`);
	}
	return files;
}

/** A plain value; null when it is not there. */
export function readValue(
	parts: readonly Part[],
	field: string,
): string | null {
	const part = parts.find(
		({ field: name, filename }) => name === field && filename === null,
	);
	return part === undefined ? null : Buffer.from(part.bytes).toString("utf8");
}
