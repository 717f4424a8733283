import { afterAll, beforeAll, expect, test } from "bun:test";
import { engines, type TestStore } from "../store/engines.ts";
import { openSpendApp } from "./spend-app.ts";

const nowMs = Date.UTC(2026, 10, 22, 18);
let store: TestStore;
let app: ReturnType<typeof openSpendApp>;

beforeAll(async () => {
	const sqlite = engines.find(({ name }) => name === "SQLite");
	store = await (sqlite as (typeof engines)[number]).open();
	app = openSpendApp(store, { nowMs });
});
afterAll(() => store.stop());

const calculate = (body: unknown) => app.post("/spend/calculate", body);

const message = {
	id: "msg_1",
	type: "message",
	model: "claude-sonnet-5-5",
	content: [{ type: "text", text: "Hi" }],
	usage: {
		input_tokens: 1_000,
		output_tokens: 300,
		cache_creation_input_tokens: 2_500,
		cache_read_input_tokens: 10_000,
		cache_creation: {
			ephemeral_5m_input_tokens: 2_000,
			ephemeral_1h_input_tokens: 500,
		},
	},
};

test("a reply of Anthropic's costs what its usage says, exactly", async () => {
	const { status, body } = await calculate({ completion_response: message });
	expect(status).toBe(200);
	expect(body).toMatchObject({
		cost_state: "exact",
		model: "claude-sonnet-5-5",
		input_tokens: 1_000,
		output_tokens: 300,
		cache_creation_input_tokens: 2_500,
		cache_read_input_tokens: 10_000,
		price: "claude-sonnet-5-5@2026-10-07",
		notes: [],
	});
	expect(body.cost_usd).toBe("0.013");
	expect(body.cost).toBe(Number(body.cost_usd));
});

test("a long one too", async () => {
	const content = [{ type: "text", text: "x".repeat(100_000) }];
	const long = await calculate({
		completion_response: { ...message, content },
	});
	const short = await calculate({ completion_response: message });
	expect(long.body).toEqual(short.body);
});

test("one in OpenAI's shape", async () => {
	const { body } = await calculate({
		completion_response: {
			object: "chat.completion",
			model: "claude-sonnet-5-5",
			choices: [],
			usage: {
				prompt_tokens: 1_000,
				completion_tokens: 300,
				total_tokens: 1_300,
			},
		},
	});
	expect(body).toMatchObject({ input_tokens: 1_000, output_tokens: 300 });
	expect(body.cost).toBeGreaterThan(0);
});

test("messages alone are a guess", async () => {
	const { status, body } = await calculate({
		model: "claude-sonnet-5-5",
		messages: [
			{ role: "user", content: "x".repeat(3_000) },
			{
				role: "user",
				content: [
					{ type: "text", text: "é".repeat(250) },
					{
						type: "image",
						source: { type: "base64", data: "A".repeat(90_000) },
					},
				],
			},
		],
	});
	expect(status).toBe(200);
	// 3,500 bytes of text and a few of roles, and an image
	expect(body.input_tokens).toBeGreaterThanOrEqual(2_600);
	expect(body.input_tokens).toBeLessThan(2_610);
	expect(body).toMatchObject({ output_tokens: 0, cost_state: "estimated" });
	expect(body.cost).toBeGreaterThan(0);
});

test("a model that nobody knows is priced as configured", async () => {
	const asked = {
		model: "some-model",
		messages: [{ role: "user", content: "hello" }],
	};
	const dearest = await calculate(asked);
	expect(dearest.body).toMatchObject({ cost_state: "estimated" });
	expect(dearest.body.cost).toBeGreaterThan(0);
	const other = openSpendApp(store, { nowMs, unknownModel: "unpriced" });
	const unpriced = await other.post("/spend/calculate", asked);
	expect(unpriced.body).toMatchObject({ cost: 0, cost_state: "unpriced" });
});

const { usage: _usage, ...silent } = message;

test.each<[string, unknown, string]>([
	["nothing", {}, "Send either model and messages, or completion_response"],
	["no body", "", "must be JSON"],
	["torn", '{"model": "x"', "must be JSON"],
	["a list", [], "must be an object"],
	["null", null, "must be an object"],
	["no messages", { model: "x" }, "Send either"],
	["no model", { messages: [] }, "Send either"],
	[
		"messages as text",
		{ model: "x", messages: "hi" },
		"messages: must be a list",
	],
	["a reply as text", { completion_response: "hi" }, "must be an object"],
	["a reply without usage", { completion_response: silent }, "no usage"],
	[
		"a reply with usage that is none",
		{ completion_response: { ...message, usage: { input_tokens: -1 } } },
		"no usage",
	],
	[
		"usage null",
		{ completion_response: { ...message, usage: null } },
		"no usage",
	],
	[
		"a reply without a model",
		{ completion_response: { usage: message.usage } },
		"model",
	],
	["nested too deep", `{"messages":${"[".repeat(200_000)}`, "must be JSON"],
])("400: %s", async (_what, body, why) => {
	const answer = await calculate(body);
	expect(answer.status).toBe(400);
	expect(answer.body.error.message).toContain(why);
});

test("nested deep, as JSON may be", async () => {
	const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
	const { status } = await calculate(
		`{"model":"claude-sonnet-5-5","messages":${deep(5_000)}}`,
	);
	expect(status).toBe(200);
	const reply = await calculate(`{"completion_response":{"x":${deep(5_000)}}}`);
	expect(reply.status).toBe(400);
});

test("a body that is too long is refused", async () => {
	const { status } = await calculate({
		model: "m",
		messages: ["x".repeat(4 * 1024 * 1024)],
	});
	expect(status).toBe(413);
});
