import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { openRig, type Rig } from "../rig.ts";

// The gateway is started, on a machine that may be busy.
setDefaultTimeout(60_000);

let rig: Rig;
beforeAll(async () => {
	rig = await openRig();
});
afterAll(() => rig.stop());

const call = {
	model: "claude-sonnet-5-5",
	max_tokens: 1_000,
	messages: [{ role: "user", content: "toll ".repeat(2_000) }],
};

async function estimate(body: unknown) {
	const reply = await fetch(`${rig.url}/spend/estimate`, {
		method: "POST",
		body: JSON.stringify(body),
	});
	// biome-ignore lint/suspicious/noExplicitAny: each test looks at what it wants
	return { status: reply.status, body: (await reply.json()) as any };
}

test("what a call then costs lies between the two", async () => {
	const { status, body } = await estimate(call);
	expect(status).toBe(200);
	expect(body.calls).toBe(1);
	expect(body.output_tokens).toEqual({ at_least: 1, at_most: 1_000 });
	const reply = await fetch(`${rig.url}/v1/messages`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(call),
	});
	await reply.text();
	const cost = Number(reply.headers.get("x-litellm-response-cost"));
	expect(cost).toBeGreaterThan(body.at_least);
	expect(cost).toBeLessThan(body.at_most);
});

test("a prompt that asks for caching may cost a tenth; a batch half, for each of its calls", async () => {
	const plain = await estimate(call);
	const cached = await estimate({
		...call,
		cache_control: { type: "ephemeral" },
	});
	expect(cached.body.at_least).toBeLessThan(plain.body.at_least / 5);
	expect(cached.body.at_most).toBeGreaterThan(plain.body.at_most);
	const item = (custom_id: string) => ({ custom_id, params: call });
	const batch = await estimate({ requests: [item("a"), item("b")] });
	expect(batch.body.calls).toBe(2);
	expect(batch.body.at_least).toBeCloseTo(plain.body.at_least, 9);
	expect(batch.body.output_tokens.at_most).toBe(2_000);
});

const asked = () =>
	rig.simulator.record.all().map(({ received }) => received.target);

test("upstream counts the prompt, and the two are close; without it they are estimates", async () => {
	rig.simulator.record.clear();
	const told = await estimate({ ...call, count_tokens: false });
	expect(asked()).toEqual([]);
	expect(told.body).toMatchObject({
		counted_by: "estimate",
		counted_calls: 0,
		not_counted: "it was not asked for",
	});
	const { body } = await estimate(call);
	expect(asked()).toEqual(["/v1/messages/count_tokens"]);
	expect(body).toMatchObject({
		counted_by: "count_tokens",
		counted_calls: 1,
		not_counted: null,
	});
	const { at_least, at_most } = body.input_tokens;
	expect(at_most).toBeLessThan(at_least * 1.12);
	expect(at_most).toBeLessThan(told.body.input_tokens.at_most);
	expect(at_least).toBeGreaterThan(told.body.input_tokens.at_least);
});

test("of a batch the first 32 are counted; a file is not, and nor is what upstream refuses", async () => {
	rig.simulator.record.clear();
	const item = (custom_id: number) => ({
		custom_id: String(custom_id),
		params: { ...call, messages: [{ role: "user", content: "toll" }] },
	});
	const requests = Array.from({ length: 40 }, (_, at) => item(at));
	const { body } = await estimate({ requests });
	expect(asked()).toHaveLength(32);
	expect(body).toMatchObject({
		calls: 40,
		counted_by: "both",
		counted_calls: 32,
		not_counted: "of a batch the first 32 are counted",
	});
	const source = { type: "file", file_id: "file_1" };
	const content = [{ type: "document", source }];
	const file = await estimate({
		...call,
		messages: [{ role: "user", content }],
	});
	expect(file.body.not_counted).toContain("files");
	expect(asked()).toHaveLength(32);
	const takeBack = rig.simulator.script(() => ({ error: { status: 529 } }));
	const refused = await estimate({ requests });
	takeBack();
	expect(refused.status).toBe(200);
	expect(refused.body).toMatchObject({
		counted_by: "estimate",
		not_counted: expect.stringContaining("answered 529"),
	});
	// After the first refusals it is left alone.
	expect(asked().length).toBeLessThanOrEqual(32 + 4);
});

test("what is no call is said, and nobody is asked", async () => {
	rig.simulator.record.clear();
	expect((await estimate({ messages: [] })).status).toBe(400);
	const broken = await estimate({ requests: [{}] });
	expect([broken.status, broken.body.error.message]).toEqual([
		400,
		expect.stringContaining("params"),
	]);
	expect(asked()).toEqual([]);
});
