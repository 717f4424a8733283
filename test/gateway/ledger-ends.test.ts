/** However a call ends, one row says how, what it cost and how well that is known. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Entry } from "../../src/domain/entry.ts";
import {
	type LedgerRig,
	openLedgerRig,
	readAll,
	send,
	type TestCall,
} from "../ledger-rig.ts";

const gatewayKey = "sk-gateway-key-of-the-callers-0123456789";
const own = "sk-ant-api03-own-key-of-the-client-0123456789";
const authorization = `Bearer ${gatewayKey}`;

let rig: LedgerRig;
beforeAll(async () => {
	rig = await openLedgerRig({ env: { TOLLWAY_MASTER_KEY: gatewayKey } });
});
afterAll(() => rig.stop());

const call = async (given: TestCall) => {
	const headers = { authorization, ...given.headers };
	const reply = await send(rig.url, { ...given, headers });
	const text = await readAll(reply);
	const entry = await rig.entryOf(reply.headers.get("x-litellm-call-id"));
	return { reply, text, entry };
};

const stream = { stream: true } as const;
/** Of claude-sonnet-5-5, $2 in and $10 out. */
const usage = { input_tokens: 1_000, output_tokens: 300 };
const said = { message: { usage } };
const cost = 5_000_000n as Entry["cost"];
const free = 0n as Entry["cost"];
const long = "All roads lead to tolls, and all tolls to ledgers. ".repeat(20);
const longMessage = {
	...said.message,
	content: [{ type: "text", text: long }],
};

interface Ending {
	readonly name: string;
	readonly call: TestCall;
	readonly row: Partial<Entry>;
	/** Bounds of an estimate, in nano-dollars. */
	readonly between?: readonly [bigint, bigint];
}

/** message_start, content_block_start, ping, three deltas, content_block_stop, message_delta, message_stop. */
const eventsOfThree = 9;
/** Of the simulator's answer in OpenAI's shape. */
const chat = {
	family: "chat_completions",
	input: 8,
	output: 27,
	cost: 286_000n as Entry["cost"],
} as const;

const exact = {
	state: "exact",
	end: "done",
	status: 200,
	payer: "operator",
} as const;
const failed = {
	...exact,
	cost: free,
	price: null,
	input: 0,
	output: 0,
} as const;

const endings: readonly Ending[] = [
	{
		name: "a plain call",
		call: { script: said },
		row: {
			...exact,
			cost,
			streamed: false,
			input: 1_000,
			output: 300,
			price: "claude-sonnet-5-5@2026-10-07",
			requestedModel: "claude-sonnet-5-5",
			servedModel: "claude-sonnet-5-5",
			keyId: "litellm_proxy_master_key",
			stopReason: "end_turn",
			usageRest: null,
		},
	},
	{
		name: "a stream",
		call: { body: stream, script: said },
		row: { ...exact, cost, streamed: true, input: 1_000, output: 300 },
	},
	{
		name: "a chat completion",
		call: { path: "/v1/chat/completions" },
		row: { ...exact, ...chat, streamed: false },
	},
	{
		name: "a streamed chat completion",
		call: {
			path: "/v1/chat/completions",
			body: { ...stream, stream_options: { include_usage: true } },
		},
		row: { ...exact, ...chat, streamed: true },
	},
	{
		name: "a streamed chat completion that is not asked for its usage",
		call: { path: "/v1/chat/completions", body: stream },
		row: {
			state: "estimated",
			end: "done",
			family: "chat_completions",
			streamed: true,
		},
		between: [1n, 1_000_000n],
	},
	...[400, 401, 403, 404, 413, 429, 500, 529].map((status) => ({
		name: `upstream says ${status}`,
		call: { script: { error: { status } } },
		row: { ...failed, status },
	})),
	{
		name: "upstream says 529 to a stream",
		call: { body: stream, script: { error: { status: 529 } } },
		row: { ...failed, status: 529, errorType: "overloaded_error" },
	},
	{
		name: "an error event in the middle of a stream",
		call: {
			body: stream,
			script: {
				message: longMessage,
				repeat_events: 20,
				error_event: { after_events: 10, type: "overloaded_error" },
			},
		},
		row: {
			status: 200,
			state: "estimated",
			errorType: "overloaded_error",
			input: 1_000,
		},
		between: [2_000_000n, cost as bigint],
	},
	{
		name: "a stream that ends behind its last totals, without message_stop",
		call: {
			body: stream,
			script: {
				...said,
				repeat_events: 3,
				// All at once, the runtime would drop what came before the end.
				event_delay_ms: 20,
				truncate: { after_events: eventsOfThree - 1 },
			},
		},
		row: { ...exact, cost, end: "upstream_failed", streamed: true },
	},
	{
		name: "a stream that ends before its last totals",
		call: {
			body: stream,
			script: {
				...said,
				repeat_events: 3,
				// All at once, the runtime would drop what came before the end.
				event_delay_ms: 20,
				truncate: { after_events: eventsOfThree - 2 },
			},
		},
		row: { status: 200, state: "estimated", end: "upstream_failed" },
		between: [2_010_000n, cost as bigint],
	},
	{
		name: "a stream that is reset in the middle",
		call: {
			body: stream,
			script: {
				message: longMessage,
				repeat_events: 20,
				reset: { after_events: 10 },
			},
		},
		row: {
			status: 200,
			state: "estimated",
			end: "upstream_failed",
			input: 1_000,
		},
		between: [2_000_000n, cost as bigint],
	},
	{
		name: "a plain reply that is reset in the middle",
		call: { script: { ...said, reset: "mid_body" } },
		row: {
			status: 502,
			state: "estimated",
			end: "upstream_failed",
			price: "held:input",
		},
		between: [1n, 1_000_000n],
	},
	{
		name: "upstream resets before it answers",
		call: { script: { reset: "before_head" } },
		row: {
			status: 502,
			state: "estimated",
			end: "upstream_failed",
			price: "held:input",
		},
		between: [1n, 1_000_000n],
	},
	{
		name: "a count that is negative",
		call: {
			script: { message: { usage: { input_tokens: -5, output_tokens: 300 } } },
		},
		row: {
			status: 200,
			state: "estimated",
			input: 0,
			output: 300,
			usageRest: expect.stringContaining("-5") as unknown as string,
		},
		between: [3_000_000n, 3_000_000n],
	},
	{
		name: "a usage that is no object",
		call: { script: { message: { usage: "much" } as never } },
		row: { status: 200 },
	},
	{
		name: "counts beyond all measure",
		call: {
			script: {
				message: { usage: { input_tokens: 1e15, output_tokens: 1e15 } },
			},
		},
		row: { status: 200 },
	},
	{
		name: "billed to a user profile",
		call: {
			headers: { "anthropic-beta": "user-profiles-billing-2026-08-12" },
			body: { billing_policy: { bill_to: "user_profile" } },
			script: said,
		},
		row: { ...exact, cost, payer: "user_profile" },
	},
	{
		name: "count_tokens",
		call: {
			path: "/v1/messages/count_tokens",
			body: JSON.stringify({
				model: "claude-sonnet-5-5",
				messages: [{ role: "user", content: "hi" }],
			}),
		},
		row: { ...failed, family: "count_tokens" },
	},
	{
		name: "a list of models",
		call: { path: "/v1/models", method: "GET", body: null },
		row: { ...failed, family: "models", method: "GET" },
	},
	{
		name: "a body that is no JSON",
		call: { body: "{" },
		row: { ...failed, status: 400, end: "refused:malformed_request" },
	},
	{
		name: "Anthropic's administration",
		call: { path: "/v1/organizations/me", method: "GET", body: null },
		row: { ...failed, status: 403, end: "refused:forbidden", family: "admin" },
	},
];

