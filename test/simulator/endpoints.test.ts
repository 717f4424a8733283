import { afterAll, describe, expect, test } from "bun:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { modelAliases, modelTable } from "../../src/simulator/models-table.ts";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { get, headers, post, toBody } from "./requests.ts";

const simulator = await openSimulator();
afterAll(() => simulator.stop());

const newVersion = { "anthropic-version": "2026-10-21" };
const contextManagement = {
	"anthropic-beta": "claude-code-20250219, context-management-2025-06-27",
};

type Row = [
	what: string,
	change: Record<string, unknown>,
	headers: Record<string, string>,
	status: number,
	said: string,
];

/** Requests to /v1/messages and what the API says to them. */
const requests: Row[] = [
	["as it should be", {}, {}, 200, "end_turn"],
	["bearer", {}, { "x-api-key": "", authorization: "bearer sk-a" }, 200, ""],
	["no key", {}, { "x-api-key": "" }, 401, "x-api-key header is required"],
	["no version", {}, { "anthropic-version": "" }, 400, "anthropic-version"],
	["odd version", {}, { "anthropic-version": "2020-01-01" }, 400, "2020-01-01"],
	[
		"a gateway's own member",
		{ litellm_metadata: { tags: [] } },
		{},
		400,
		"litellm_metadata: Extra inputs are not permitted",
	],
	["no model", { model: undefined }, {}, 400, "model: Field required"],
	["no messages", { messages: undefined }, {}, 400, "messages: Field required"],
	["empty messages", { messages: [] }, {}, 400, "at least one message"],
	["no max_tokens", { max_tokens: undefined }, {}, 400, "max_tokens: Field"],
	["max_tokens as text", { max_tokens: "5" }, {}, 400, "max_tokens: Input"],
	["max_tokens null", { max_tokens: null }, {}, 400, "max_tokens: Input"],
	["max_tokens negative", { max_tokens: -1 }, {}, 400, "greater than"],
	["too many tokens", { max_tokens: 8_193 }, {}, 400, "8193 > 8192"],
	["unknown model", { model: "gpt-4" }, {}, 404, "model: gpt-4"],
	["temperature, old version", { temperature: 1 }, {}, 200, ""],
	[
		"temperature, new version",
		{ temperature: 1 },
		newVersion,
		400,
		"temperature: Extra inputs",
	],
	["the new version", {}, newVersion, 200, ""],
	[
		"a beta member without its header",
		{ context_management: {} },
		{},
		400,
		"context_management: Extra inputs",
	],
	[
		"a beta member with its header",
		{ context_management: {} },
		contextManagement,
		200,
		'"context_management":null',
	],
	["an odd beta", {}, { "anthropic-beta": "nonsense" }, 400, "`nonsense`"],
	["max_tokens 0", { max_tokens: 0 }, {}, 200, '"output_tokens":0'],
	["max_tokens 3", { max_tokens: 3 }, {}, 200, '"output_tokens":3'],
	["a stop sequence", { stop_sequences: ["wrote"] }, {}, 200, '"wrote"'],
];

test.each(requests)(
	"messages, %s",
	async (_what, change, more, status, said) => {
		const present = Object.entries({ ...headers, ...more }).filter(
			([, value]) => value !== "",
		);
		const reply = await fetch(`${simulator.url}/v1/messages`, {
			method: "POST",
			headers: Object.fromEntries(present),
			body: toBody(change),
		});
		const text = await reply.text();
		expect(text).toContain(said);
		expect(reply.status).toBe(status);
		if (status === 200) return;
		const error = JSON.parse(text);
		expect(error.type).toBe("error");
		expect(error.request_id).toBe(reply.headers.get("request-id"));
	},
);

