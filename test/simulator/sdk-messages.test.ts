import { afterAll, describe, expect, test } from "bun:test";
import Sdk from "@anthropic-ai/sdk";
import OldSdk from "anthropic-sdk-0";
import { scenarioNames } from "../../src/simulator/scenarios.ts";
import { openSimulator } from "../../src/simulator/simulator.ts";

const simulator = await openSimulator({ acceptedKeys: ["sk-right"] });
afterAll(() => simulator.stop());

/** What is used here looks the same in both. */
const sdks: readonly [version: string, Client: typeof Sdk][] = [
	["1.12", Sdk],
	["0.120", OldSdk as unknown as typeof Sdk],
];

const question = {
	model: "claude-sonnet-5-5",
	max_tokens: 2_000,
	messages: [{ role: "user" as const, content: "Hello, world" }],
};

const weather = {
	name: "get_weather",
	input_schema: {
		type: "object" as const,
		properties: { place: { type: "string" }, days: { type: "integer" } },
	},
};

describe.each(sdks)("SDK %s on messages", (_version, Client) => {
	const client = new Client({ apiKey: "sk-right", baseURL: simulator.url });

	test("create", async () => {
		const message = await client.messages.create(question);
		expect(message.model).toBe("claude-sonnet-5-5");
		expect(message.stop_reason).toBe("end_turn");
		expect(message.usage.output_tokens).toBeGreaterThan(5);
		expect(message._request_id).toStartWith("req_");
		const [block] = message.content;
		expect(block?.type === "text" && block.text).toContain("Hello, world");
	});

	test("a stream adds up to the plain reply", async () => {
		const thinking = { type: "enabled" as const, budget_tokens: 1_024 };
		const body = { ...question, thinking };
		const plain = await client.messages.create(body);
		const streamed = await client.messages.stream(body).finalMessage();
		const { id: _plainId, ...rest } = plain;
		const { id: _streamedId, ...streamedRest } = streamed;
		// Signatures follow from the id, which follows from the body: `stream` is part of it.
		const strip = (message: typeof rest) => ({
			...message,
			content: message.content.map((block) =>
				block.type === "thinking" ? { ...block, signature: "" } : block,
			),
		});
		expect(strip(streamedRest)).toMatchObject(strip(rest));
		expect(streamed.content[0]?.type).toBe("thinking");
	});

	test("a tool that the text names is called, with input that fits its schema", async () => {
		const message = await client.messages
			.stream({
				...question,
				messages: [{ role: "user", content: "Ask get_weather." }],
				tools: [weather],
			})
			.finalMessage();
		expect(message.stop_reason).toBe("tool_use");
		expect(message.content.at(-1)).toMatchObject({
			type: "tool_use",
			name: "get_weather",
			input: { place: "example", days: 1 },
		});
	});

	test("web search: blocks arrive whole, input grows, the search is counted", async () => {
		const deltas: unknown[] = [];
		const message = await client.messages
			.stream({
				...question,
				tools: [{ type: "web_search_20250305", name: "web_search" }],
			})
			.on("streamEvent", (event) => {
				if (event.type === "message_delta") deltas.push(event.usage);
			})
			.finalMessage();
		expect(message.content.map(({ type }) => type)).toEqual([
			"server_tool_use",
			"web_search_tool_result",
			"text",
			"text",
		]);
		const cited = message.content[2];
		expect(cited?.type === "text" && cited.citations?.length).toBe(1);
		expect(message.usage.server_tool_use?.web_search_requests).toBe(1);
		expect(message.usage.input_tokens).toBeGreaterThan(2_000);
		expect(deltas).toHaveLength(2);
	});

	test("countTokens", async () => {
		const { max_tokens: _none, ...counted } = question;
		const { input_tokens } = await client.messages.countTokens(counted);
		const message = await client.messages.create(question);
		expect(input_tokens).toBe(message.usage.input_tokens);
	});

	test("a key that is not accepted raises AuthenticationError, at once", async () => {
		const stranger = new Client({ apiKey: "wrong", baseURL: simulator.url });
		simulator.record.clear();
		const failure = await stranger.messages.create(question).catch((e) => e);
		expect(failure).toBeInstanceOf(Client.AuthenticationError);
		expect(failure.requestID).toStartWith("req_");
		expect(simulator.record.all()).toHaveLength(1);
	});

	test.each([
		[400, Client.BadRequestError],
		[403, Client.PermissionDeniedError],
		[404, Client.NotFoundError],
		[409, Client.ConflictError],
		[422, Client.UnprocessableEntityError],
		[429, Client.RateLimitError],
		[500, Client.InternalServerError],
		[529, Client.InternalServerError],
	])("status %i raises its class", async (status, ErrorClass) => {
		const failure = await client.messages
			.create(question, {
				maxRetries: 0,
				headers: { "x-simulator-script": `{"error":{"status":${status}}}` },
			})
			.catch((e) => e);
		expect(failure).toBeInstanceOf(ErrorClass);
		expect(failure.status).toBe(status);
	});

	test("an overloaded reply is retried and then succeeds", async () => {
		let left = 1;
		const take = simulator.script(() =>
			left-- > 0
				? { error: { status: 529 }, headers: { "retry-after-ms": "1" } }
				: undefined,
		);
		const message = await client.messages.create(question);
		take();
		expect(message.type).toBe("message");
		const counts = simulator.record
			.all()
			.slice(-2)
			.map(({ received: { rawHeaders } }) => {
				const at = rawHeaders.findIndex((name) =>
					/^x-stainless-retry-count$/i.test(name),
				);
				return rawHeaders[at + 1];
			});
		expect(counts).toEqual(["0", "1"]);
	});

	test("an error event in a stream raises", async () => {
		const failure = await client.messages
			.stream(question, {
				headers: {
					"x-simulator-script": '{"error_event":{"after_events":4}}',
				},
			})
			.finalMessage()
			.catch((e) => e);
		expect(failure).toBeInstanceOf(Client.APIError);
		expect(failure.message).toContain("Overloaded");
	});

	test("unknown events, comments and odd line ends do no harm", async () => {
		const script = {
			line_end: "crlf",
			comments: true,
			split: { seed: 3 },
			insert: [
				{ after_events: 3, text: 'event: brand_new\ndata: {"a":1}\n\n' },
			],
		};
		const seen: string[] = [];
		const stream = await client.messages.create(
			{ ...question, stream: true },
			{ headers: { "x-simulator-script": JSON.stringify(script) } },
		);
		for await (const event of stream) seen.push(event.type);
		expect(seen[0]).toBe("message_start");
		expect(seen.at(-1)).toBe("message_stop");
	});

	test.each(scenarioNames)(
		"beta scenario %s, plain and streamed",
		async (scenario) => {
			const headers = { "x-simulator-script": JSON.stringify({ scenario }) };
			const plain = await client.beta.messages.create(question, { headers });
			const streamed = await client.beta.messages
				.stream(question, { headers })
				.finalMessage();
			expect(streamed.content.map(({ type }) => type)).toEqual(
				plain.content.map(({ type }) => type),
			);
			expect(streamed.usage.output_tokens).toBe(plain.usage.output_tokens);
			expect(streamed.usage.iterations).toEqual(plain.usage.iterations);
			expect(streamed.stop_reason).toBe(plain.stop_reason);
		},
	);
});
