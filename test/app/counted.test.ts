/** Before a call is refused for want of money, upstream is asked how long its prompt really is. */
import {
	afterAll,
	beforeAll,
	beforeEach,
	describe,
	expect,
	test,
} from "bun:test";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import type { Script } from "../../src/simulator/script.ts";
import { send } from "../ledger-rig.ts";
import { upstreamKey } from "../rig.ts";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
});
afterAll(() => op.stop());
beforeEach(() => op.rig.simulator.record.clear());

const countPath = "/v1/messages/count_tokens";

/** 90 KB: estimated at 45,000 tokens, counted as 22,500 by the simulator. */
const long = {
	model: "claude-sonnet-5-5",
	max_tokens: 100,
	messages: [{ role: "user", content: "Tell me of tolls. ".repeat(5_000) }],
};
/** Between what the estimate holds ($0.1) and what the count does ($0.053). */
const between = 0.07;

const exchanges = () => op.rig.simulator.record.all();
const counts = () =>
	exchanges().filter(({ received }) => received.target.startsWith(countPath));
const served = () =>
	exchanges().filter(({ received }) =>
		/^\/v1\/(messages|chat\/completions)(\?|$)/.test(received.target),
	);

const make = async (fields: object) =>
	(await op.manage("/key/generate", fields)) as { key: string; token: string };

const ask = (
	key: string,
	part: object = {},
	rest: Parameters<typeof send>[1] = {},
) =>
	send(op.rig.url, {
		path: "/anthropic/v1/messages?beta=true",
		body: { ...long, ...part },
		...rest,
		headers: { authorization: `Bearer ${key}`, ...rest.headers },
	});

/** What upstream does when it is asked to count. */
async function withCounting<T>(script: Script, run: () => Promise<T>) {
	const undo = op.rig.simulator.script(({ target }) =>
		target.startsWith(countPath) ? script : undefined,
	);
	try {
		return await run();
	} finally {
		undo();
	}
}

describe("where the count makes room", () => {
	test("the call goes on: one free question, with what counts of body and headers", async () => {
		const { key } = await make({ max_budget: between, rpm_limit: 1 });
		const more = {
			stream: true,
			temperature: 1,
			system: "Be brief.",
			metadata: { user_id: "u" },
		};
		const body = JSON.stringify({ ...long, ...more });
		const reply = await ask(
			key,
			{},
			{
				body,
				headers: { "anthropic-beta": "context-management-2025-06-27" },
			},
		);
		expect(reply.status).toBe(200);
		await reply.text();
		expect(exchanges()).toHaveLength(2);
		const [question, call] = exchanges();
		const { model, messages } = long;
		expect(question?.received.target).toBe(`${countPath}?beta=true`);
		expect(
			JSON.parse(Buffer.from(question?.received.body.bytes ?? []).toString()),
		).toEqual({ model, messages, system: "Be brief." });
		const headers = question?.received.rawHeaders.join("\n");
		expect(headers).toContain("anthropic-beta\ncontext-management-2025-06-27");
		expect(headers).toContain("anthropic-version\n2023-06-01");
		expect(headers).toContain(`x-api-key\n${upstreamKey}`);
		expect(Buffer.from(call?.received.body.bytes ?? []).toString()).toBe(body);
		const id = reply.headers.get("x-litellm-call-id");
		const { held, cost, family } = await op.rig.entryOf(id);
		expect(family).toBe("messages");
		expect(Number(held)).toBeLessThan(between * 1e9);
		expect(Number(cost)).toBeLessThan(Number(held));
		// Nothing is written of the question, and its minute had one call in it.
		const rows = await op.rig.entries();
		expect(rows.filter(({ family }) => family === "count_tokens")).toEqual([]);
		const next = await ask(key);
		expect(next.headers.get("rate_limit_type")).toBe("requests");
	});

	test("also beside calls that run, where only their holds were in the way", async () => {
		const { key } = await make({ max_budget: 0.16 });
		const script = JSON.stringify({ delay_ms: 600 });
		const running = ask(key, {}, { headers: { "x-simulator-script": script } });
		const { record } = op.rig.simulator;
		await record.waitUntil(() => record.open() > 0);
		expect((await ask(key)).status).toBe(200);
		expect(counts()).toHaveLength(1);
		const third = await ask(key);
		expect(third.status).toBe(429);
		expect((await third.json()).error.type).toBe("rate_limit_error");
		expect(third.headers.get("retry-after")).toBe("2");
		expect((await running).status).toBe(200);
	});

	test.each<[string, Parameters<typeof send>[1], object]>([
		["of a compressed body", { headers: { "content-encoding": "gzip" } }, {}],
		["under another name for the model", {}, { model: "quick" }],
		["with members for the gateway", {}, { user: "u", tags: ["t"] }],
		[
			"with a PDF in the body",
			{},
			{
				messages: [
					{
						role: "user",
						content: [
							{
								type: "document",
								source: {
									type: "base64",
									media_type: "application/pdf",
									data: "aGk=",
								},
							},
						],
					},
				],
			},
		],
	])("%s", async (_name, rest, part) => {
		const { key } = await make({
			max_budget: between,
			aliases: { quick: long.model },
		});
		const text = JSON.stringify({ ...long, ...part });
		const reply = await fetch(`${op.rig.url}/v1/messages`, {
			method: "POST",
			headers: { authorization: `Bearer ${key}`, ...rest?.headers },
			body: rest?.headers ? gzipSync(text) : text,
		});
		expect(reply.status).toBe(200);
		expect(counts()).toHaveLength(1);
		expect(served()).toHaveLength(1);
	});
});

