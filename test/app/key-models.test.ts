/** Which models a key may use, where a body does not say it in its first line. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
});
afterAll(() => op.stop());

const asked = {
	model: "claude-haiku-4-5",
	max_tokens: 40,
	messages: [{ role: "user", content: "Hello, world" }],
};

test.each([
	["in one piece", (body: string) => body],
	["streamed", (body: string) => new Blob([body]).stream()],
])(
	"a batch with an item for a model that is not on the list: %s",
	async (_how, toBody) => {
		const { key } = await op.manage("/key/generate", {
			models: ["claude-haiku-*"],
			allowed_routes: ["/v1/messages/*"],
		});
		const toItem = (part: object, at: number) => ({
			custom_id: `item-${at}`,
			params: { ...asked, ...part },
		});
		const before = op.rig.simulator.record.all().length;
		const post = async (...parts: object[]) => {
			const requests = parts.map(toItem);
			const reply = await fetch(`${op.rig.url}/v1/messages/batches`, {
				method: "POST",
				headers: { authorization: `Bearer ${key}` },
				body: toBody(JSON.stringify({ requests })),
			});
			return { status: reply.status, text: await reply.text() };
		};
		for (const part of [
			{ model: "claude-opus-5" },
			{ fallbacks: [{ model: "claude-opus-5" }] },
		]) {
			const refused = await post({}, part);
			expect(refused.status).toBe(403);
			expect(refused.text).toContain("claude-opus-5");
		}
		const whole = op.rig.simulator.record
			.all()
			.slice(before)
			.filter(({ received }) => received.completeAtMs !== null);
		expect(whole).toEqual([]);
		expect((await post({}, {})).status).toBe(200);
	},
);
