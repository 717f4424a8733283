import {
	afterAll,
	beforeAll,
	beforeEach,
	describe,
	expect,
	test,
} from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { Exchange } from "../../src/simulator/record.ts";
import { openRig, type Rig, upstreamKey } from "../rig.ts";

const callerKey = "sk-canary-of-the-caller-0123456789";

let rig: Rig;
beforeAll(async () => {
	rig = await openRig({ env: { TOLLWAY_MASTER_KEY: callerKey } });
});
afterAll(() => rig.stop());
beforeEach(() => rig.simulator.record.clear());

const message = JSON.stringify({
	model: "claude-sonnet-5-5",
	max_tokens: 64,
	messages: [{ role: "user", content: "Grüße 👋 from a test" }],
});

interface Scenario {
	readonly name: string;
	readonly method?: string;
	readonly path: string;
	readonly headers?: Record<string, string>;
	readonly body?: string | Uint8Array<ArrayBuffer>;
	readonly script?: object;
	readonly status: number;
	/** Path and query that must reach upstream; the client's own by default. */
	readonly upstream?: string;
	/** The body that must reach upstream; the client's own by default. */
	readonly received?: string | Uint8Array;
}

const multipart = [
	"--edge-42",
	'content-disposition: form-data; name="file"; filename="a.bin"',
	"content-type: application/octet-stream",
	"",
	"\u0000\u0001 not text \r\n",
	"--edge-42--",
	"",
].join("\r\n");

const scenarios: readonly Scenario[] = [
	{
		name: "a message",
		path: "/anthropic/v1/messages",
		body: message,
		status: 200,
	},
	{ name: "at the root", path: "/v1/messages", body: message, status: 200 },
	{
		name: "a query",
		path: "/anthropic/v1/messages?beta=true&a[]=1&a[]=%2F",
		body: message,
		status: 200,
		upstream: "/v1/messages?beta=true&a[]=1&a[]=%2F",
	},
	{
		name: "base URL without /v1",
		path: "/anthropic/messages",
		body: message,
		status: 200,
		upstream: "/v1/messages",
	},
	{
		name: "base URL with /v1",
		path: "/anthropic/v1/v1/messages",
		body: message,
		status: 200,
		upstream: "/v1/messages",
	},
	{
		name: "base URL with /v1 at the root",
		path: "/v1/v1/messages",
		body: message,
		status: 200,
		upstream: "/v1/messages",
	},
	{
		name: "an escaped letter",
		path: "/anthropic/v1/m%65ssages",
		body: message,
		status: 200,
		upstream: "/v1/messages",
	},
	{
		name: "a stream",
		path: "/anthropic/v1/messages",
		body: message.replace("{", '{"stream":true,'),
		status: 200,
	},
	{
		name: "a stream in single bytes",
		path: "/anthropic/v1/messages",
		body: message.replace("{", '{"stream":true,'),
		script: {
			split: { bytes: 1 },
			line_end: "crlf",
			bom: true,
			comments: true,
		},
		status: 200,
	},
	{
		name: "count_tokens",
		path: "/anthropic/v1/messages/count_tokens",
		body: JSON.stringify({
			model: "claude-sonnet-5-5",
			messages: [{ role: "user", content: "hi" }],
		}),
		status: 200,
	},
	{
		name: "chat completions",
		path: "/v1/chat/completions",
		body: JSON.stringify({
			model: "claude-sonnet-5-5",
			user: "u-1",
			messages: [{ role: "user", content: "hi" }],
		}),
		status: 200,
	},
	{
		name: "models",
		method: "GET",
		path: "/anthropic/v1/models?limit=2",
		status: 200,
	},
	{
		name: "models, compressed",
		method: "GET",
		path: "/anthropic/v1/models",
		headers: { "accept-encoding": "gzip" },
		status: 200,
	},
	{ name: "HEAD", method: "HEAD", path: "/anthropic/v1/tomorrow", status: 404 },
	{
		name: "an unknown path",
		path: "/anthropic/v2/tomorrow/x",
		body: "any bytes \u0000",
		status: 404,
	},
	{
		name: "an unknown path, PUT",
		method: "PUT",
		path: "/anthropic/v1/tomorrow",
		body: "{}",
		status: 404,
	},
	{
		name: "PATCH",
		method: "PATCH",
		path: "/v1/tomorrow",
		body: "{}",
		status: 404,
	},
	{
		name: "multipart",
		path: "/anthropic/v1/files",
		headers: { "content-type": "multipart/form-data; boundary=edge-42" },
		body: multipart,
		status: 200,
	},
	{
		name: "a body of 3 MB",
		path: "/anthropic/v1/messages",
		body: JSON.stringify({
			model: "claude-sonnet-5-5",
			max_tokens: 5,
			messages: [{ role: "user", content: "a".repeat(3_000_000) }],
		}),
		status: 200,
	},
	{
		name: "an upload of 3 MB",
		path: "/anthropic/v1/tomorrow",
		body: new Uint8Array(randomBytes(3_000_000)),
		script: { sink: true },
		status: 200,
	},
	{
		name: "gzip",
		path: "/anthropic/v1/messages",
		headers: { "content-encoding": "gzip" },
		body: new Uint8Array(gzipSync(message)),
		status: 200,
	},
	{
		name: "br",
		path: "/anthropic/v1/messages",
		headers: { "content-encoding": "br" },
		body: new Uint8Array(brotliCompressSync(message)),
		status: 200,
	},
	{
		name: "zstd",
		path: "/anthropic/v1/messages",
		headers: { "content-encoding": "zstd" },
		body: new Uint8Array(zstdCompressSync(message)),
		status: 200,
	},
	{
		name: "members that are ours",
		path: "/anthropic/v1/messages",
		body: message.replace(
			"{",
			'{"litellm_metadata":{"tags":["a"],"user":"u"}, ',
		),
		status: 200,
		received: message.replace("{", "{ "),
	},
	{
		name: "members that are ours, compressed",
		path: "/anthropic/v1/messages",
		headers: { "content-encoding": "gzip" },
		body: new Uint8Array(
			gzipSync(message.replace("}]}", '}],"litellm_metadata":{"tags":["a"]}}')),
		),
		status: 200,
		received: message,
	},
	{
		name: "an upstream error",
		path: "/anthropic/v1/messages",
		body: message,
		script: { error: { status: 429 } },
		status: 429,
	},
	{
		name: "529",
		path: "/anthropic/v1/messages",
		body: message,
		script: { error: { status: 529 } },
		status: 529,
	},
	{
		name: "an HTML error",
		path: "/anthropic/v1/messages",
		body: message,
		script: { error: { status: 413, form: "html" } },
		status: 413,
	},
	{
		name: "an empty error",
		path: "/anthropic/v1/messages",
		body: message,
		script: { error: { status: 500, form: "empty" } },
		status: 500,
	},
	{
		name: "a redirect stays one",
		path: "/anthropic/v1/messages",
		body: message,
		script: {
			redirect: { status: 307, location: "https://elsewhere.example/" },
		},
		status: 307,
	},
	{
		name: "an error event inside a stream",
		path: "/anthropic/v1/messages",
		body: message.replace("{", '{"stream":true,'),
		script: { error_event: { after_events: 3 } },
		status: 200,
	},
	{
		name: "binary",
		method: "GET",
		path: "/anthropic/v1/tomorrow",
		script: { big_bytes: 2_000_000 },
		status: 200,
	},
	{
		name: "no content type",
		path: "/anthropic/v1/messages",
		body: message,
		script: { no_content_type: true },
		status: 200,
	},
	{
		name: "a reply without length",
		path: "/anthropic/v1/messages",
		body: message,
		script: { no_length: true },
		status: 200,
	},
];

