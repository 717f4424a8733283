import { GatewayError } from "../domain/error.ts";
import type { RequestHeaders } from "../platform/contract.ts";

const digits = /^\d{1,15}$/;

/**
 * The announced length of a body; null when it comes in chunks.
 * @throws GatewayError `malformed_request`, `request_too_large` (before anything was read)
 */
export function toAnnouncedLength(
	headers: RequestHeaders,
	limitBytes: number,
): number | null {
	const text = headers["content-length"];
	if (text === undefined) return null;
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
	readonly limitBytes: number;
	/** Called for each chunk before it is kept; what it throws ends the reading. */
	readonly progress: (bytes: number) => void;
	/** Ends the reading. */
	readonly signal: AbortSignal;
}

/**
 * Reads a body to its end, chunk by chunk.
 * @throws GatewayError `request_too_large`; what `progress` throws; the signal's reason; the runtime's error when the client left
 */
export async function readChunks(
	body: ReadableStream<Uint8Array>,
	{ limitBytes, progress, signal }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
	const reader = body.getReader();
	// How the source takes its cancellation changes nothing any more.
	const stop = () => void reader.cancel(signal.reason).catch(() => {});
	signal.addEventListener("abort", stop, { once: true });
	const chunks: Uint8Array[] = [];
	let length = 0;
	try {
		for (;;) {
			const { done, value } = await reader.read();
			signal.throwIfAborted();
			if (done) return Buffer.concat(chunks, length);
			length += value.length;
			if (length > limitBytes) throw tooLarge(limitBytes);
			progress(value.length);
			chunks.push(value);
		}
	} catch (error) {
		stop();
		throw error;
	} finally {
		signal.removeEventListener("abort", stop);
	}
}
