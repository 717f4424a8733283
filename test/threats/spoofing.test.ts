/** Whoever calls in another's name, or for another's money (T-16, T-17). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { openCallers } from "./callers.ts";

const masterKey = "sk-master-of-the-spoofed-0123456789";
let rig: LedgerRig;
const { ask, make } = openCallers(() => rig.url, masterKey);

let own: { key: string; token: string };
let victim: { key: string; token: string };
beforeAll(async () => {
	rig = await openLedgerRig({ env: { TOLLWAY_MASTER_KEY: masterKey } });
	own = await make({
		user_id: "mallory",
		team_id: "red",
		tags: ["of-the-key"],
	});
	victim = await make({ user_id: "ada", team_id: "blue", max_budget: 50 });
});
afterAll(() => rig.stop());

const entryOf = async (headers: object, part: object = {}) => {
	const usual = { model: "claude-sonnet-5-5", max_tokens: 20 };
	const messages = [{ role: "user", content: "hi" }];
	const answer = await ask("/v1/messages", {
		key: own.key,
		headers: headers as Record<string, string>,
		body: { ...usual, messages, ...part },
	});
	expect(answer.status).toBe(200);
	return rig.entryOf(answer.headers.get("x-litellm-call-id"));
};

/** All that says whose call it is and what it costs. */
const toOwner = (entry: Awaited<ReturnType<typeof entryOf>>) => {
	const { keyId, userId, teamId, payer, cost, price, state, kind } = entry;
	return { keyId, userId, teamId, payer, cost, price, state, kind };
};

/** Values that would make it the victim's, or free. */
const names = () => ({
	user_api_key: victim.token,
	user_api_key_hash: victim.token,
	user_api_key_alias: "victim",
	user_api_key_user_id: "ada",
	user_api_key_team_id: "blue",
	user_api_key_org_id: "blue",
	user_api_key_end_user_id: "ada",
	user_api_key_user_role: "proxy_admin",
	user_api_key_spend: 0,
	user_api_key_max_budget: 1_000,
	user_api_key_auth: { token: victim.token },
	user_id: "ada",
	team_id: "blue",
	key_id: victim.token,
	payer: "client",
	response_cost: 0,
	spend: 0,
	cost: 0,
	input_cost_per_token: 0,
	output_cost_per_token: 0,
	custom_pricing: true,
	model_info: { input_cost_per_token: 0 },
	no_log: true,
	"no-log": true,
	mock_response: "free",
});

const headerOf = (name: string) =>
	name.replaceAll("_", "-").replace(/^(?!x-)/, "x-litellm-");

const spoofs: Record<string, () => [headers: object, part: object]> = {
	"headers of the gateway's": () => [
		Object.fromEntries(
			Object.entries(names()).map(([name, value]) => [
				headerOf(name),
				typeof value === "object" ? JSON.stringify(value) : String(value),
			]),
		),
		{},
	],
	"costs in headers, as chained gateways send them": () => [
		{
			"x-litellm-response-cost": "0",
			"x-litellm-response-cost-original": "0",
			"x-litellm-total-tokens": "0",
			"x-litellm-key-spend": "0",
			"x-litellm-model-id": "free",
			"x-litellm-disable-logging": "true",
		},
		{},
	],
	litellm_metadata: () => [{}, { litellm_metadata: names() }],
	"litellm_metadata within itself": () => [
		{},
		{ litellm_metadata: { litellm_metadata: names(), metadata: names() } },
	],
	spend_logs_metadata: () => [
		{},
		{ litellm_metadata: { spend_logs_metadata: names() } },
	],
	"its header": () => [
		{ "x-litellm-spend-logs-metadata": JSON.stringify(names()) },
		{},
	],
	"tags that look like a subject": () => [
		{ "x-litellm-tags": `key:${victim.token},user:ada,team:blue` },
		{ tags: ["user_id=ada", "team_id=blue", "cost=0"] },
	],
	"a user": () => [{ "x-litellm-customer-id": "ada" }, { user: "ada" }],
	"metadata.user_id": () => [{}, { metadata: { user_id: victim.token } }],
	"a user_id as Claude Code makes it": () => [
		{},
		{
			metadata: {
				user_id: `user_${"a".repeat(64)}_account_${crypto.randomUUID()}_session_${crypto.randomUUID()}`,
			},
		},
	],
	"the victim's key in a header that counts less": () => [
		{ "x-api-key": victim.key, "x-goog-api-key": victim.key },
		{},
	],
};

describe("a call stays its key's, at its price, with", () => {
	for (const [name, toSpoof] of Object.entries(spoofs)) {
		test(name, async () => {
			const [headers, part] = toSpoof();
			const honest = toOwner(await entryOf({}));
			rig.simulator.record.clear();
			const entry = await entryOf(headers, part);
			expect(toOwner(entry)).toEqual(honest);
			expect(honest).toMatchObject({
				keyId: own.token,
				userId: "mallory",
				teamId: "red",
				payer: "operator",
			});
			expect(honest.cost).toBeGreaterThan(0n);
			expect(entry.tags[0]).toBe("of-the-key");
			// Nothing of it goes on, but for what Anthropic defines itself.
			const [exchange] = rig.simulator.record.all();
			const { rawHeaders, body } = exchange?.received ?? {};
			const sent = `${rawHeaders}\n${Buffer.from(body?.bytes ?? []).toString()}`;
			expect(sent).not.toMatch(/litellm|user_api_key|sk-(?!ant-)/i);
		});
	}

	test("tags that crowd out its own: those of the key stay", async () => {
		const tags = Array.from({ length: 500 }, (_, at) => `tag-${at}`);
		const entry = await entryOf({}, { tags });
		expect(entry.tags).toHaveLength(32);
		expect(entry.tags[0]).toBe("of-the-key");
	});
});

test("the victim has spent nothing by all that", async () => {
	const { body } = await ask("/key/info", { key: victim.key });
	expect(body.info.spend).toBe(0);
	const mine = await ask("/key/info", { key: own.key });
	expect(mine.body.info.spend).toBeGreaterThan(0);
});

test("two hundred calls under one id are two hundred rows, and cost as much", async () => {
	const id = "00000000-0000-7000-8000-000000000001";
	const { key, token } = await make();
	const headers = {
		"x-request-id": id,
		"request-id": id,
		"x-litellm-call-id": id,
		"idempotency-key": id,
		"x-litellm-trace-id": id,
		"x-client-request-id": id,
		traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
	};
	const calls = 200;
	const body = {
		model: "claude-sonnet-5-5",
		max_tokens: 5,
		messages: [{ role: "user", content: "hi" }],
		litellm_call_id: id,
		litellm_metadata: { litellm_call_id: id, request_id: id },
	};
	const answers = await Promise.all(
		Array.from({ length: calls }, () =>
			ask("/v1/messages", { key, headers, body }),
		),
	);
	const ids = answers.map((one) => one.headers.get("x-litellm-call-id"));
	expect(new Set(ids).size).toBe(calls);
	for (const { status, headers: got } of answers) {
		expect(status).toBe(200);
		expect(JSON.stringify([...got])).not.toContain(id);
	}
	for (const one of ids) await rig.entryOf(one);
	const rows = (await rig.entries()).filter(({ keyId }) => keyId === token);
	expect(new Set(rows.map((row) => row.id))).toEqual(new Set(ids as string[]));
	const sum = rows.reduce((all, { cost }) => all + (cost ?? 0n), 0n);
	const { body: info } = await ask("/key/info", { key });
	expect(info.info.spend).toBeCloseTo(Number(sum) / 1e9, 9);
});
