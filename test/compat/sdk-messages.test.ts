import { afterEach, describe, expect, test } from "bun:test";
import type Sdk from "@anthropic-ai/sdk";
import { sdkSetups, sdks } from "./clients.ts";
import { gatewayKey, useTappedRig } from "./tapped-rig.ts";

const tapped = useTappedRig();

const question = {
	model: "claude-sonnet-5-5",
	max_tokens: 2_000,
	messages: [{ role: "user" as const, content: "Grüße, world 👋" }],
};

const weather = {
	name: "get_weather",
	description: "The weather of a place",
	input_schema: {
		type: "object" as const,
		properties: { place: { type: "string" as const } },
		required: ["place"],
	},
};

describe.each(sdkSetups)("$name", ({ open, sends, mount }) => {
	const openClient = () => open(tapped.url, gatewayKey);

	test("create", async () => {
		const message = await openClient().messages.create(question);
		expect(message.model).toBe("claude-sonnet-5-5");
		expect(message.stop_reason).toBe("end_turn");
		expect(message.usage.output_tokens).toBeGreaterThan(0);
		const [block] = message.content;
		expect(block?.type === "text" && block.text).toContain("Grüße, world 👋");
		const [seen] = tapped.exchanges();
		expect(seen?.target).toBe(`${mount}/v1/messages`);
		expect(seen?.request.headers.get(sends)).toEndWith(gatewayKey);
		expect(seen?.reply?.headers.get("request-id")).toStartWith("req_");
		expect(message._request_id).toBe(
			seen?.reply?.headers.get("request-id") ?? "missing",
		);
	});

	test("stream: text as it comes, then the whole message", async () => {
		const client = openClient();
		const plain = await client.messages.create(question);
		const stream = client.messages.stream(question);
		let text = "";
		stream.on("text", (delta) => {
			text += delta;
		});
		const streamed = await stream.finalMessage();
		expect<unknown>(streamed.content).toEqual(plain.content);
		expect(streamed.usage.output_tokens).toBe(plain.usage.output_tokens);
		const [block] = streamed.content;
		expect(block?.type === "text" && block.text).toBe(text);
		expect(stream.request_id).toStartWith("req_");
	});

	test("stream: events one by one", async () => {
		const events = await openClient().messages.create({
			...question,
			stream: true,
		});
		const types: string[] = [];
		for await (const { type } of events) types.push(type);
		expect(types[0]).toBe("message_start");
		expect(types).toContain("content_block_delta");
		expect(types.at(-1)).toBe("message_stop");
	});

	test("tools, there and back", async () => {
		const client = openClient();
		const messages: Sdk.MessageParam[] = [
			{ role: "user", content: "Ask get_weather." },
		];
		const asked = await client.messages
			.stream({ ...question, tools: [weather], messages })
			.finalMessage();
		expect(asked.stop_reason).toBe("tool_use");
		const call = asked.content.find(({ type }) => type === "tool_use");
		if (call?.type !== "tool_use") throw new Error("no tool was called");
		expect(call.input).toEqual({ place: "example" });
		const answered = await client.messages.create({
			...question,
			tools: [weather],
			messages: [
				...messages,
				{ role: "assistant", content: asked.content },
				{
					role: "user",
					content: [
						{ type: "tool_result", tool_use_id: call.id, content: "Sunny" },
					],
				},
			],
		});
		expect(answered.stop_reason).toBe("end_turn");
	});

	test("countTokens", async () => {
		const client = openClient();
		const { max_tokens: _none, ...counted } = question;
		const { input_tokens } = await client.messages.countTokens(counted);
		const message = await client.messages.create(question);
		expect(input_tokens).toBe(message.usage.input_tokens);
	});

	test("models, across pages and one by alias", async () => {
		const client = openClient();
		const ids: string[] = [];
		for await (const { id } of client.models.list({ limit: 5 })) ids.push(id);
		expect(ids).toContain("claude-sonnet-5-5");
		expect(tapped.exchanges().length).toBeGreaterThan(1);
		const model = await client.models.retrieve("claude-opus-4-5");
		expect(model.id).toBe("claude-opus-4-5-20251101");
	});
});

describe.each(sdks)("SDK %s, told by the environment alone", (_, Client) => {
	const names = [
		"ANTHROPIC_BASE_URL",
		"ANTHROPIC_API_KEY",
		"ANTHROPIC_AUTH_TOKEN",
	] as const;
	const before = names.map((name) => process.env[name]);
	afterEach(() => {
		for (const [at, name] of names.entries()) setVariable(name, before[at]);
	});

	test.each(["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])(
		"%s",
		async (variable) => {
			for (const name of names) setVariable(name, undefined);
			setVariable("ANTHROPIC_BASE_URL", `${tapped.url}/anthropic`);
			setVariable(variable, gatewayKey);
			const message = await new Client().messages.create(question);
			expect(message.stop_reason).toBe("end_turn");
			expect(tapped.exchanges()).toHaveLength(1);
		},
	);
});

function setVariable(name: string, value: string | undefined) {
	if (value === undefined) delete process.env[name];
	else process.env[name] = value;
}
