import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { Entry } from "../../src/domain/entry.ts";
import { toNanos } from "../../src/domain/nanos.ts";
import { engines, type TestStore } from "../store/engines.ts";
import { fill, toCallId } from "../store/fill.ts";
import { openSpendApp } from "./spend-app.ts";

const nowMs = Date.UTC(2026, 10, 22, 18);
const dayMs = 86_400_000;
const keyHash = createHash("sha256").update("sk-virtual").digest("hex");

const masterKeyId = "litellm_proxy_master_key";

/** Of the Entry with everything. */
const wantedRow = {
	call_type: "pass_through_endpoint",
	api_key: keyHash,
	spend: 0.013,
	total_tokens: 13_800,
	prompt_tokens: 13_500,
	completion_tokens: 300,
	startTime: "2026-11-22T12:30:00.000Z",
	endTime: "2026-11-22T12:30:00.812Z",
	completionStartTime: "2026-11-22T12:30:00.790Z",
	request_duration_ms: 812,
	model: "claude-sonnet-5-5",
	model_id: "",
	model_group: "",
	custom_llm_provider: "anthropic",
	api_base: "https://api.anthropic.com/v1/messages",
	user: "u",
	metadata: expect.objectContaining({
		user_api_key: keyHash,
		user_api_key_user_id: "u",
		user_api_key_team_id: "t",
		spend_logs_metadata: { ticket: 7 },
		device_id: "d",
		requester_ip_address: "192.0.2.7",
		status: "success",
		error_information: null,
		usage_object: {
			prompt_tokens: 13_500,
			completion_tokens: 300,
			total_tokens: 13_800,
			cache_read_input_tokens: 10_000,
			cache_creation_input_tokens: 2_500,
		},
		additional_usage_values: { new: 1 },
		cost_state: "exact",
		cost: "0.013",
		payer: "operator",
		message_id: "msg_1",
		upstream_request_id: "req_1",
		cache_read_input_tokens: 10_000,
		cache_creation_input_tokens: 2_500,
	}),
	cache_hit: "False",
	cache_key: "Cache OFF",
	request_tags: ["a", "b"],
	team_id: "t",
	organization_id: null,
	agent_id: null,
	end_user: "Zoë",
	requester_ip_address: "192.0.2.7",
	messages: {},
	response: {},
	proxy_server_request: {},
	session_id: "session-1",
	status: "success",
	mcp_namespaced_tool_name: null,
};

