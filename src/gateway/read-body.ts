import { GatewayError } from "../domain/error.ts";
import type { BytesInFlight } from "./bytes-in-flight.ts";

/** Bodies up to this size are taken in one go; above it, chunk by chunk, so that progress can be watched. */
const smallBytes = 64 * 1024;

const digits = /^\d{1,15}$/;

/**
 * The announced length of a body; null when it comes in chunks.
 * @throws GatewayError `malformed_request`, `request_too_large` (before anything was read)
 */
export function toAnnouncedLength(
	headers: Headers,
	limitBytes: number,
): number | null {
	const text = headers.get("content-length");
	if (text === null) return null;
	if (!digits.test(text)) {
		throw new GatewayError(
			"malformed_request",
			"The content-length header is not a single whole number.",
		);
	}
	const length = Number(text);
	if (length > limitBytes) throw tooLarge(limitBytes);
	return length;
}

export const tooLarge = (limitBytes: number): GatewayError =>
	new GatewayError(
		"request_too_large",
		`The request body is larger than this gateway takes here (${limitBytes} bytes). Send less, or upload files through /v1/files.`,
	);

export interface ReadOptions {
	/** From the content-length header; null = chunked. */
	readonly announced: number | null;
	readonly limitBytes: number;
	/** What the body holds of the common memory; given back by the caller when the call is over. */
	readonly room: BytesInFlight;
	/** Called for each chunk. */
	readonly progress: () => void;
	readonly signal: AbortSignal;
}

/**
 * Reads a body whole. Room is taken before the bytes arrive, and stays taken for the length of what is returned.
 * @throws GatewayError `request_too_large`, `busy`; the signal's reason; the runtime's error when the client left
 */
export async function readWhole(
	request: Request,
	options: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
	const { announced, room } = options;
	if (announced !== null) room.take(announced);
	try {
		if (announced !== null && announced <= smallBytes) {
			return new Uint8Array(await request.arrayBuffer());
		}
		return await readChunks(request, options);
	} catch (error) {
		if (announced !== null) room.give(announced);
		throw error;
	}
}

async function readChunks(
	request: Request,
	options: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
	const { announced, limitBytes, room, signal } = options;
	const reader = (request.body as ReadableStream<Uint8Array>).getReader();
	const stop = () => void reader.cancel(signal.reason).catch(() => {});
	signal.addEventListener("abort", stop, { once: true });
	const chunks: Uint8Array[] = [];
	let length = 0;
	try {
		for (;;) {
			const { done, value } = await reader.read();
			signal.throwIfAborted();
			if (done) return Buffer.concat(chunks, length);
			if (length + value.length > limitBytes) throw tooLarge(limitBytes);
			if (announced === null) room.take(value.length);
			length += value.length;
			chunks.push(value);
			options.progress();
		}
	} catch (error) {
		if (announced === null) room.give(length);
		stop();
		throw error;
	} finally {
		signal.removeEventListener("abort", stop);
	}
}
