import { describe, expect, test } from "bun:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import {
	APICallError,
	generateText,
	experimental_getBatchResults as getBatchResults,
	experimental_getBatchStatus as getBatchStatus,
	RetryError,
	experimental_startBatch as startBatch,
	stepCountIs,
	streamText,
	tool,
	uploadFile,
} from "ai";
import { z } from "zod";
import { toSeededBlock } from "../../src/simulator/seeded.ts";
import { gatewayKey, useTappedRig } from "./tapped-rig.ts";

const tapped = useTappedRig();

const modelId = "claude-sonnet-5-5";

const setups = ["/anthropic/v1", "/v1", "/anthropic"].flatMap((base) =>
	(["apiKey", "authToken"] as const).map((credential) => ({
		name: `AI SDK, ${credential}, base URL <gateway>${base}`,
		sends: credential === "apiKey" ? "x-api-key" : "authorization",
		open: (key = gatewayKey) =>
			createAnthropic({ baseURL: tapped.url + base, [credential]: key }),
	})),
);

const weather = tool({
	inputSchema: z.object({ place: z.string() }),
	execute: async ({ place }) => `Sunny in ${place}`,
});

describe.each(setups)("$name", ({ open, sends }) => {
	test("generateText", async () => {
		const { text, finishReason, usage } = await generateText({
			model: open()(modelId),
			prompt: "Grüße 👋",
		});
		expect(text).toContain("Grüße 👋");
		expect(finishReason).toBe("stop");
		expect(usage.outputTokens).toBeGreaterThan(0);
		const [seen] = tapped.exchanges();
		expect(seen?.request.headers.get(sends)).toEndWith(gatewayKey);
	});

	test("streamText", async () => {
		const result = streamText({ model: open()(modelId), prompt: "Grüße 👋" });
		const parts: string[] = [];
		for await (const part of result.textStream) parts.push(part);
		expect(parts.length).toBeGreaterThan(1);
		expect(parts.join("")).toContain("Grüße 👋");
		expect(await result.finishReason).toBe("stop");
	});

	test("tools, there and back", async () => {
		const { steps, text } = await generateText({
			model: open()(modelId),
			prompt: "Ask get_weather.",
			tools: { get_weather: weather },
			stopWhen: stepCountIs(3),
		});
		expect(steps).toHaveLength(2);
		expect(steps[0]?.toolResults[0]?.output).toBe("Sunny in example");
		expect(text).toContain("the tool has answered");
	});

	test("a batch from creation to results, all of it through the gateway", async () => {
		const provider = open();
		const request = { type: "text", model: modelId, prompt: "Hello" } as const;
		const batch = await startBatch({
			provider,
			requests: [
				{ ...request, id: "first" },
				{ ...request, id: "second" },
			],
		});
		const early = await getBatchStatus({ provider, batch });
		expect(early.status).toBe("pending");
		const ended = await getBatchStatus({ provider, batch });
		expect(ended.status).toBe("completed");
		// Looked at before it is followed: a wrong one would lead the test out of this machine.
		expect(ended.providerMetadata?.anthropic?.resultsUrl).toStartWith(
			`${tapped.url}/`,
		);
		const succeeded: string[] = [];
		for await (const { id, status } of getBatchResults({ provider, batch })) {
			if (status === "succeeded") succeeded.push(id);
		}
		expect(succeeded.sort()).toEqual(["first", "second"]);
		expect(tapped.exchanges().at(-1)?.target).toEndWith(
			`/v1/messages/batches/${batch.id}/results`,
		);
	});

	test("uploadFile", async () => {
		const data = new Uint8Array(toSeededBlock(13));
		const { providerReference } = await uploadFile({
			api: open().files(),
			data,
			mediaType: "application/octet-stream",
			filename: "random.bin",
		});
		expect(providerReference.anthropic).toStartWith("file_");
		const { received } = tapped.rig.simulator.record.all()[0] ?? {};
		expect(Buffer.from(received?.body.bytes ?? "").includes(data)).toBe(true);
	});

	test("a wrong gateway key is an error at once, with our sentence", async () => {
		const failure = await generateText({
			model: open("sk-wrong")(modelId),
			prompt: "Hello",
		}).catch((error) => error);
		expect(APICallError.isInstance(failure)).toBe(true);
		expect(failure.statusCode).toBe(401);
		expect(failure.message).toContain("not known to Tollway");
		expect(tapped.exchanges()).toHaveLength(1);
	});
});

const generate = (options: { maxRetries?: number; base?: string } = {}) =>
	generateText({
		model: createAnthropic({
			baseURL: tapped.url + (options.base ?? "/anthropic/v1"),
			apiKey: gatewayKey,
		})(modelId),
		prompt: "Hello",
		maxRetries: options.maxRetries ?? 2,
	});

describe("AI SDK", () => {
	test("429 first: asked again", async () => {
		tapped.script({
			error: { status: 429 },
			headers: { "retry-after-ms": "5" },
		});
		expect((await generate()).finishReason).toBe("stop");
		expect(tapped.exchanges()).toHaveLength(2);
	});

	test.each([400, 403, 413, 500, 529])(
		"upstream's %i comes in upstream's words",
		async (status) => {
			const message = `Upstream says ${status}, naïvely`;
			tapped.script({ error: { status, message } });
			const failure = await generate({ maxRetries: 0 }).catch((error) => error);
			const cause = RetryError.isInstance(failure)
				? failure.lastError
				: failure;
			if (!APICallError.isInstance(cause)) throw failure;
			expect(cause.statusCode).toBe(status);
			expect(cause.message).toBe(message);
		},
	);

	test("a base URL without /anthropic and /v1 is told the right one", async () => {
		const failure = await generate({ base: "" }).catch((error) => error);
		expect(failure.statusCode).toBe(404);
		expect(failure.responseBody).toContain(`${tapped.url}/anthropic`);
		expect(tapped.exchanges()).toHaveLength(1);
	});
});
