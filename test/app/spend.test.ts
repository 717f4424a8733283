import { afterAll, beforeAll, expect, test } from "bun:test";
import { openRig, type Rig } from "../rig.ts";

let rig: Rig;
beforeAll(async () => {
	rig = await openRig({
		env: { TOLLWAY_MASTER_KEY: "sk-master-key-0123456789" },
	});
});
afterAll(() => rig.stop());

const headers = { authorization: "Bearer sk-master-key-0123456789" };
const ask = async (path: string) => {
	const reply = await fetch(rig.url + path, { headers });
	return { status: reply.status, body: await reply.json() };
};

/** Asks until the answer is right, for a second at most. */
async function soon<T>(look: () => Promise<T | null>): Promise<T> {
	const deadline = performance.now() + 1_000;
	for (;;) {
		const found = await look();
		if (found !== null) return found;
		if (performance.now() > deadline) throw new Error("it took over a second");
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

const call = async (user: string, tag: string) => {
	const reply = await fetch(`${rig.url}/anthropic/v1/messages`, {
		method: "POST",
		headers,
		body: JSON.stringify({
			model: "claude-sonnet-5-5",
			max_tokens: 50,
			messages: [{ role: "user", content: "hi" }],
			litellm_metadata: { tags: [tag], user },
		}),
	});
	expect(reply.status).toBe(200);
	return {
		callId: String(reply.headers.get("x-litellm-call-id")),
		requestId: String(reply.headers.get("request-id")),
		cost: Number(reply.headers.get("x-litellm-response-cost")),
		message: await reply.json(),
	};
};

test("what a call cost is known by its names, its tag and its end user within a second", async () => {
	const made = await call("alice", "job-214");
	for (const name of [made.callId, made.message.id, made.requestId]) {
		const row = await soon(async () => {
			const { body } = await ask(`/spend/logs?request_id=${name}`);
			return body[0] ?? null;
		});
		expect(row).toMatchObject({
			request_id: made.callId,
			api_key: "litellm_proxy_master_key",
			spend: made.cost,
			end_user: "alice",
			request_tags: ["job-214"],
			metadata: { message_id: made.message.id, cost_state: "exact" },
		});
	}
	expect((await ask("/spend/tags")).body).toEqual([
		{ individual_request_tag: "job-214", log_count: 1, total_spend: made.cost },
	]);
	const customer = await ask("/customer/info?end_user_id=alice");
	expect(customer.body).toMatchObject({ user_id: "alice", spend: made.cost });
	expect((await ask("/global/spend")).body.spend).toBe(made.cost);
	const byKey = await ask("/spend/logs?api_key=sk-master-key-0123456789");
	expect(byKey.body).toHaveLength(1);
	const cost = await fetch(`${rig.url}/spend/calculate`, {
		method: "POST",
		headers,
		body: JSON.stringify({ completion_response: made.message }),
	});
	expect((await cost.json()).cost).toBe(made.cost);
});

test("without the master key nobody sees what was spent, in LiteLLM's envelope", async () => {
	for (const path of ["/spend/logs", "/spend/tags", "/customer/info"]) {
		const reply = await fetch(rig.url + path);
		expect(reply.status).toBe(401);
		const { error } = await reply.json();
		expect(error.code).toBe("401");
	}
	const refused = await ask("/customer/info?end_user_id=nobody");
	expect(refused).toMatchObject({
		status: 404,
		body: { error: { code: "404", param: "end_user_id" } },
	});
});
