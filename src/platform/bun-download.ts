/**
 * A GET for replies that may be long and whose reader may be slow. Bun's fetch (1.4.5) reads ahead of its reader and
 * keeps the buffers for it: 1.5 MB for every client that has stopped reading. This keeps one chunk, of at most 512 KB.
 */
import { brokenOff, openConnection } from "./bun-socket.ts";
import type { UpstreamInit } from "./contract.ts";
import { openBytes, readBody, readHead } from "./http-reply.ts";

const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);
const maxInterimReplies = 16;

/** Resolves with the reply's head; rejects as fetch does. The connection ends with the reply. */
export async function download(
	url: string,
	{ headers, signal }: Pick<UpstreamInit, "headers" | "signal">,
): Promise<Response> {
	const target = new URL(url);
	const connection = await openConnection(target, signal);
	try {
		await connection.write(toRequest(target, headers));
		const bytes = openBytes(connection.next, brokenOff);
		let head = await readHead(bytes);
		for (let left = maxInterimReplies; head.status < 200 && left > 0; left--) {
			head = await readHead(bytes);
		}
		if (bodiless.has(head.status)) {
			connection.close();
			return new Response(null, head);
		}
		return new Response(
			toStream(readBody(head, bytes), connection.close),
			head,
		);
	} catch (error) {
		connection.close();
		throw error;
	}
}

function toRequest(url: URL, headers: UpstreamInit["headers"]): Buffer {
	const all = {
		accept: "*/*",
		...headers,
		host: url.host,
		connection: "close",
	};
	const lines = Object.entries(all).map(
		([name, value]) => `${name}: ${value}\r\n`,
	);
	const head = `GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join("")}\r\n`;
	return Buffer.from(head, "latin1");
}

function toStream(
	pieces: AsyncIterator<Uint8Array>,
	close: () => void,
): ReadableStream<Uint8Array> {
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				try {
					const { done, value } = await pieces.next();
					if (!done) return controller.enqueue(value);
					close();
					controller.close();
				} catch (error) {
					close();
					controller.error(error);
				}
			},
			cancel: close,
		},
		{ highWaterMark: 0 },
	);
}