describe("a row for", () => {
	test.each(endings)("$name", async ({ call: given, row, between }) => {
		const { entry } = await call(given);
		expect(entry).toMatchObject(row as object);
		if (between) {
			expect(entry.cost as bigint).toBeGreaterThanOrEqual(between[0]);
			expect(entry.cost as bigint).toBeLessThanOrEqual(between[1]);
		}
		expect(
			await rig.read(`SELECT 1 FROM @holds WHERE id = '${entry.id}'`),
		).toEqual([]);
	});
});

test("a client that leaves in the middle of a stream: what came is estimated, within a second", async () => {
	const leaving = new AbortController();
	const reply = await send(rig.url, {
		headers: { authorization },
		body: stream,
		script: { message: longMessage, repeat_events: 200, event_delay_ms: 20 },
		signal: leaving.signal,
	});
	const reader = reply.body?.getReader();
	await reader?.read();
	await reader?.read();
	leaving.abort();
	const leftMs = performance.now();
	const entry = await rig.entryOf(reply.headers.get("x-litellm-call-id"));
	expect(performance.now() - leftMs).toBeLessThan(1_500);
	expect(entry).toMatchObject({
		status: 200,
		state: "estimated",
		end: "client_left",
		input: 1_000,
	});
	expect(entry.cost as bigint).toBeGreaterThan(2_000_000n);
	expect(entry.cost as bigint).toBeLessThan(cost as bigint);
	await rig.simulator.record.waitUntil(() => rig.simulator.record.open() === 0);
});

test("a client that leaves before a plain reply: read to its end and exact", async () => {
	const leaving = new AbortController();
	const before = (await rig.entries()).length;
	const asked = rig.simulator.record.all().length;
	const sending = send(rig.url, {
		headers: { authorization },
		script: { ...said, delay_ms: 3_400 },
		signal: leaving.signal,
	});
	await rig.simulator.record.waitUntil(
		() =>
			rig.simulator.record.all().length > asked ||
			rig.simulator.record.open() > 0,
	);
	leaving.abort();
	await expect(sending).rejects.toThrow();
	const entry = (await rig.waitForEntries(before + 1)).at(-1);
	expect(entry).toMatchObject({ state: "exact", end: "client_left", cost });
});

test("whoever is not known leaves no row, whatever is asked for", async () => {
	const before = (await rig.entries()).length;
	for (const key of ["", "sk-guessed", own]) {
		const headers = { authorization: `Bearer ${key}` };
		const reply = await send(rig.url, { headers });
		expect(reply.status).toBe(401);
	}
	const { entry } = await call({});
	expect(entry.seq).toBe(before + 1);
});
