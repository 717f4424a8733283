import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import {
	brotliDecompressSync,
	gunzipSync,
	inflateSync,
	zstdDecompressSync,
} from "node:zlib";
import type { Script } from "../../src/simulator/script.ts";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { exchangeRaw, get, post, toBody, toReadEvents } from "./requests.ts";

const simulator = await openSimulator();
afterAll(() => simulator.stop());

const streamBody = toBody({ stream: true });

interface Wanted {
	text?: RegExp;
	notText?: RegExp;
	error?: string;
	how?: string;
}

const finished = /\r\n0\r\n\r\n$/;
const messageStop = /message_stop/;

/** What a client sees of each broken reply, byte for byte, and how the record says it ended. */
const broken: readonly [script: Script, body: string, wanted: Wanted][] = [
	[
		{ reset: "before_head" },
		toBody(),
		{ text: /^$/, error: "ECONNRESET", how: "aborted-by-script" },
	],
	[
		{ reset: "mid_body" },
		toBody(),
		{ text: /\r\n\r\n\{"id"/, notText: /\}\}$/, error: "ECONNRESET" },
	],
	[
		{ reset: { after_events: 3 } },
		streamBody,
		{
			text: /\r\n\r\n[0-9a-f]+\r\nevent: message_start/,
			notText: messageStop,
			error: "ECONNRESET",
		},
	],
	[
		{ truncate: "mid_body" },
		toBody(),
		{ text: /Content-Length: \d{3}/, notText: /\}\}$/ },
	],
	[
		{ truncate: { after_events: 3 } },
		streamBody,
		{ text: /message_start/, notText: /0\r\n\r\n$/, how: "aborted-by-script" },
	],
	[
		{ malformed_chunk: true },
		toBody(),
		{ text: /Transfer-Encoding: chunked.*ZZZ\r\n/s, notText: finished },
	],
	[
		{ malformed_chunk: true },
		streamBody,
		{ text: /ZZZ\r\n/, notText: messageStop, how: "aborted-by-script" },
	],
	[{ garbage: true }, toBody(), { notText: /HTTP\/1/ }],
	[
		{ no_length: true },
		toBody(),
		{
			text: /^HTTP\/1\.0 200 OK\r\n.*\}\}$/s,
			notText: /content-length|transfer-encoding/i,
			how: "finished",
		},
	],
	[
		{ no_length: true },
		streamBody,
		{ text: /^HTTP\/1\.0 200.*message_stop"\}\n\n$/s, how: "finished" },
	],
	[
		{ hop_by_hop: true },
		toBody(),
		{
			text: /Connection: x-secret-hop, keep-alive\r\n.*X-Secret-Hop: /s,
			notText: /Connection: close/,
		},
	],
	[{ no_content_type: true }, toBody(), { notText: /content-type/i }],
	[
		{ huge_headers_bytes: 50_000 },
		toBody(),
		{ text: /x-padding-12: p{2000}\r\n/ },
	],
	[
		{ headers: { "Content-Type": "text/plain", "x-more": "1" } },
		toBody(),
		{ text: /x-more: 1\r\n/, notText: /application\/json/ },
	],
	[
		{ redirect: { status: 307, location: "http://elsewhere.test/v1" } },
		toBody(),
		{ text: /^HTTP\/1\.1 307 .*location: http:\/\/elsewhere\.test\/v1\r\n/s },
	],
];

describe("broken replies", () => {
	test.each(broken)("%j", async (script, body, wanted) => {
		const reply = await exchangeRaw(simulator, script, body);
		if (wanted.text) expect(reply.text).toMatch(wanted.text);
		if (wanted.notText) expect(reply.text).not.toMatch(wanted.notText);
		expect(reply.error).toBe(wanted.error ?? null);
		const last = await simulator.record.waitFor(({ end }) => end !== null);
		if (wanted.how) expect(last.end?.how).toBe(wanted.how as never);
		simulator.record.clear();
	});
});

test.each([
	["gzip", gunzipSync],
	["deflate", inflateSync],
	["br", brotliDecompressSync],
	["zstd", zstdDecompressSync],
] as const)(
	"a reply compressed with %s, whatever the client accepts",
	async (coding, decode) => {
		const { text } = await exchangeRaw(
			simulator,
			{ content_encoding: coding },
			streamBody,
		);
		expect(text).toContain(`content-encoding: ${coding}\r\n`);
		const body = text.slice(text.indexOf("\r\n\r\n") + 4);
		const decoded = decode(Buffer.from(body, "latin1")).toString();
		expect(toReadEvents(decoded).at(-1)?.event).toBe("message_stop");
	},
);

