import { afterAll, describe, expect, test } from "bun:test";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { post, toReadEvents } from "./requests.ts";

const simulator = await openSimulator();
afterAll(() => simulator.stop());

describe("POST /v1/complete", () => {
	const path = "/v1/complete";
	const body = { model: "claude-2.1", prompt: "Hi", max_tokens_to_sample: 9 };

	test("plain", async () => {
		const reply = await post(simulator, JSON.stringify(body), { path });
		expect(await reply.json()).toMatchObject({ type: "completion" });
	});
	test("streamed, without usage", async () => {
		const text = JSON.stringify({ ...body, stream: true });
		const reply = await post(simulator, text, { path });
		const events = await reply.text();
		expect(events).not.toContain("usage");
		const said = toReadEvents(events)
			.filter(({ event }) => event === "completion")
			.map(({ data }) => JSON.parse(data).completion);
		expect(said.join("")).toBe(" Hello from the simulator.");
	});
});

describe("POST /v1/chat/completions", () => {
	const path = "/v1/chat/completions";
	const body = {
		model: "claude-sonnet-5-5",
		messages: [{ role: "user", content: "Hello" }],
	};
	interface Chunk {
		choices: { delta: { content?: string }; finish_reason: string | null }[];
		usage?: { total_tokens: number };
	}

	test("needs no anthropic-version", async () => {
		const reply = await fetch(simulator.url + path, {
			method: "POST",
			headers: { authorization: "Bearer k" },
			body: JSON.stringify(body),
		});
		expect(await reply.json()).toMatchObject({
			object: "chat.completion",
			choices: [{ message: { role: "assistant" }, finish_reason: "stop" }],
		});
	});

	test("a stream ends with usage and [DONE], and adds up to the plain reply", async () => {
		const plain = (await (
			await post(simulator, JSON.stringify(body), { path })
		).json()) as { choices: [{ message: { content: string } }]; usage: object };
		const options = { stream: true, stream_options: { include_usage: true } };
		const reply = await post(
			simulator,
			JSON.stringify({ ...body, ...options }),
			{ path },
		);
		const events = toReadEvents(await reply.text());
		expect(events.at(-1)).toEqual({ event: null, data: "[DONE]" });
		const chunks = events
			.slice(0, -1)
			.map(({ data }) => JSON.parse(data) as Chunk);
		const said = chunks.map(({ choices }) => choices[0]?.delta.content ?? "");
		expect(said.join("")).toBe(plain.choices[0].message.content);
		expect(chunks.at(-1)?.usage).toMatchObject(plain.usage);
	});

	test("tools, and OpenAI's envelope for errors", async () => {
		const tool = { name: "look_up", parameters: { type: "object" } };
		const reply = await post(
			simulator,
			JSON.stringify({
				...body,
				messages: [{ role: "user", content: "look_up it" }],
				tools: [{ type: "function", function: tool }],
			}),
			{ path },
		);
		expect(await reply.json()).toMatchObject({
			choices: [{ finish_reason: "tool_calls" }],
		});
		const missed = await post(simulator, '{"model":"x","messages":[]}', {
			path,
		});
		expect(missed.status).toBe(404);
		expect(await missed.json()).toMatchObject({ error: { param: null } });
	});
});