test("every model of the table answers under every one of its names", async () => {
	const names = [...modelTable.map(([id]) => id), ...Object.keys(modelAliases)];
	expect(names.length).toBeGreaterThan(40);
	for (const model of names) {
		const reply = await post(simulator, toBody({ model }));
		const message = (await reply.json()) as { model: string };
		expect(message.model).toBe(modelAliases[model] ?? model);
	}
});

describe("replies", () => {
	test("carry what the edge adds", async () => {
		const reply = await post(simulator, toBody());
		expect(reply.headers.get("request-id")).toMatch(/^req_01\w{22}$/);
		expect(reply.headers.get("set-cookie")).toStartWith("__cf_bm=");
		expect(reply.headers.get("server")).toBe("cloudflare");
		expect(reply.headers.get("anthropic-ratelimit-input-tokens-reset")).toBe(
			"2026-11-22T12:00:01Z",
		);
	});

	test.each([
		["br", brotliDecompressSync],
		["gzip", gunzipSync],
	] as const)(
		"of unmetered endpoints are compressed with %s",
		async (coding, decode) => {
			const path = "/v1/models";
			const plain = await get(simulator, path, {
				"accept-encoding": "identity",
			});
			const text = await plain.text();
			const reply = await get(simulator, path, { "accept-encoding": coding });
			expect(reply.headers.get("content-encoding")).toBe(coding);
			const { sent } = simulator.record.all().at(-1) ?? {};
			expect(decode(sent?.body.bytes ?? "").toString()).toBe(text);
		},
	);

	test("of messages are not", async () => {
		const reply = await post(simulator, toBody(), {
			headers: { "accept-encoding": "gzip" },
		});
		expect(reply.headers.has("content-encoding")).toBe(false);
	});
});

test("HEAD /api/hello needs no key", async () => {
	const reply = await fetch(`${simulator.url}/api/hello`, { method: "HEAD" });
	expect(reply.status).toBe(200);
});

test.each(["/", "/v1", "/v1/nothing", "/v1/messages/", "/V1/models"])(
	"%s is the API's 404",
	async (path) => {
		const reply = await get(simulator, path);
		expect(reply.status).toBe(404);
		expect(await reply.json()).toMatchObject({
			type: "error",
			error: { type: "not_found_error" },
		});
	},
);

test("a known path with another method is a 405", async () => {
	expect((await get(simulator, "/v1/messages")).status).toBe(405);
});

test("an answer without a body: 204", async () => {
	const created = await post(simulator, '{"name":"n"}', {
		path: "/v1/memory_stores",
	});
	const { id } = (await created.json()) as { id: string };
	const reply = await fetch(
		`${simulator.url}/v1/memory_stores/${id}/memories/mem_01`,
		{ method: "DELETE", headers },
	);
	expect(reply.status).toBe(204);
	expect(reply.headers.has("content-length")).toBe(false);
});

test("results_url is absolute and on api.anthropic.com", async () => {
	const body = { requests: [{ custom_id: "a", params: {} }] };
	const created = await post(simulator, JSON.stringify(body), {
		path: "/v1/messages/batches",
		script: { batch_polls: 0 },
	});
	const { id } = (await created.json()) as { id: string };
	const path = `/v1/messages/batches/${id}`;
	const ended = await get(simulator, path);
	expect(await ended.json()).toMatchObject({
		results_url: `https://api.anthropic.com${path}/results`,
		request_counts: { errored: 1 },
	});
	const results = await get(simulator, `${path}/results`);
	expect(results.headers.get("content-type")).toBe("application/x-jsonl");
	expect((await results.text()).endsWith("}\n")).toBe(true);
});

test("the older shapes are selected by the old beta headers", async () => {
	const beta = { "anthropic-beta": "files-api-2025-04-14" };
	const older = await (await get(simulator, "/v1/files", beta)).json();
	expect(older).toEqual({
		data: [],
		has_more: false,
		first_id: null,
		last_id: null,
	});
	const newer = await (await get(simulator, "/v1/files")).json();
	expect(newer).toEqual({ data: [], next_page: null });
});
