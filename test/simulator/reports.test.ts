import { afterAll, beforeAll, expect, test } from "bun:test";
import {
	openSimulator,
	type Simulator,
} from "../../src/simulator/simulator.ts";
import { get, post, toBody } from "./requests.ts";

const admin = { "x-api-key": "sk-ant-admin01-right" };
const usagePath = "/v1/organizations/usage_report/messages";
const costPath = "/v1/organizations/cost_report";

let simulator: Simulator;
beforeAll(async () => {
	simulator = await openSimulator({ adminKeys: ["sk-ant-admin01-right"] });
	const script = { scenario: "cache_mix" };
	const body = toBody({ model: "claude-sonnet-5-5" });
	await (await post(simulator, body, { script })).text();
	await (await post(simulator, body, { script })).text();
});
afterAll(() => simulator.stop());

async function ask(path: string, query: string, headers = admin) {
	const reply = await get(simulator, `${path}?${query}`, headers);
	// biome-ignore lint/suspicious/noExplicitAny: each test looks at what it wants
	return { status: reply.status, body: (await reply.json()) as any };
}

const since = "starting_at=2026-11-20T00:00:00Z&ending_at=2026-11-25T00:00:00Z";

test("usage by day and model; what is not grouped by is null", async () => {
	const { body } = await ask(usagePath, `${since}&group_by[]=model`);
	expect(
		body.data.map((one: { results: unknown[] }) => one.results.length),
	).toEqual([0, 0, 1, 0, 0]);
	expect(body.data[2]).toEqual({
		starting_at: "2026-11-22T00:00:00Z",
		ending_at: "2026-11-23T00:00:00Z",
		results: [
			{
				uncached_input_tokens: 2_000,
				cache_creation: {
					ephemeral_5m_input_tokens: 4_000,
					ephemeral_1h_input_tokens: 1_000,
				},
				cache_read_input_tokens: 20_000,
				output_tokens: 600,
				server_tool_use: { web_search_requests: 0 },
				model: "claude-sonnet-5-5",
				api_key_id: null,
				workspace_id: null,
				service_tier: null,
				context_window: null,
				inference_geo: null,
			},
		],
	});
	expect(body).toMatchObject({ has_more: false, next_page: null });
});

test("cost in cents by what was charged for: 0.013 dollars each", async () => {
	const { body } = await ask(costPath, `${since}&group_by[]=description`);
	const { results } = body.data[2];
	const amounts = results.map((one: { token_type: string; amount: string }) => [
		one.token_type,
		one.amount,
	]);
	expect(Object.fromEntries(amounts)).toEqual({
		uncached_input_tokens: "0.4",
		"cache_creation.ephemeral_5m_input_tokens": "1",
		"cache_creation.ephemeral_1h_input_tokens": "0.4",
		cache_read_input_tokens: "0.2",
		output_tokens: "0.6",
	});
	const whole = await ask(costPath, since);
	expect(whole.body.data[2].results).toMatchObject([
		{ amount: "2.6", cost_type: null, model: null, description: null },
	]);
});

test("in pages, by a cursor", async () => {
	const days: string[] = [];
	let page = "";
	do {
		const { body } = await ask(usagePath, `${since}&limit=2${page}`);
		days.push(
			...body.data.map((one: { starting_at: string }) =>
				one.starting_at.slice(8, 10),
			),
		);
		page = body.has_more ? `&page=${encodeURIComponent(body.next_page)}` : "";
	} while (page !== "");
	expect(days).toEqual(["20", "21", "22", "23", "24"]);
});

const refused = [
	[since, {}, 403, "permission_error"],
	[since, { "x-api-key": "sk-ant-admin01-wrong" }, 401, "authentication_error"],
	[since, { "x-api-key": "" }, 401, "authentication_error"],
	["limit=2", admin, 400, "invalid_request_error"],
	[`${since}&limit=32`, admin, 400, "invalid_request_error"],
	[`${since}&group_by[]=mood`, admin, 400, "invalid_request_error"],
	[`${since}&mood=good`, admin, 400, "invalid_request_error"],
	[`${since}&page=2`, admin, 400, "invalid_request_error"],
	["starting_at=yesterday", admin, 400, "invalid_request_error"],
] as const;

test.each([...refused])(
	"%s with %p is %i",
	async (query, headers, status, type) => {
		for (const path of [usagePath, costPath]) {
			const answer = await ask(path, query, headers as typeof admin);
			expect(answer.status).toBe(status);
			expect(answer.body.error.type).toBe(type);
		}
	},
);
