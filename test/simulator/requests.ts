import { connect } from "node:net";
import type { Script } from "../../src/simulator/script.ts";
import type { Simulator } from "../../src/simulator/simulator.ts";

export const headers = {
	"x-api-key": "sk-ant-api03-test",
	"anthropic-version": "2023-06-01",
	"content-type": "application/json",
};

/** A small request, with whatever a test wants to be different. */
export function toBody(change: Record<string, unknown> = {}): string {
	return JSON.stringify({
		model: "claude-3-5-sonnet-20241022",
		max_tokens: 1024,
		messages: [{ role: "user", content: "Hello, world" }],
		...change,
	});
}

interface PostOptions {
	path?: string;
	script?: Script;
	headers?: Record<string, string>;
	signal?: AbortSignal;
}

export function post(
	simulator: Simulator,
	body: BodyInit,
	options: PostOptions = {},
): Promise<Response> {
	const { path = "/v1/messages", script, signal } = options;
	return fetch(simulator.url + path, {
		method: "POST",
		headers: {
			...headers,
			...(script && { "x-simulator-script": JSON.stringify(script) }),
			...options.headers,
		},
		body,
		redirect: "manual",
		...(signal && { signal }),
	});
}

export function get(
	simulator: Simulator,
	path: string,
	more: Record<string, string> = {},
): Promise<Response> {
	return fetch(simulator.url + path, { headers: { ...headers, ...more } });
}

export interface RawReply {
	/** Everything that came, byte for byte as Latin-1. */
	text: string;
	/** Error code of the socket, if it ended with one. */
	error: string | null;
}

const rawTimeoutMs = 5_000;

/** One request over a bare socket, so that broken replies can be looked at. Resolves when the connection ends. */
export function exchangeRaw(
	simulator: Simulator,
	script: Script,
	body = toBody(),
): Promise<RawReply> {
	return new Promise((resolve, reject) => {
		let text = "";
		let error: string | null = null;
		const socket = connect(simulator.port, "127.0.0.1", () => {
			socket.write(
				`POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\nx-simulator-script: ${JSON.stringify(script)}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
			);
		});
		const timer = setTimeout(() => {
			socket.destroy();
			reject(new Error(`no end of the connection; so far: ${text}`));
		}, rawTimeoutMs);
		socket.on("data", (chunk) => {
			text += chunk.toString("latin1");
		});
		socket.on("error", (failure: Error & { code?: string }) => {
			error = failure.code ?? failure.message;
		});
		socket.on("close", () => {
			clearTimeout(timer);
			resolve({ text, error });
		});
	});
}

interface ReadEvent {
	event: string | null;
	data: string;
}

/** Events of a stream that ends its lines with LF. */
export function toReadEvents(text: string): ReadEvent[] {
	return text
		.split("\n\n")
		.filter((block) => block.includes("data: "))
		.map((block) => ({
			event: /^event: (.*)$/m.exec(block)?.[1] ?? null,
			data: /^data: (.*)$/m.exec(block)?.[1] ?? "",
		}));
}