const sha256 = (bytes: Uint8Array | string) =>
	createHash("sha256").update(bytes).digest("hex");

async function send(scenario: Scenario) {
	const reply = await fetch(rig.url + scenario.path, {
		method: scenario.method ?? "POST",
		headers: {
			"content-type": "application/json",
			"anthropic-version": "2023-06-01",
			"x-api-key": callerKey,
			...(scenario.script
				? { "x-simulator-script": JSON.stringify(scenario.script) }
				: {}),
			...scenario.headers,
		},
		body: scenario.body,
		redirect: "manual",
		decompress: false,
	});
	const bytes = new Uint8Array(await reply.arrayBuffer());
	const exchange = await rig.simulator.record.waitFor(
		(one) => one.end !== null,
	);
	return { reply, bytes, exchange };
}

const headersOf = ({ received }: Exchange) => {
	const pairs: [string, string][] = [];
	for (let i = 0; i < received.rawHeaders.length; i += 2) {
		pairs.push([
			String(received.rawHeaders[i]).toLowerCase(),
			String(received.rawHeaders[i + 1]),
		]);
	}
	return pairs;
};

describe("bytes cross untouched both ways", () => {
	for (const scenario of scenarios) {
		test(scenario.name, async () => {
			const { reply, bytes, exchange } = await send(scenario);
			expect(reply.status).toBe(scenario.status);
			expect(reply.status).toBe(exchange.sent.status ?? 0);
			const path =
				scenario.upstream ?? scenario.path.replace(/^\/anthropic/, "");
			expect(exchange.received.target).toBe(path);
			expect(exchange.received.method).toBe(scenario.method ?? "POST");
			const sent = scenario.received ?? scenario.body ?? "";
			expect(exchange.received.body.sha256).toBe(sha256(sent));
			if (scenario.method !== "HEAD") {
				expect(sha256(bytes)).toBe(String(exchange.sent.body.sha256));
			}
			expect(JSON.stringify(exchange.received)).not.toContain(callerKey);
			expect(
				headersOf(exchange).filter(([name]) => name === "x-api-key"),
			).toEqual([["x-api-key", upstreamKey]]);
			expect(JSON.stringify([...reply.headers])).not.toContain(upstreamKey);
		});
	}
});