describe("the first refusal stands", () => {
	test.each<[string, Script]>([
		["where upstream fails", { error: { type: "overloaded_error" } }],
		["where it refuses", { error: { type: "invalid_request_error" } }],
		["where it breaks off", { reset: "before_head" }],
		["where it sends a page", { error: { status: 502, form: "html" } }],
		["where it sends no end of bytes", { big_bytes: 200_000 }],
		["where it is silent, after two seconds", { silent: true }],
	])("%s", async (_name, script) => {
		const { key } = await make({ max_budget: between });
		const startMs = performance.now();
		const reply = await withCounting(script, () => ask(key));
		expect(reply.status).toBe(429);
		expect(performance.now() - startMs).toBeLessThan(4_000);
		const { error } = await reply.json();
		expect(error.type).toBe("billing_error");
		expect(error.message).toMatch(/may cost up to \$0\.1/);
		expect(counts()).toHaveLength(1);
		expect(served()).toEqual([]);
	});

	test("where what was counted has no room either; it says the smaller amount", async () => {
		const { key } = await make({ max_budget: 0.02 });
		const { error } = await (await ask(key)).json();
		expect(error.type).toBe("billing_error");
		expect(error.message).toMatch(/may cost up to \$0\.05/);
		expect(counts()).toHaveLength(1);
	});

	test("and the next call asks anew", async () => {
		const { key } = await make({ max_budget: between });
		await withCounting({ error: { type: "api_error" } }, () => ask(key));
		expect((await ask(key)).status).toBe(200);
	});
});

describe("upstream is not asked", () => {
	/** The key's own: of others' files it would hear nothing. */
	const upload = async (key: string) => {
		const form = new FormData();
		form.set("file", new File(["Toll"], "toll.txt"));
		const reply = await fetch(`${op.rig.url}/anthropic/v1/files`, {
			method: "POST",
			headers: { authorization: `Bearer ${key}` },
			body: form,
		});
		const { id } = (await reply.json()) as { id: string };
		return { type: "document", source: { type: "file", file_id: id } };
	};
	const url = {
		type: "image",
		source: { type: "url", url: "https://example.com/a.png" },
	};
	const say = (block: object) => ({
		messages: [{ role: "user", content: [block] }],
	});
	test.each<[string, object, object, string?]>([
		["where the output alone has no room", {}, { max_tokens: 10_000 }],
		["where all is spent", { spend: 1, max_budget: 1 }, {}],
		["of what is at a URL", {}, say(url)],
		[
			"of what server tools will add",
			{},
			{ tools: [{ type: "web_search_20250305", name: "web_search" }] },
		],
		["for tokens a minute", { max_budget: 9, tpm_limit: 30_000 }, {}],
		["for a chat completion", {}, {}, "/v1/chat/completions"],
	])("%s", async (_name, fields, part, path = "/v1/messages") => {
		const { key } = await make({ max_budget: between, ...fields });
		const reply = await ask(key, part, { path });
		expect(reply.status).toBe(429);
		expect(exchanges()).toEqual([]);
	});

	test("of files, which have no size in the body", async () => {
		const { key } = await make({ max_budget: between });
		const part = say(await upload(key));
		op.rig.simulator.record.clear();
		expect((await ask(key, part)).status).toBe(429);
		expect(exchanges()).toEqual([]);
	});

	test("twice: a body that fits is not counted", async () => {
		const { key } = await make({ max_budget: 0.2 });
		expect((await ask(key)).status).toBe(200);
		expect(counts()).toEqual([]);
	});
});

test.each([true, false])(
	"a client that leaves ends the question (stream: %p)",
	async (stream) => {
		const { key, token } = await make({ max_budget: between });
		const leave = new AbortController();
		const { record } = op.rig.simulator;
		await withCounting({ silent: true }, async () => {
			const left = ask(key, { stream }, { signal: leave.signal });
			await record.waitUntil(() => record.open() > 0);
			leave.abort();
			await expect(left).rejects.toThrow();
			const startMs = performance.now();
			await record.waitUntil(() => record.open() === 0);
			expect(performance.now() - startMs).toBeLessThan(1_000);
		});
		expect(counts()[0]?.end?.how).toBe("client-gone");
		expect(served()).toEqual([]);
		const rows = await op.rig.waitForEntries(1);
		const mine = rows.filter(({ keyId }) => keyId === token);
		for (const { cost } of mine) expect(Number(cost)).toBe(0);
		// Nothing of it is held.
		expect((await ask(key)).status).toBe(200);
	},
);
