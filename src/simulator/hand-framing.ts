import { Buffer } from "node:buffer";
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Sender } from "./wire.ts";

export type Protocol = "HTTP/1.0" | "HTTP/1.1";

interface Head {
	protocol: Protocol;
	status: number;
	rawHeaders: readonly string[];
}

const encoder = new TextEncoder();
const lastChunk = encoder.encode("0\r\n\r\n");

/**
 * Writes a head on the socket, past the runtime's framing, and returns where the body goes: chunked if the headers say
 * so, and ended by closing the connection.
 */
export function startByHand(
	{ socket }: ServerResponse,
	head: Head,
	finished: () => void,
): Sender {
	const send = (bytes: Uint8Array) => socket?.write(bytes) ?? true;
	const isChunked = head.rawHeaders.some((text) =>
		/^transfer-encoding$/i.test(text),
	);
	const write = (bytes: Uint8Array) => send(isChunked ? toChunk(bytes) : bytes);
	send(toHeadBytes(head));
	return {
		write,
		end(bytes) {
			if (bytes !== undefined) write(bytes);
			if (isChunked) send(lastChunk);
			finished();
			socket?.end();
		},
		once: (event, listener) => socket?.once(event, listener),
	};
}

function toHeadBytes({ protocol, status, rawHeaders }: Head): Uint8Array {
	let head = `${protocol} ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
	for (let at = 0; at < rawHeaders.length; at += 2) {
		head += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
	}
	return encoder.encode(`${head}\r\n`);
}

function toChunk(bytes: Uint8Array): Uint8Array {
	const size = encoder.encode(`${bytes.length.toString(16)}\r\n`);
	return Buffer.concat([size, bytes, encoder.encode("\r\n")]);
}