const errors: readonly [Script["error"], number, RegExp, string[]][] = [
	[{ type: "rate_limit_error" }, 429, /"rate_limit_error"/, ["retry-after"]],
	[{ type: "rate_limit_error", bare: true }, 429, /"rate_limit_error"/, []],
	[{ status: 529 }, 529, /"overloaded_error"/, ["x-should-retry"]],
	[{ status: 504 }, 504, /"timeout_error"/, []],
	[{ status: 402 }, 402, /"billing_error"/, []],
	[{ status: 409 }, 409, /"conflict_error"/, []],
	[
		{ status: 412, error_code: "heartbeat_precondition_failed" },
		412,
		/"details":\{"error_code":"heartbeat_precondition_failed"\}/,
		[],
	],
	[{ status: 413, form: "html" }, 413, /^<html>/, []],
	[{ status: 500, form: "empty" }, 500, /^$/, []],
	[{ type: "permission_error", message: "No." }, 403, /"No\."/, []],
];

test.each(errors)("error %j is a %i", async (error, status, text, named) => {
	if (error === undefined) throw new Error("the table has no such row");
	const reply = await post(simulator, toBody(), { script: { error } });
	expect(reply.status).toBe(status);
	expect(await reply.text()).toMatch(text);
	expect(reply.headers.has("retry-after")).toBe(named.includes("retry-after"));
	for (const name of named) expect(reply.headers.get(name)).toBeTruthy();
});

test("a script that is misspelt is refused with its name", async () => {
	const script = { resett: "mid_body" } as Script;
	const reply = await post(simulator, toBody(), { script });
	expect(reply.status).toBe(400);
	expect(await reply.text()).toContain("resett");
});

test("big_bytes sends so many seeded bytes, the same every time", async () => {
	const script: Script = { big_bytes: 1_000_001 };
	const hashes: string[] = [];
	for (let run = 0; run < 2; run++) {
		const reply = await post(simulator, toBody(), { script });
		expect(reply.headers.get("content-length")).toBe("1000001");
		const bytes = new Uint8Array(await reply.arrayBuffer());
		expect(bytes.length).toBe(1_000_001);
		hashes.push(createHash("sha256").update(bytes).digest("hex"));
	}
	const sent = simulator.record.all().at(-1)?.sent;
	expect(new Set([...hashes, sent?.body.sha256]).size).toBe(1);
});

test("a sink takes a body of any size and tells its hash", async () => {
	const body = new Uint8Array(40_000_000).fill(7);
	const reply = await post(simulator, body, { script: { sink: true } });
	expect(await reply.json()).toEqual({
		type: "sink",
		received_bytes: body.length,
		sha256: createHash("sha256").update(body).digest("hex"),
	});
});

test("an early response comes before the upload has ended, and the rest is read", async () => {
	simulator.record.clear();
	const totalBytes = 2_000_000;
	const socket = connect(simulator.port, "127.0.0.1");
	socket.write(
		`POST /v1/files HTTP/1.1\r\nHost: a\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\nx-simulator-script: {"early_response":true}\r\nContent-Length: ${totalBytes}\r\n\r\n`,
	);
	socket.write(new Uint8Array(2_000));
	const [reply] = await once(socket, "data");
	expect(String(reply)).toStartWith("HTTP/1.1 413 ");
	const [exchange] = simulator.record.all();
	expect(exchange?.received.completeAtMs).toBeNull();
	socket.write(new Uint8Array(totalBytes - 2_000));
	const { received } = await simulator.record.waitFor(
		({ received }) => received.completeAtMs !== null,
	);
	expect(received.body.lengthBytes).toBe(totalBytes);
	socket.destroy();
});

test("delays hold back the head and every event", async () => {
	const script: Script = { delay_ms: 60, event_delay_ms: 10 };
	const reply = await post(simulator, streamBody, { script });
	const count = toReadEvents(await reply.text()).length;
	const { received, sent } = simulator.record.all().at(-1) ?? {};
	const headMs = (sent?.headAtMs ?? 0) - (received?.completeAtMs ?? 0);
	expect(headMs).toBeGreaterThanOrEqual(59);
	const bodyMs = (sent?.lastByteAtMs ?? 0) - (sent?.headAtMs ?? 0);
	expect(bodyMs).toBeGreaterThanOrEqual((count - 1) * 9);
});

test("scripts set in process go before the header, until they are taken back", async () => {
	const take = simulator.script(({ target }) =>
		target === "/v1/models" ? { error: { status: 503 } } : undefined,
	);
	expect((await get(simulator, "/v1/models")).status).toBe(503);
	expect((await post(simulator, toBody())).status).toBe(200);
	take();
	expect((await get(simulator, "/v1/models")).status).toBe(200);
});
