import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
	fixedClock,
	openSimulator,
	type Simulator,
} from "../../src/simulator/simulator.ts";
import { post, toBody, toReadEvents } from "./requests.ts";

let nowMs = fixedClock.now();
const simulator = await openSimulator({
	clock: { ...fixedClock, now: () => nowMs },
});
afterAll(() => simulator.stop());
beforeEach(() => simulator.reset());

const handbook = "A sentence to be remembered. ".repeat(300);

function toCached(content: string, ttl?: "1h", text = handbook): string {
	return toBody({
		model: "claude-sonnet-5-5",
		system: [
			{
				type: "text",
				text,
				cache_control: { type: "ephemeral", ...(ttl && { ttl }) },
			},
		],
		messages: [{ role: "user", content }],
	});
}

interface Usage {
	input_tokens: number;
	cache_creation_input_tokens: number;
	cache_read_input_tokens: number;
	cache_creation: Record<string, number>;
	output_tokens: number;
	inference_geo: string;
	speed: string;
}

async function ask(to: Simulator, body: string): Promise<Usage> {
	const reply = await post(to, body);
	const { usage } = (await reply.json()) as { usage: Usage };
	return usage;
}

describe("the prompt cache", () => {
	test("is written first and read afterwards, whatever follows the marker", async () => {
		const first = await ask(simulator, toCached("One"));
		const second = await ask(simulator, toCached("Another question"));
		expect(first.cache_read_input_tokens).toBe(0);
		expect(first.cache_creation_input_tokens).toBeGreaterThan(1_024);
		expect(first.cache_creation).toEqual({
			ephemeral_5m_input_tokens: first.cache_creation_input_tokens,
			ephemeral_1h_input_tokens: 0,
		});
		expect(second.cache_creation_input_tokens).toBe(0);
		expect(second.cache_read_input_tokens).toBe(
			first.cache_creation_input_tokens,
		);
		expect(second.input_tokens).toBeGreaterThan(0);
	});

	test("counts every token once: read, written or neither", async () => {
		const plain = await ask(
			simulator,
			toCached("One").replace(/,"cache_control":\{[^}]*\}/, ""),
		);
		for (let run = 0; run < 2; run++) {
			const usage = await ask(simulator, toCached("One"));
			expect(
				usage.input_tokens +
					usage.cache_creation_input_tokens +
					usage.cache_read_input_tokens,
			).toBe(plain.input_tokens);
		}
	});

	test("grows: what comes after a prefix that was read is written", async () => {
		const { cache_creation_input_tokens: written } = await ask(
			simulator,
			toCached("One"),
		);
		const longer = JSON.parse(toCached(handbook));
		longer.cache_control = { type: "ephemeral", ttl: "1h" };
		const usage = await ask(simulator, JSON.stringify(longer));
		expect(usage.cache_read_input_tokens).toBe(written);
		expect(usage.cache_creation.ephemeral_1h_input_tokens).toBeGreaterThan(0);
		expect(usage.cache_creation.ephemeral_5m_input_tokens).toBe(0);
	});

	test("is not for short prompts, nor shared between models", async () => {
		const short = await ask(simulator, toCached("One", undefined, "Short."));
		expect(short.cache_creation_input_tokens).toBe(0);
		await ask(simulator, toCached("One"));
		const other = toCached("One").replace("sonnet-5-5", "haiku-5-5");
		const usage = await ask(simulator, other);
		expect(usage.cache_read_input_tokens).toBe(0);
	});

	test.each([
		[undefined, 299_000, true],
		[undefined, 301_000, false],
		["1h", 3_599_000, true],
		["1h", 3_601_000, false],
	] as const)("ttl %s, read after %i ms: %p", async (ttl, passMs, read) => {
		await ask(simulator, toCached("One", ttl));
		nowMs += passMs;
		const usage = await ask(simulator, toCached("One", ttl));
		expect(usage.cache_read_input_tokens > 0).toBe(read);
	});

	test("takes four markers and no fifth", async () => {
		const block = {
			type: "text",
			text: "x",
			cache_control: { type: "ephemeral" },
		};
		for (const [count, status] of [
			[4, 200],
			[5, 400],
		] as const) {
			const content = new Array(count).fill(block);
			const messages = [{ role: "user", content }];
			const reply = await post(simulator, toBody({ messages }));
			expect(reply.status).toBe(status);
		}
	});
});

describe("usage says what was served, not what was asked", () => {
	test.each([
		["claude-opus-5-5", { speed: "fast" }, { speed: "fast" }],
		["claude-sonnet-5-5", { speed: "fast" }, { speed: "standard" }],
		["claude-sonnet-5-5", { inference_geo: "us" }, { inference_geo: "us" }],
		["claude-sonnet-5-5", {}, { inference_geo: "global" }],
		["claude-3-haiku-20240307", {}, { inference_geo: "not_available" }],
	])("%s, %j → %j", async (model, asked, served) => {
		const usage = await ask(simulator, toBody({ model, ...asked }));
		expect(usage).toMatchObject(served);
	});
});

test("hidden thinking is billed but not shown", async () => {
	const thinking = { type: "adaptive", display: "omitted" };
	const body = toBody({ model: "claude-sonnet-5-5", thinking, stream: true });
	const text = await (await post(simulator, body)).text();
	expect(text).not.toContain("thinking_delta");
	expect(text).toContain("signature_delta");
	const end = toReadEvents(text).find(({ event }) => event === "message_delta");
	const { usage } = JSON.parse(end?.data ?? "");
	const shownTokens = (await ask(simulator, toBody())).output_tokens;
	const thinkingTokens = usage.output_tokens_details.thinking_tokens;
	expect(thinkingTokens).toBeGreaterThan(0);
	expect(usage.output_tokens).toBe(shownTokens + thinkingTokens);
});

test("the API's test strings give redacted thinking and a refusal", async () => {
	const trigger = (name: string) => [
		{ role: "user", content: `ANTHROPIC_MAGIC_STRING_TRIGGER_${name}` },
	];
	const redacted = await post(
		simulator,
		toBody({
			messages: trigger("REDACTED_THINKING"),
			thinking: { type: "enabled", budget_tokens: 1_024 },
		}),
	);
	expect(await redacted.text()).toContain('"type":"redacted_thinking"');
	const refused = await post(
		simulator,
		toBody({ messages: trigger("REFUSAL") }),
	);
	expect(await refused.json()).toMatchObject({
		content: [],
		stop_reason: "refusal",
		usage: { output_tokens: 0 },
	});
});

test("a script replaces members of the message, usage member by member", async () => {
	const script = {
		message: { model: "claude-opus-5", usage: { output_tokens: 77 } },
	};
	const reply = await post(simulator, toBody(), { script });
	const plain = await ask(simulator, toBody());
	expect(await reply.json()).toMatchObject({
		model: "claude-opus-5",
		usage: { output_tokens: 77, input_tokens: plain.input_tokens },
	});
});

test.each([
	["compaction", ["compaction", "message"], 23_000],
	["advisor", ["message", "advisor_message", "message"], 1_760],
	["fallback", ["message", "fallback_message"], 412],
	["refusal", null, 412],
] as const)(
	"scenario %s has iterations %p",
	async (scenario, types, input_tokens) => {
		const reply = await post(simulator, toBody(), { script: { scenario } });
		const { usage } = (await reply.json()) as {
			usage: { input_tokens: number; iterations: { type: string }[] | null };
		};
		expect(usage.iterations?.map(({ type }) => type) ?? null).toEqual(
			types && [...types],
		);
		expect(usage.input_tokens).toBe(input_tokens);
	},
);
