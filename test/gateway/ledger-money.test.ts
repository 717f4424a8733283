/** Who pays, at what price, and that nothing a client says of itself changes it. */
import { afterEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { Entry } from "../../src/domain/entry.ts";
import {
	openLedgerRig,
	readAll,
	send,
	smallBody,
	type TestCall,
} from "../ledger-rig.ts";
import { upstreamKey } from "../rig.ts";

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const undo of cleanUp.splice(0).reverse()) await undo();
});

async function open(env: Record<string, string> = {}) {
	const rig = await openLedgerRig({ env });
	cleanUp.push(rig.stop);
	const call = async (given: TestCall) => {
		const reply = await send(rig.url, given);
		const text = await readAll(reply);
		const entry = await rig.entryOf(reply.headers.get("x-litellm-call-id"));
		return { reply, text, entry };
	};
	return { rig, call };
}

const nanos = (amount: bigint) => amount as NonNullable<Entry["cost"]>;
const usage = { input_tokens: 1_000, output_tokens: 300 };
/** Upstream knows no such model either; what it serves may be new all the same. */
const invented = { body: { model: "claude-opus-9" } };
const served = (model: string) => ({ script: { message: { model, usage } } });

describe("a model without a known price", () => {
	test("dearest: charged as the dearest of its family, of all where it has none, and marked", async () => {
		const { rig, call } = await open();
		const { entry } = await call(served("claude-opus-9"));
		expect(entry).toMatchObject({
			state: "estimated",
			requestedModel: "claude-sonnet-5-5",
			servedModel: "claude-opus-9",
		});
		// Of all Opus that are served today, at $5 and $25.
		expect(entry.cost).toBe(nanos(12_500_000n));
		const other = await call(served("gpt-99"));
		expect(other.entry.state).toBe("estimated");
		expect(other.entry.cost).toBeGreaterThanOrEqual(nanos(12_500_000n));
		// Clients can invent names: there is one row for all of them.
		expect(
			await rig.read(
				"SELECT model, calls FROM @rollups WHERE dimension = 'global'",
			),
		).toEqual([["other", 2]]);
		const asked = await call(invented);
		expect(asked.reply.status).toBe(404);
		expect(asked.entry.held).toBeGreaterThan(other.entry.held);
		expect(asked.entry.cost).toBe(nanos(0n));
	});

	test("refuse: nothing goes upstream", async () => {
		const { rig, call } = await open({ TOLLWAY_UNKNOWN_MODEL: "refuse" });
		const { reply, text, entry } = await call(invented);
		expect(reply.status).toBe(403);
		expect(text).toContain("knows no price for the model");
		expect(entry).toMatchObject({
			state: "exact",
			cost: nanos(0n),
			end: "refused:unknown_model",
		});
		expect(rig.simulator.record.all()).toEqual([]);
		expect((await call({})).reply.status).toBe(200);
	});

	test("unpriced: it runs, and its cost is none, not 0", async () => {
		const { rig, call } = await open({ TOLLWAY_UNKNOWN_MODEL: "unpriced" });
		const { reply, entry } = await call(served("claude-opus-9"));
		expect(entry).toMatchObject({
			state: "unpriced",
			cost: null,
			input: 1_000,
		});
		expect(reply.headers.get("x-litellm-response-cost")).toBeNull();
		expect(
			await rig.read("SELECT cost, unpriced FROM @rollups"),
		).toContainEqual([0, 1]);
	});
});

test("a client's own key pays: the row says so, and no total counts it", async () => {
	const { rig, call } = await open({ ANTHROPIC_API_KEY: "" });
	const own = "sk-ant-api03-own-key-of-the-client-0123456789";
	const { entry } = await call({
		headers: { "x-api-key": own },
		script: { message: { usage } },
	});
	expect(entry).toMatchObject({
		payer: "client",
		state: "exact",
		cost: nanos(5_000_000n),
	});
	expect(
		await rig.read(
			"SELECT calls, input, cost FROM @rollups WHERE dimension = 'global'",
		),
	).toEqual([[1, 1_000, 0]]);
	const refused = await call({});
	expect(refused.reply.status).toBe(401);
	expect(refused.entry.end).toBe("refused:no_upstream_credential");
});

