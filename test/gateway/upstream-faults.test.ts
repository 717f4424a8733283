import {
	afterAll,
	afterEach,
	beforeAll,
	beforeEach,
	describe,
	expect,
	test,
} from "bun:test";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { openRig, type Rig, startGateway } from "../rig.ts";

let rig: Rig;
beforeAll(async () => {
	rig = await openRig({
		env: {
			TOLLWAY_FIRST_BYTE_TIMEOUT: "1s",
			TOLLWAY_STREAM_IDLE_TIMEOUT: "2s",
			TOLLWAY_SLOW_BODY_TIMEOUT: "1s",
			TOLLWAY_CLIENT_STALL_TIMEOUT: "1s",
		},
	});
});
afterAll(() => rig.stop());
beforeEach(() => rig.simulator.record.clear());
afterEach(async () => {
	await rig.simulator.record.waitUntil(() => rig.simulator.record.open() === 0);
	// The gateway counts down a moment after upstream has seen the end.
	while ((await callsInProgress()) > 0);
});

async function callsInProgress(): Promise<number> {
	const reply = await fetch(`${rig.url}/health/readiness`);
	return ((await reply.json()) as { calls_in_progress: number })
		.calls_in_progress;
}

const body = (stream: boolean) =>
	JSON.stringify({
		model: "claude-sonnet-5-5",
		max_tokens: 50,
		stream,
		messages: [{ role: "user", content: "hi" }],
	});

const send = (script: object, stream = false, signal?: AbortSignal) =>
	fetch(`${rig.url}/anthropic/v1/messages`, {
		method: "POST",
		headers: {
			"content-type": "application/json",
			"anthropic-version": "2023-06-01",
			"x-simulator-script": JSON.stringify(script),
		},
		body: body(stream),
		signal,
	});

interface AnthropicError {
	readonly type: string;
	readonly error: { readonly type: string; readonly message: string };
	readonly request_id: string;
}

async function expectError(reply: Response, status: number, type: string) {
	expect(reply.status).toBe(status);
	const error = (await reply.json()) as AnthropicError;
	expect(error.type).toBe("error");
	expect(error.error.type).toBe(type);
	expect(reply.headers.get("request-id")).toBe(error.request_id);
	return error.error.message;
}

describe("upstream before its reply", () => {
	const faults: readonly (readonly [string, object, number, string])[] = [
		["never answers", { silent: true }, 504, "timeout_error"],
		["resets the connection", { reset: "before_head" }, 502, "api_error"],
		["answers what is not HTTP", { garbage: true }, 502, "api_error"],
		["breaks off a JSON reply", { reset: "mid_body" }, 502, "api_error"],
		["ends a JSON reply too early", { truncate: "mid_body" }, 502, "api_error"],
	];
	for (const [name, script, status, type] of faults) {
		test(name, async () => {
			const message = await expectError(await send(script), status, type);
			expect(message).not.toContain("127.0.0.1");
		});
	}

	test("refuses the connection", async () => {
		const closed = createServer().listen(0, "127.0.0.1");
		await new Promise((resolve) => closed.once("listening", resolve));
		const { port } = closed.address() as AddressInfo;
		await new Promise((resolve) => closed.close(resolve));
		const gateway = await startGateway({
			ANTHROPIC_API_KEY: "k-0123456789",
			TOLLWAY_UPSTREAM_URL: `http://127.0.0.1:${port}`,
		});
		const reply = await fetch(`${gateway.url}/v1/messages`, {
			method: "POST",
			body: body(false),
		});
		expect(await expectError(reply, 502, "api_error")).toContain(
			"refused the connection",
		);
		expect(await gateway.stop()).toBe(0);
	});

	test("has no name", async () => {
		const gateway = await startGateway({
			ANTHROPIC_API_KEY: "k-0123456789",
			TOLLWAY_UPSTREAM_URL: "http://does-not-exist.invalid",
		});
		const reply = await fetch(`${gateway.url}/v1/messages`, {
			method: "POST",
			body: body(false),
		});
		await expectError(reply, 502, "api_error");
		expect(await gateway.stop()).toBe(0);
	});
});

async function readToEnd(
	reply: Response,
): Promise<{ text: string; broken: boolean }> {
	const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
	const decoder = new TextDecoder();
	let text = "";
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return { text, broken: false };
			text += decoder.decode(value, { stream: true });
		}
	} catch {
		return { text, broken: true };
	}
}

