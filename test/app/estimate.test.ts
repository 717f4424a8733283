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

test("nothing is sent, and what is no call is said", async () => {
	const before = rig.simulator.record.all().length;
	await estimate(call);
	expect(rig.simulator.record.all().length).toBe(before);
	expect((await estimate({ messages: [] })).status).toBe(400);
	const broken = await estimate({ requests: [{}] });
	expect([broken.status, broken.body.error.message]).toEqual([
		400,
		expect.stringContaining("params"),
	]);
});
