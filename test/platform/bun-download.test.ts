import { afterEach, describe, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import { download } from "../../src/platform/bun-download.ts";

/** A server that answers every connection as told; closed behind each test. */
let server: Server | undefined;
afterEach(() => void server?.close());

async function listen(answer: (socket: Socket, request: string) => void) {
	server = createServer((socket) => {
		socket.on("error", () => {});
		socket.once("data", (bytes) => answer(socket, bytes.toString("latin1")));
	});
	await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
	return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const get = (url: string, signal = new AbortController().signal) =>
	download(`${url}/v1/files/f/content?a=%2F`, {
		headers: { "x-api-key": "k" },
		signal,
	});

async function readText(reply: Response) {
	let text = "";
	const decoder = new TextDecoder("latin1");
	for await (const chunk of reply.body ?? []) text += decoder.decode(chunk);
	return text;
}

/** What is thrown has a code as fetch's errors have. */
const codeOf = async (promise: Promise<unknown>) =>
	promise.then(
		() => "none",
		(error: { code?: string }) => error.code ?? String(error),
	);

const long = "x".repeat(1_000_000);

describe("what HTTP/1.1 allows", () => {
	for (const [name, wire, body] of [
		["a length", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "hello"],
		["no body", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", ""],
		[
			"chunks",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\nA\r\n, the rest\r\n0\r\nx: y\r\n\r\n",
			"hello, the rest",
		],
		["up to the close", "HTTP/1.0 200 OK\r\n\r\nhello", "hello"],
		[
			"interim replies",
			"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
			"hi",
		],
		[
			"a long body",
			`HTTP/1.1 200 OK\r\ncontent-length: ${long.length}\r\n\r\n${long}`,
			long,
		],
	] as const) {
		for (const part of [wire.length, 1_000, 1]) {
			if (wire.length / part > 10_000) continue;
			test(`${name}, ${part} bytes at a time`, async () => {
				const url = await listen((socket) => {
					socket.setNoDelay();
					for (let at = 0; at < wire.length; at += part)
						socket.write(wire.slice(at, at + part));
					socket.end();
				});
				const reply = await get(url);
				expect(reply.status).toBe(200);
				expect(await readText(reply)).toBe(body);
			});
		}
	}

	test("status and headers as they came; the request as told", async () => {
		let seen = "";
		const url = await listen((socket, request) => {
			seen = request;
			socket.end(
				"HTTP/1.1 404 Nope\r\nX-A:  1 \r\nx-a: 2\r\ncontent-length: 0\r\n\r\n",
			);
		});
		const reply = await get(url);
		expect(reply.status).toBe(404);
		expect(reply.headers.get("x-a")).toBe("1, 2");
		expect(seen).toStartWith("GET /v1/files/f/content?a=%2F HTTP/1.1\r\n");
		expect(seen).toContain("x-api-key: k\r\n");
		expect(seen).toContain(`host: ${new URL(url).host}\r\n`);
	});
});

describe("what it does not", () => {
	for (const [name, wire, code] of [
		["not HTTP", "SSH-2.0-OpenSSH\r\n", "InvalidHTTPResponse"],
		[
			"a folded header",
			"HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n",
			"InvalidHTTPResponse",
		],
		["a bare line feed", "HTTP/1.1 200 OK\na: b\n\n", "InvalidHTTPResponse"],
		[
			"two lengths",
			"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
			"InvalidHTTPResponse",
		],
		[
			"an unknown coding",
			"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
			"InvalidHTTPResponse",
		],
		[
			"a chunk without a size",
			"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nhello\r\n",
			"InvalidHTTPResponse",
		],
		[
			"a head without end",
			`HTTP/1.1 200 OK\r\na: ${long}`,
			"InvalidHTTPResponse",
		],
		["a close before the head", "", "ECONNRESET"],
		["a close in the head", "HTTP/1.1 200 OK\r\na:", "ECONNRESET"],
		[
			"a close in the body",
			"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello",
			"ECONNRESET",
		],
		[
			"a close before the last chunk",
			"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
			"ECONNRESET",
		],
	] as const) {
		test(name, async () => {
			const url = await listen((socket) => socket.end(wire));
			expect(await codeOf(get(url).then(readText))).toBe(code);
		});
	}

	test("a close in the TLS handshake", async () => {
		const url = await listen((socket) => socket.end());
		const secure = url.replace("http:", "https:");
		expect(await codeOf(get(secure))).toBe("ECONNRESET");
	});

	test("nobody listens", async () => {
		expect(await codeOf(get("http://127.0.0.1:1"))).toBe("ECONNREFUSED");
	});
});

describe("an abort", () => {
	test("before the head", async () => {
		const abort = new AbortController();
		const closed = Promise.withResolvers<void>();
		const url = await listen((socket) => {
			socket.on("close", () => closed.resolve());
			abort.abort("enough");
		});
		expect(await codeOf(get(url, abort.signal))).toBe("enough");
		await closed.promise;
	});

	test("in the body", async () => {
		const abort = new AbortController();
		const closed = Promise.withResolvers<void>();
		const url = await listen((socket) => {
			socket.on("close", () => closed.resolve());
			socket.write("HTTP/1.1 200 OK\r\n\r\nhello");
		});
		const reader = (
			(await get(url, abort.signal)).body as ReadableStream
		).getReader();
		await reader.read();
		const next = codeOf(reader.read());
		abort.abort("enough");
		expect(await next).toBe("enough");
		await closed.promise;
	});
});

test("a reader that stops is not read ahead of", async () => {
	let written = 0;
	const url = await listen((socket) => {
		socket.write("HTTP/1.1 200 OK\r\n\r\n");
		const block = Buffer.alloc(65_536);
		const more = () => {
			while (written < 200e6 && socket.write(block)) written += block.length;
		};
		socket.on("drain", more);
		more();
	});
	const reader = ((await get(url)).body as ReadableStream).getReader();
	await reader.read();
	let before = -1;
	while (before !== written) {
		before = written;
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
	expect(written).toBeLessThan(50e6); // what the system's own buffers take
	await reader.cancel();
});