test("upstream resets the connection under an upload that waits for its client", async () => {
	const upstream = createServer((socket) =>
		socket.once("data", () => socket.resetAndDestroy()),
	).listen(0, "127.0.0.1");
	await new Promise((resolve) => upstream.once("listening", resolve));
	const { port } = upstream.address() as AddressInfo;
	const gateway = await startGateway({
		ANTHROPIC_API_KEY: "k-0123456789",
		TOLLWAY_UPSTREAM_URL: `http://127.0.0.1:${port}`,
	});
	const reply = await fetch(`${gateway.url}/v1/tomorrow`, {
		method: "POST",
		body: new ReadableStream<Uint8Array>({
			start: (controller) => controller.enqueue(new Uint8Array(100_000)),
		}),
	});
	await expectError(reply, 502, "api_error");
	await gateway.stop("SIGKILL");
	await new Promise((resolve) => upstream.close(resolve));
});

describe("upstream within a stream", () => {
	const faults: readonly (readonly [string, object])[] = [
		[
			"resets the connection",
			{ reset: { after_events: 3 }, event_delay_ms: 20 },
		],
		[
			"ends without a last chunk",
			{ truncate: { after_events: 3 }, event_delay_ms: 20 },
		],
		["breaks the framing", { malformed_chunk: true, event_delay_ms: 20 }],
		["falls silent", { event_delay_ms: 60_000 }],
	];
	for (const [name, script] of faults) {
		test(`${name}: what came is relayed, and no end is forged`, async () => {
			const reply = await send(script, true);
			expect(reply.status).toBe(200);
			const { text, broken } = await readToEnd(reply);
			expect(text).toContain("message_start");
			expect(text).not.toContain("message_stop");
			expect(broken).toBe(true);
		});
	}
});

describe("a client that leaves", () => {
	test("before the reply", async () => {
		const abort = new AbortController();
		const reply = send({ silent: true }, true, abort.signal);
		await rig.simulator.record.waitFor(
			(one) => one.received.completeAtMs !== null,
		);
		abort.abort();
		await expect(reply).rejects.toThrow();
		const exchange = await rig.simulator.record.waitFor(
			(one) => one.end !== null,
			1_000,
		);
		expect(exchange.end?.how).toBe("client-gone");
	});

	test("within a stream", async () => {
		const abort = new AbortController();
		const reply = await send({ event_delay_ms: 100 }, true, abort.signal);
		await (reply.body as ReadableStream<Uint8Array>).getReader().read();
		abort.abort();
		const exchange = await rig.simulator.record.waitFor(
			(one) => one.end !== null,
			1_000,
		);
		expect(exchange.end?.how).toBe("client-gone");
		const line = await rig.gateway.waitForLine(
			(one) => one.end === "client_left" && one.stream === true,
		);
		expect(line.status).toBe(200);
		// Leaving is nobody's fault: nothing about this call is an error in the log.
		const ofThisCall = rig.gateway.lines.filter((one) =>
			JSON.stringify(one).includes(String(line.call_id)),
		);
		expect(ofThisCall).toEqual([line]);
	});

	test("within an upload", async () => {
		const abort = new AbortController();
		const reply = fetch(`${rig.url}/anthropic/v1/files`, {
			method: "POST",
			headers: {
				"content-type": "multipart/form-data; boundary=x",
				"anthropic-version": "2023-06-01",
			},
			signal: abort.signal,
			body: new ReadableStream<Uint8Array>({
				start(controller) {
					controller.enqueue(new Uint8Array(200_000));
				},
			}),
		});
		await rig.simulator.record.waitFor(
			(one) => one.received.body.lengthBytes > 0,
		);
		abort.abort();
		await expect(reply).rejects.toThrow();
		await rig.simulator.record.waitFor((one) => one.end !== null, 2_000);
	});
});

test("a client that sends half a body and stops is told so", async () => {
	const reply = await fetch(`${rig.url}/anthropic/v1/messages`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: new ReadableStream<Uint8Array>({
			start(controller) {
				controller.enqueue(new TextEncoder().encode('{"model":'));
			},
		}),
	});
	await expectError(reply, 408, "timeout_error");
	expect(rig.simulator.record.all()).toEqual([]);
});

test("a client that stops reading is let go, and upstream with it", async () => {
	const reply = await fetch(`${rig.url}/anthropic/v1/tomorrow`, {
		headers: {
			"x-simulator-script": JSON.stringify({ big_bytes: 100_000_000 }),
		},
	});
	expect(reply.status).toBe(200);
	// Nobody reads: the sockets fill, and then nothing moves any more.
	const exchange = await rig.simulator.record.waitFor(
		(one) => one.end !== null,
		15_000,
	);
	expect(exchange.end?.how).toBe("client-gone");
	expect(exchange.sent.body.lengthBytes).toBeLessThan(100_000_000);
	await reply.body?.cancel();
}, 20_000);

test("an answer that comes before the upload is over", async () => {
	const reply = await fetch(`${rig.url}/anthropic/v1/tomorrow`, {
		method: "POST",
		headers: { "x-simulator-script": JSON.stringify({ early_response: true }) },
		body: new Uint8Array(3_000_000),
	});
	expect(reply.status).toBe(413);
});
