import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { ApiError } from "./errors.ts";
import type { OpenExchange } from "./exchange.ts";

interface ReceiveOptions {
	limitBytes: number;
	/** Count and hash everything, keep nothing. */
	sink: boolean;
	/** Resolve as soon as so many bytes are there; the rest is still read. */
	earlyBytes?: number | undefined;
}

/**
 * Reads a request's body, and records it. Resolves with all of it (nothing for a sink), or null when the client left
 * first. Rejects with the API's 413 as soon as the limit is passed; what still comes is read and recorded all the same.
 */
export function receive(
	request: IncomingMessage,
	exchange: OpenExchange,
	{ limitBytes, sink, earlyBytes }: ReceiveOptions,
): Promise<Uint8Array | null> {
	return new Promise((resolve, reject) => {
		let chunks: Uint8Array[] = [];
		let lengthBytes = 0;
		let complete = false;
		request.on("data", (chunk: Uint8Array) => {
			exchange.receivedBody(chunk);
			lengthBytes += chunk.length;
			if (earlyBytes !== undefined && lengthBytes >= earlyBytes) {
				resolve(chunk);
			}
			if (sink || lengthBytes > limitBytes) chunks = [];
			else chunks.push(chunk);
			if (!sink && lengthBytes > limitBytes) {
				reject(new ApiError("request_too_large"));
			}
		});
		request.on("end", () => {
			complete = true;
			exchange.receivedAll();
			const [only] = chunks;
			resolve(chunks.length === 1 && only ? only : Buffer.concat(chunks));
		});
		// A torn upload: "close" may come only after the parser has given up.
		request.on("error", () => resolve(null));
		request.on("close", () => {
			if (!complete) resolve(null);
		});
	});
}
