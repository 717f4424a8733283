import { afterAll, describe, expect, test } from "bun:test";
import { toNanos } from "../../../src/domain/nanos.ts";
import { emptyUsage } from "../../../src/domain/usage.ts";
import { meterWhole, openMeter } from "../../../src/gateway/meter/meter.ts";
import { emptyReading } from "../../../src/gateway/meter/reading.ts";
import { openSimulator } from "../../../src/simulator/simulator.ts";
import { get, post } from "../../simulator/requests.ts";
import { cutAt, encode, feed } from "./pieces.ts";

const usage = {
	input_tokens: 5000,
	output_tokens: 3200,
	cache_read_input_tokens: 20_000,
	cache_creation: {
		ephemeral_5m_input_tokens: 2000,
		ephemeral_1h_input_tokens: 7,
	},
	server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 },
	active_seconds: 12.25,
	list_cost: { amount: "2512", currency: "USD" },
};

const reading = {
	...emptyReading,
	usage: {
		...emptyUsage,
		input: 5000,
		output: 3200,
		cacheRead: 20_000,
		cacheWrite5m: 2000,
		cacheWrite1h: 7,
		webSearches: 2,
	},
	known: "all",
	outputEstimate: 3200,
	usageRest: '{"server_tool_use":{"web_fetch_requests":1}}',
	session: { listCost: toNanos(25_120_000_000n), activeSeconds: 12.25 },
} as const;

const session = {
	id: "sesn_01",
	type: "session",
	agent: { id: "agent_01", model: { id: "claude-opus-5", speed: "standard" } },
	usage,
};
const meter = (change: Record<string, unknown> = {}) =>
	meterWhole(encode(JSON.stringify({ ...session, ...change })), "session");

test("a session tells what it has cost so far", () => {
	expect(meter()).toEqual({
		...reading,
		usage: { ...reading.usage, model: "claude-opus-5" },
		messageId: "sesn_01",
	});
});

const amounts: readonly (readonly [
	cost: unknown,
	nanos: bigint | null,
	malformed: boolean,
])[] = [
	[{ amount: "0", currency: "USD" }, 0n, false],
	[{ amount: "1", currency: "USD" }, 10_000_000n, false],
	[{ amount: "999999999", currency: "USD" }, 9_999_999_990_000_000n, false],
	[{ amount: "0.5", currency: "USD" }, 5_000_000n, false],
	[undefined, null, false],
	[null, null, false],
	[{ amount: 25, currency: "USD" }, null, true],
	[{ amount: "-1", currency: "USD" }, null, true],
	[{ amount: "1e3", currency: "USD" }, null, true],
	[{ amount: "99999999999999999999", currency: "USD" }, null, true],
	[{ amount: "25", currency: "EUR" }, null, true],
	[{ currency: "USD" }, null, true],
	["25", null, true],
];
test.each(amounts)("list cost %j", (list_cost, nanos, malformed) => {
	const said = meter({ usage: { ...usage, list_cost } });
	expect(said.session?.listCost ?? null).toBe(
		nanos === null ? null : toNanos(nanos),
	);
	expect(said.malformed).toBe(malformed);
	if (malformed)
		expect(said.usageRest).toContain(
			JSON.stringify(JSON.stringify(list_cost)).slice(1, -1),
		);
});

test("a session without usage has said nothing", () => {
	expect(meter({ usage: null })).toEqual({
		...emptyReading,
		messageId: "sesn_01",
	});
});

describe("the events of a session", async () => {
	const simulator = await openSimulator();
	afterAll(() => simulator.stop());
	const event = (value: Record<string, unknown>) =>
		`event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
	const stream = encode(
		event({ type: "session.status_running" }) +
			event({ type: "session.usage", usage: { ...usage, input_tokens: 1 } }) +
			event({
				type: "agent.message",
				content: [{ type: "text", text: '"session.usage" '.repeat(200) }],
			}) +
			event({ type: "session.usage", usage }) +
			event({ type: "new", of: "session.usage", usage: { input_tokens: 9 } }) +
			event({ type: "session.error", error: { type: "oh" } }) +
			event({ type: "session.status_idle" }),
	);

	test("carry running totals, and nothing of them is held", () => {
		for (let at = 0; at <= stream.length; at += 11) {
			const meter = openMeter("session");
			const passage = feed(meter, cutAt(stream, [at]));
			expect(passage).toEqual({ handedOn: stream.length, overAfter: null });
			expect(meter.result()).toEqual(reading);
		}
	});

	test("end in the same as the session itself", async () => {
		const body = JSON.stringify({
			agent: "agent_01",
			environment_id: "env_01",
			initial_events: [{ type: "user.message", content: [] }],
		});
		const created = await post(simulator, body, { path: "/v1/sessions" });
		const bytes = await created.bytes();
		const { id } = JSON.parse(new TextDecoder().decode(bytes));
		const { data } = (await (
			await get(simulator, `/v1/sessions/${id}/events`)
		).json()) as { data: Record<string, unknown>[] };
		const events = openMeter("session");
		events.push(encode(data.map(event).join("")));
		const whole = meterWhole(bytes, "session");
		expect(whole.session?.listCost).toBe(toNanos(30_000_000n));
		expect(events.result().session).toEqual(whole.session);
		expect(events.result().usage).toEqual({ ...whole.usage, model: null });
	});
});
