/** What a plain reply tells its client of its cost (LiteLLM's headers, exact). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	type LedgerRig,
	openLedgerRig,
	send,
	type TestCall,
} from "../ledger-rig.ts";

let rig: LedgerRig;
beforeAll(async () => {
	rig = await openLedgerRig();
});
afterAll(() => rig.stop());

const call = async (given: TestCall) => {
	const reply = await send(rig.url, given);
	const body = await reply.text();
	const id = reply.headers.get("x-litellm-call-id");
	const header = (name: string) => reply.headers.get(`x-litellm-${name}`);
	return { reply, body, id, header, entry: await rig.entryOf(id) };
};

const decimal = /^\d+(\.\d+)?$/;

/** In picodollars. */
function toPicos(text: string | null): bigint {
	if (text === null || !decimal.test(text)) throw new Error(`${text}`);
	const [whole = "", part = ""] = text.split(".");
	if (part.length > 12) throw new Error(`${text} has too many places`);
	return BigInt(whole + part.padEnd(12, "0"));
}

const partNames = [
	"input",
	"output",
	"cache-read",
	"cache-creation",
	"tool-usage",
];

/** Worked by hand from the price table. Parts of nothing are not told, but for the first two. */
const costs: readonly (readonly [
	name: string,
	call: TestCall,
	whole: string,
	parts: readonly (string | null)[],
])[] = [
	[
		"Sonnet 5.5: 1,000 in, 2,000 w5m, 500 w1h, 10,000 read, 300 out",
		{ script: { scenario: "cache_mix" } },
		"0.013",
		["0.002", "0.003", "0.001", "0.007", null],
	],
	[
		"Haiku 5.5: 100,001 in, 1,000 out",
		{
			body: { model: "claude-haiku-5-5" },
			script: {
				message: { usage: { input_tokens: 100_001, output_tokens: 1_000 } },
			},
		},
		"0.0525005",
		["0.0500005", "0.0025", null, null, null],
	],
	[
		"Opus 5.5: 3 in, 1 read, 7 out",
		{
			body: { model: "claude-opus-5-5" },
			script: {
				message: {
					usage: {
						input_tokens: 3,
						cache_read_input_tokens: 1,
						output_tokens: 7,
					},
				},
			},
		},
		"0.0001522",
		["0.000012", "0.00014", "0.0000002", null, null],
	],
	[
		"Haiku 5.5 in the US: parts below a nano-dollar, the whole rounded up once",
		{
			body: { model: "claude-haiku-5-5" },
			script: {
				message: {
					usage: {
						input_tokens: 1,
						cache_read_input_tokens: 1,
						output_tokens: 1,
						inference_geo: "us",
					},
				},
			},
		},
		"0.000000671",
		["0.00000011", "0.00000055", "0.000000011", null, null],
	],
	[
		"Sonnet 5.5: 10,682 in, 510 out, 1 search",
		{
			script: {
				message: {
					usage: {
						input_tokens: 10_682,
						output_tokens: 510,
						server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
					},
				},
			},
		},
		"0.036464",
		["0.021364", "0.0051", null, null, "0.01"],
	],
];

describe("costs", () => {
	test.each(costs)("%s", async (_name, given, whole, parts) => {
		const { header, entry } = await call(given);
		expect(header("response-cost")).toBe(whole);
		expect(header("response-cost-original")).toBe(whole);
		const told = partNames.map((name) => header(`response-cost-${name}`));
		expect(told).toEqual([...parts]);
		const sum = told
			.map((text) => toPicos(text ?? "0"))
			.reduce((a, b) => a + b, 0n);
		// Rounded up to nano-dollars, once.
		expect((sum + 999n) / 1_000n).toBe(toPicos(whole) / 1_000n);
		expect(entry.cost as bigint).toBe(toPicos(whole) / 1_000n);
		expect(entry.state).toBe("exact");
	});
});

test("who and where: call id, address, version, spend before this call, times", async () => {
	const { id, header, entry } = await call({
		path: "/anthropic/v1/messages?beta=true",
	});
	expect(entry.id).toBe(String(id));
	expect(entry.path).toBe("/v1/messages");
	expect(header("model-api-base")).toBe(`${rig.simulator.url}/v1/messages`);
	expect(header("version")).toMatch(/^tollway-\d+\.\d+\.\d+/);
	const [duration, overhead] = ["response-duration-ms", "overhead-duration-ms"]
		.map(header)
		.map(Number);
	expect(duration).toBeGreaterThan(0);
	expect(overhead).toBeGreaterThan(0);
	expect(overhead).toBeLessThanOrEqual(duration ?? 0);
	const before = header("key-spend");
	const [row] = await rig.read("SELECT sum(cost) FROM @entries");
	const after = (await call({})).header("key-spend");
	expect(toPicos(after) / 1_000n).toBe(BigInt(row?.[0] ?? 0));
	expect(toPicos(after) - toPicos(before)).toBe((entry.cost ?? 0n) * 1_000n);
});

test("a stream has its call id and nothing else of ours", async () => {
	const { reply, body } = await call({ body: { stream: true } });
	expect(body).toContain("message_stop");
	const ours = [...reply.headers.keys()].filter((name) =>
		name.startsWith("x-litellm-"),
	);
	expect(ours).toEqual(["x-litellm-call-id"]);
});

test("what fails costs nothing, and says so", async () => {
	const { reply, header, entry } = await call({
		script: { error: { status: 529 } },
	});
	expect(reply.status).toBe(529);
	expect(header("response-cost")).toBe("0");
	expect(entry.cost as bigint).toBe(0n);
});

test("what has no known price has no cost, not a cost of 0", async () => {
	const { reply, header, entry } = await call({
		path: "/v1/complete",
		body: JSON.stringify({
			model: "claude-2.1",
			prompt: "\n\nHuman: hi\n\nAssistant:",
			max_tokens_to_sample: 5,
		}),
	});
	expect(reply.status).toBe(200);
	expect(entry.state).toBe("unpriced");
	expect(header("response-cost")).toBeNull();
});

test("a large reply has the same headers", async () => {
	const content = [{ type: "text", text: "x".repeat(300_000) }];
	const takeBack = rig.simulator.script(() => ({ message: { content } }));
	const { header, body } = await call({});
	takeBack();
	expect(body.length).toBeGreaterThan(300_000);
	expect(header("response-cost")).toMatch(decimal);
});
