import {
	afterAll,
	beforeAll,
	beforeEach,
	describe,
	expect,
	test,
} from "bun:test";
import { createHash } from "node:crypto";
import type { Exchange } from "../../src/simulator/record.ts";
import { openRig, type Rig, upstreamKey } from "../rig.ts";
import { message, type Scenario, scenarios } from "./relay-scenarios.ts";

const callerKey = "sk-canary-of-the-caller-0123456789";

let rig: Rig;
beforeAll(async () => {
	rig = await openRig({ env: { TOLLWAY_MASTER_KEY: callerKey } });
});
afterAll(() => rig.stop());
beforeEach(() => rig.simulator.record.clear());

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

test("an odd connection header of upstream costs nothing but what it lists", async () => {
	for (const connection of ["keep-alive,", "keep-alive, , x-a b", "x-gone"]) {
		rig.simulator.record.clear();
		const { reply } = await send({
			name: "",
			path: "/anthropic/v1/messages",
			body: message,
			status: 200,
			script: { headers: { connection, "x-gone": "1" } },
		});
		expect(reply.status).toBe(200);
		expect(reply.headers.has("x-gone")).toBe(connection !== "x-gone");
	}
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