/** Wherever LiteLLM or somebody else might look. */
const spoofs: readonly TestCall[] = [
	{
		headers: {
			"x-litellm-response-cost": "0",
			"x-litellm-key-spend": "0",
			"x-litellm-key-max-budget": "0",
			"x-litellm-model-id": "free",
			"x-litellm-call-id": "chosen-by-the-client",
			"x-litellm-user": "somebody",
			"x-litellm-team-id": "theirs",
			"x-litellm-spend-logs-metadata": '{"user_api_key":"theirs","spend":0}',
		},
	},
	{
		body: {
			litellm_metadata: {
				user_api_key: "hash-of-another-key",
				user_api_key_alias: "theirs",
				user_api_key_user_id: "somebody",
				user_api_key_team_id: "theirs",
				user_api_key_org_id: "theirs",
				model_info: { input_cost_per_token: 0, output_cost_per_token: 0 },
				input_cost_per_token: 0,
				response_cost: 0,
				spend: 0,
				payer: "client",
				price: "free",
				model: "claude-haiku-5-5",
				service_tier: "batch",
			},
		},
	},
	{
		body: { litellm_metadata: JSON.stringify({ team_id: "theirs", cost: 0 }) },
	},
	{
		body: { litellm_call_id: "chosen", litellm_session_id: "s" },
		headers: { "user-agent": "claude-cli/9.9.9 (price: 0)" },
	},
];

describe("labels choose neither key nor price", () => {
	test.each(spoofs.map((call, at) => [at, call] as const))(
		"spoof %d",
		async (_at, spoof) => {
			const { rig, call } = await open({
				TOLLWAY_MASTER_KEY: "sk-gateway-key-of-the-callers-0123456789",
			});
			const authorization = "Bearer sk-gateway-key-of-the-callers-0123456789";
			const { reply, entry } = await call({
				...spoof,
				headers: { ...spoof.headers, authorization },
				script: { message: { usage } },
			});
			expect(reply.status).toBe(200);
			expect(entry).toMatchObject({
				keyId: "litellm_proxy_master_key",
				userId: null,
				teamId: null,
				payer: "operator",
				state: "exact",
				cost: nanos(5_000_000n),
				price: "claude-sonnet-5-5@2026-10-07",
				servedModel: "claude-sonnet-5-5",
			});
			expect(entry.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7/);
			const headers = rig.simulator.record.all()[0]?.received.rawHeaders ?? [];
			expect(headers).toContain(upstreamKey);
			expect(headers.join("\n")).not.toContain("x-litellm");
		},
	);
});

const sha256 = (bytes: string | Uint8Array) =>
	createHash("sha256").update(bytes).digest("hex");

test("TOLLWAY_BODY_HASH: of the bytes as they came, before anything is cut", async () => {
	const { call } = await open({ TOLLWAY_BODY_HASH: "on" });
	for (const stream of [false, true]) {
		const body = JSON.stringify({
			...smallBody,
			stream,
			litellm_metadata: { tags: ["a"] },
		});
		const { text, entry } = await call({ body });
		expect(entry.requestHash).toBe(sha256(body));
		expect(entry.replyHash).toBe(sha256(text));
		expect(entry.requestBytes).toBe(Buffer.byteLength(body));
		expect(entry.replyBytes).toBe(Buffer.byteLength(text));
	}
	const { call: without } = await open();
	const { entry } = await without({});
	expect([entry.requestHash, entry.replyHash]).toEqual([null, null]);
});

test("TOLLWAY_HOLD=strict: every byte is a token", async () => {
	const text = "x".repeat(10_000);
	const body = { messages: [{ role: "user", content: text }], max_tokens: 10 };
	const usual = (await (await open()).call({ body })).entry;
	const strict = (await (await open({ TOLLWAY_HOLD: "strict" })).call({ body }))
		.entry;
	const bytes = BigInt(JSON.stringify({ ...smallBody, ...body }).length);
	const output = 10n * 10_000n;
	// $2 per million tokens of input, and 1.1 times as much in the US.
	const toHold = (tokens: bigint) => ((tokens * 2_000n + output) * 11n) / 10n;
	expect(strict.held).toBe(nanos(toHold(bytes)));
	expect(usual.held).toBe(nanos(toHold((bytes + 1n) / 2n)));
	expect(strict.cost).toBe(usual.cost);
});