describe("headers", () => {
	test("what is for us or for one connection stays here, the rest crosses", async () => {
		const { exchange } = await send({
			name: "",
			path: "/anthropic/v1/messages",
			body: message,
			status: 200,
			headers: {
				cookie: "a=b",
				"x-litellm-tags": "t",
				"x-forwarded-something": "1",
				connection: "x-listed, keep-alive",
				"x-listed": "secret",
				te: "trailers",
				"anthropic-beta": "a,b",
				"x-stainless-lang": "js",
				"idempotency-key": "k",
				authorization: `Bearer ${callerKey}`,
			},
		});
		const names = headersOf(exchange).map(([name]) => name);
		for (const name of [
			"cookie",
			"x-litellm-tags",
			"x-forwarded-something",
			"x-listed",
			"te",
			"authorization",
		]) {
			expect(names).not.toContain(name);
		}
		const headers = new Map(headersOf(exchange));
		expect(headers.get("anthropic-beta")).toBe("a,b");
		expect(headers.get("x-stainless-lang")).toBe("js");
		expect(headers.get("idempotency-key")).toBe("k");
		expect(headers.get("accept-encoding")).toBe("identity");
		expect(headers.get("host")).toBe(new URL(rig.simulator.url).host);
	});

	test("upstream's reply headers cross, but for the connection's own", async () => {
		const { reply, exchange } = await send({
			name: "",
			path: "/anthropic/v1/messages",
			body: message,
			status: 200,
			script: { hop_by_hop: true },
		});
		const sent = exchange.sent.rawHeaders.map((text) => text.toLowerCase());
		expect(sent).toContain("set-cookie");
		for (const name of ["set-cookie", "server", "keep-alive"])
			expect(reply.headers.has(name)).toBe(false);
		expect(reply.headers.get("request-id")).toStartWith("req_");
		expect(reply.headers.has("anthropic-organization-id")).toBe(true);
		expect(reply.headers.has("anthropic-ratelimit-requests-remaining")).toBe(
			true,
		);
		expect(reply.headers.get("x-litellm-call-id")).toMatch(/^[0-9a-f-]{36}$/);
		const listed =
			exchange.sent.rawHeaders[sent.indexOf("connection") + 1] ?? "";
		for (const name of listed.split(","))
			expect(reply.headers.has(name.trim())).toBe(false);
	});
});

test("a client that names no API version gets the older one; any other is left alone", async () => {
	for (const [sent, received] of [
		[undefined, "2023-06-01"],
		["2026-10-21", "2026-10-21"],
	] as const) {
		rig.simulator.record.clear();
		await fetch(`${rig.url}/v1/messages`, {
			method: "POST",
			headers: {
				authorization: `bearer ${callerKey}`,
				...(sent ? { "anthropic-version": sent } : {}),
			},
			body: message,
		});
		const [exchange] = rig.simulator.record.all();
		const headers = new Map(headersOf(exchange as Exchange));
		expect(headers.get("anthropic-version")).toBe(received);
	}
});

test("the first event reaches the client before upstream sends the second", async () => {
	const reply = await fetch(`${rig.url}/anthropic/v1/messages`, {
		method: "POST",
		headers: {
			authorization: `bearer ${callerKey}`,
			"content-type": "application/json",
			"anthropic-version": "2023-06-01",
			"x-simulator-script": JSON.stringify({ event_delay_ms: 300 }),
		},
		body: message.replace("{", '{"stream":true,'),
	});
	const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
	const first = await reader.read();
	const text = new TextDecoder().decode(first.value);
	expect(text).toContain("event: message_start");
	expect(text).not.toContain("content_block_start");
	const exchange = rig.simulator.record.all().at(-1);
	expect(exchange?.sent.body.lengthBytes).toBe(first.value?.length ?? 0);
	await reader.cancel();
	await rig.simulator.record.waitFor((one) => one.end?.how === "client-gone");
});