describe.each(engines)("spend on $name", ({ can, open }) => {
	let store: TestStore;
	let app: ReturnType<typeof openSpendApp>;
	let next = 1;
	const add = async (...changes: Partial<Entry>[]) => {
		const entries = await fill(store, changes, { writer: 1, seq: next });
		next += entries.length;
		return entries;
	};
	const addOne = async (changed: Partial<Entry> = {}): Promise<Entry> =>
		(await add(changed))[0] as Entry;
	const idsOf = (rows: { request_id: string }[]) =>
		rows.map(({ request_id }) => request_id);

	beforeEach(async () => {
		if (!can) return;
		next = 1;
		store = await open();
		app = openSpendApp(store, { nowMs });
	});
	afterEach(async () => {
		if (can) await store.stop();
	});

	test.skipIf(!can)("a call is found by each of its names", async () => {
		await addOne({ messageId: "msg_other", upstreamRequestId: "req_other" });
		const { id } = await addOne({
			messageId: "msg_2",
			upstreamRequestId: "req_2",
		});
		for (const request_id of [id, "msg_2", "req_2"]) {
			const { status, body } = await app.get("/spend/logs", { request_id });
			expect(status).toBe(200);
			expect(idsOf(body)).toEqual([id]);
		}
	});

	test
		.skipIf(!can)
		.each([
			toCallId(nowMs, 999),
			"msg_unknown",
			"%",
			"__proto__",
			"' OR '1'='1",
			"\u202e🦊",
		])("a name that nobody has, %p, is an empty array", async (request_id) => {
		await addOne();
		const answer = await app.get("/spend/logs", { request_id });
		expect(answer).toEqual({ status: 200, body: [] });
	});

	test.skipIf(!can)(
		"a row has LiteLLM's columns and what ours adds",
		async () => {
			const entry = await addOne({
				streamed: true,
				keyId: keyHash,
				userId: "u",
				teamId: "t",
				endUser: "Zoë",
				tags: ["a", "b"],
				metadata: '{"spend_logs_metadata":{"ticket":7},"device_id":"d"}',
				sessionId: "session-1",
				clientAddress: "192.0.2.7",
				usageRest: '{"new":1}',
			});
			const { body } = await app.get("/spend/logs", { request_id: entry.id });
			expect(body).toEqual([{ request_id: entry.id, ...wantedRow }]);
		},
	);

	test.skipIf(!can).each<[string, Partial<Entry>, object]>([
		[
			"unpriced",
			{
				cost: null,
				state: "unpriced",
				servedModel: null,
				requestedModel: null,
			},
			{
				spend: 0,
				model: "unknown",
				status: "success",
				metadata: { cost: null, cost_state: "unpriced" },
			},
		],
		[
			"paid by the client",
			{ payer: "client" },
			{ spend: 0, metadata: { cost: "0.013", payer: "client" } },
		],
		[
			"an amount that no float has",
			{ cost: toNanos(9_007_199_254_740_991n) },
			{ spend: 9007199.254740991, metadata: { cost: "9007199.254740991" } },
		],
		[
			"refused",
			{ status: 429, errorType: "rate_limit_error" },
			{
				status: "failure",
				metadata: {
					error_information: {
						error_code: "429",
						error_class: "rate_limit_error",
						llm_provider: "anthropic",
					},
				},
			},
		],
		[
			"an error within the stream",
			{ errorType: "overloaded_error" },
			{ status: "failure" },
		],
		[
			"the client left",
			{ status: 0, end: "client_left" },
			{
				status: "failure",
				metadata: { error_information: { error_class: "client_left" } },
			},
		],
		[
			"metadata that is no JSON",
			{ metadata: "{torn" },
			{ metadata: { spend_logs_metadata: "{torn" } },
		],
	])("a row: %s", async (_what, changed, wanted) => {
		const { id } = await addOne(changed);
		const { body } = await app.get("/spend/logs", { request_id: id });
		expect(body[0]).toMatchObject(wanted);
	});

	test.skipIf(!can)(
		"rows by key, by user, by day, or all, newest first",
		async () => {
			const [a, b, c] = (
				await add(
					{ startedMs: nowMs - 2 * dayMs, keyId: keyHash },
					{ startedMs: nowMs - dayMs, keyId: masterKeyId, userId: "u" },
					{ startedMs: nowMs, keyId: keyHash, userId: "u" },
				)
			).map(({ id }) => id) as [string, string, string];
			const ask = async (query: Record<string, string>) => {
				const { status, body } = await app.get("/spend/logs", query);
				expect(status).toBe(200);
				return idsOf(body);
			};
			expect(await ask({})).toEqual([c, b, a]);
			expect(await ask({ api_key: "sk-virtual" })).toEqual([c, a]);
			expect(await ask({ api_key: keyHash })).toEqual([c, a]);
			expect(await ask({ api_key: "sk-master" })).toEqual([b]);
			expect(await ask({ user_id: "u" })).toEqual([c, b]);
			expect(await ask({ api_key: keyHash, user_id: "nobody" })).toEqual([
				c,
				a,
			]);
			expect(await ask({ user_id: "nobody" })).toEqual([]);
			const days = { start_date: "2026-11-20", end_date: "2026-11-21" };
			expect(await ask({ ...days, summarize: "False" })).toEqual([b, a]);
			expect(await ask({ ...days, summarize: "0", user_id: "u" })).toEqual([b]);
		},
	);

	test.skipIf(!can)("no more than a thousand rows", async () => {
		await add(...Array.from({ length: 1_005 }, () => ({})));
		const { body } = await app.get("/spend/logs");
		expect(body).toHaveLength(1_000);
		expect(body[0].request_id > body[999].request_id).toBe(true);
	});
});
