import { afterAll, afterEach, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import type { RecordJson } from "../../src/simulator/control.ts";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { get, post, toBody } from "./requests.ts";

const simulator = await openSimulator();
const { record } = simulator;
afterAll(() => simulator.stop());
afterEach(() => record.clear());

function toHash(bytes: string | Uint8Array): string {
	return createHash("sha256").update(bytes).digest("hex");
}

/** Sends bytes as they are; resolves when the reply has begun. */
function sendRaw(text: string) {
	const socket = connect(simulator.port, "127.0.0.1");
	socket.write(text, "latin1");
	return socket;
}

test("what was received is kept as it came: names, case, order, repetitions, query, body", async () => {
	const body = `{"model" : "claude-haiku-5-5",\n"max_tokens":1e2,"messages":[{"role":"user","content":"\\u0041é"}]}`;
	const bytes = Buffer.from(body);
	const head = `POST /v1/messages?beta=true&ids[]=%20x HTTP/1.1\r\nhOsT: a\r\nX-Dup: 1\r\nx-api-key: k\r\nx-dup: 2\r\nAnthropic-Version: 2023-06-01\r\nContent-Length: ${bytes.length}\r\n\r\n`;
	const socket = sendRaw(head);
	socket.write(bytes);
	const { received, sent } = await record.waitFor(({ end }) => end !== null);
	socket.destroy();
	expect(received.method).toBe("POST");
	expect(received.target).toBe("/v1/messages?beta=true&ids[]=%20x");
	expect(received.rawHeaders).toEqual([
		"hOsT",
		"a",
		"X-Dup",
		"1",
		"x-api-key",
		"k",
		"x-dup",
		"2",
		"Anthropic-Version",
		"2023-06-01",
		"Content-Length",
		String(bytes.length),
	]);
	expect(Buffer.compare(received.body.bytes, bytes)).toBe(0);
	expect(received.body.sha256).toBe(toHash(bytes));
	expect(sent.status).toBe(200);
});

test("what was sent is what the client got: status, headers, bytes", async () => {
	const reply = await post(simulator, toBody({ stream: true }));
	const bytes = new Uint8Array(await reply.arrayBuffer());
	const { sent } = await record.waitFor(({ end }) => end?.how === "finished");
	expect(sent.body.sha256).toBe(toHash(bytes));
	expect(sent.body.lengthBytes).toBe(bytes.length);
	expect(Buffer.compare(sent.body.bytes, bytes)).toBe(0);
	const names: string[] = [];
	for (let at = 0; at < sent.rawHeaders.length; at += 2) {
		const name = sent.rawHeaders[at]?.toLowerCase() ?? "";
		names.push(name);
		expect(reply.headers.get(name)).toBe(sent.rawHeaders[at + 1] ?? "");
	}
	expect([...reply.headers.keys()].sort()).toEqual(names.sort());
});

const leavers: readonly [string, Record<string, unknown>][] = [
	["before the head", { silent: true }],
	["during a delay", { delay_ms: 60_000 }],
	["mid stream", { event_delay_ms: 60_000 }],
	["while a big body is sent", { big_bytes: 200_000_000 }],
];

test.each(leavers)(
	"a client that leaves %s is seen at once",
	async (_when, script) => {
		const body = toBody({ stream: true });
		const socket = sendRaw(
			`POST /v1/messages HTTP/1.1\r\nHost: a\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\nx-simulator-script: ${JSON.stringify(script)}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
		);
		socket.pause();
		await record.waitFor(
			({ received, sent }) =>
				received.completeAtMs !== null &&
				(script.silent === true ||
					script.delay_ms !== undefined ||
					sent.lastByteAtMs !== null),
		);
		expect(record.open()).toBe(1);
		const leftAtMs = performance.now();
		socket.destroy();
		const { end } = await record.waitFor(({ end }) => end !== null);
		expect(end?.how).toBe("client-gone");
		expect((end?.atMs ?? Number.NaN) - leftAtMs).toBeLessThan(500);
		expect(record.open()).toBe(0);
	},
);

test("a client that leaves while it uploads is seen, and its body has no hash", async () => {
	const socket = sendRaw(
		"POST /v1/messages HTTP/1.1\r\nHost: a\r\nx-api-key: k\r\nContent-Length: 1000\r\n\r\nonly so much",
	);
	await record.waitFor(({ received }) => received.body.lengthBytes > 0);
	socket.destroy();
	const { received, end } = await record.waitFor(({ end }) => end !== null);
	expect(end?.how).toBe("client-gone");
	expect(received.body.sha256).toBeNull();
	expect(received.body.lengthBytes).toBe(12);
});

test("stall_body_ms holds an upload back: the sender cannot get rid of it", async () => {
	const body = new Uint8Array(64_000_000);
	const socket = sendRaw(
		`POST /v1/files HTTP/1.1\r\nHost: a\r\nx-api-key: k\r\nx-simulator-script: {"stall_body_ms":300,"sink":true}\r\nContent-Length: ${body.length}\r\n\r\n`,
	);
	socket.write(body);
	const exchange = await record.waitFor(() => true);
	await record.waitFor(({ received }) => received.body.lengthBytes > 0);
	const stalledMs = performance.now() - exchange.received.atMs;
	expect(stalledMs).toBeGreaterThanOrEqual(299);
	const { received } = await record.waitFor(({ end }) => end !== null);
	socket.destroy();
	expect(received.body.lengthBytes).toBe(body.length);
});

test("bodies are kept up to a bound, exchanges up to a number, bytes up to a total", async () => {
	const small = await openSimulator({
		record: { maxExchanges: 3, maxBodyBytes: 10, maxTotalBytes: 45 },
	});
	for (let count = 0; count < 5; count++) await post(small, toBody());
	const all = small.record.all();
	expect(all.map(({ id }) => id)).toEqual([4, 5]);
	for (const { received } of all) {
		expect(received.body.bytes.length).toBe(10);
		expect(received.body.lengthBytes).toBe(toBody().length);
		expect(received.body.sha256).toBe(toHash(toBody()));
	}
	await small.stop();
});

test("waiting for what never comes fails with what was last seen", async () => {
	await post(simulator, toBody());
	const failure = await record.waitFor(() => false, 20).catch((e) => e);
	expect(failure.message).toMatch(/within 20 ms.*POST \/v1\/messages/);
});

test("over HTTP: the record in base64, open calls, clearing; itself never recorded", async () => {
	const reply = await post(simulator, toBody());
	const text = await reply.text();
	const control = `${simulator.url}/__simulator`;
	const [entry, ...more] = (await (
		await fetch(`${control}/record`)
	).json()) as RecordJson[];
	expect(more).toEqual([]);
	expect(entry?.received.target).toBe("/v1/messages");
	const base64 = entry?.sent.body.base64 ?? "";
	expect(Buffer.from(base64, "base64").toString()).toBe(text);
	expect(entry?.sent.body.sha256).toBe(toHash(text));
	expect(await (await fetch(`${control}/open`)).json()).toEqual({ open: 0 });
	await fetch(`${control}/record`, { method: "DELETE" });
	expect(record.all()).toEqual([]);
	expect((await fetch(`${control}/nothing`)).status).toBe(404);
});

test("over HTTP: state is forgotten on request", async () => {
	const created = await post(
		simulator,
		'{"requests":[{"custom_id":"a","params":{}}]}',
		{ path: "/v1/messages/batches" },
	);
	const { id } = (await created.json()) as { id: string };
	const path = `/v1/messages/batches/${id}`;
	expect((await get(simulator, path)).status).toBe(200);
	await fetch(`${simulator.url}/__simulator/state`, { method: "DELETE" });
	expect((await get(simulator, path)).status).toBe(404);
});
