import { describe, expect, test } from "bun:test";
import { emptyUsage } from "../../../src/domain/usage.ts";
import { meterWhole, openMeter } from "../../../src/gateway/meter/meter.ts";
import {
	emptyReading,
	type Reading,
	toBillable,
} from "../../../src/gateway/meter/reading.ts";
import { encode } from "./pieces.ts";
import { chat } from "./written.ts";

function read(stream: string): Reading {
	const meter = openMeter("chat_completions");
	meter.push(encode(stream));
	meter.end();
	return meter.result();
}

const unmetered = { ...emptyUsage, model: "claude-opus-5-5" };
/** 100 prompt tokens, of which 40 were cached. */
const usage = {
	...unmetered,
	input: 60,
	cacheRead: 40,
	output: 9,
	thinking: 4,
	stopReason: "tool_calls",
};
const reading: Reading = {
	...emptyReading,
	usage,
	known: "all",
	outputEstimate: 9,
	thinks: true,
	messageId: "chatcmpl-1",
};
/** 16 bytes of text and arguments. */
const estimated = {
	...reading,
	known: "nothing",
	outputEstimate: 5,
	thinks: false,
} as const;

const streams: Readonly<Record<string, Reading>> = {
	"chat: usage in a chunk of its own": reading,
	"chat: usage in every chunk": reading,
	"chat: usage with the last choice": reading,
	"chat: CRLF and comments": reading,
	"chat: no end": reading,
	"chat: not asked for usage": {
		...estimated,
		usage: { ...unmetered, stopReason: "tool_calls" },
	},
	"chat: an error": {
		...estimated,
		usage: unmetered,
		errorType: "overloaded_error",
	},
	"chat: a named error": {
		...estimated,
		usage: unmetered,
		errorType: "api_error",
	},
	"chat: a long last chunk": {
		...reading,
		usage: { ...usage, stopReason: "stop" },
		outputEstimate: Math.ceil((16 + 3000) / 3.5),
	},
};

test.each(Object.entries(streams))("%s", (name, wanted) => {
	expect(read(chat[name] ?? "")).toEqual(wanted);
});

test("every written stream is looked at", () => {
	expect(Object.keys(streams).sort()).toEqual(Object.keys(chat).sort());
});

test("usage that is repeated while it writes is not the last word", () => {
	const chunk = (content: string, completion_tokens: number) =>
		`data: ${JSON.stringify({ id: "c", choices: [{ delta: { content } }], usage: { prompt_tokens: 7, completion_tokens } })}\n\n`;
	const cut = read(chunk("a", 1) + chunk("b".repeat(70), 20));
	expect([cut.known, cut.usage.output, cut.usage.input]).toEqual([
		"input",
		20,
		7,
	]);
	expect(cut.outputEstimate).toBe(21);
});

test("usage with content behind it is not the last word", () => {
	const chunk = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
	const said = read(
		chunk({ id: "c", choices: [], usage: { prompt_tokens: 7 } }) +
			chunk({ choices: [{ delta: { content: "a" }, finish_reason: "stop" }] }) +
			"data: [DONE]\n\n",
	);
	expect(said.known).toBe("input");
});

test("where all is known, the estimate is not charged for", () => {
	const said = read(chat["chat: a long last chunk"] ?? "");
	expect(said.outputEstimate).toBeGreaterThan(said.usage.output);
	expect(toBillable(said)).toBe(said.usage);
});

describe("a completion in one piece", () => {
	const completion = {
		id: "chatcmpl-1",
		object: "chat.completion",
		model: "claude-opus-5-5",
		choices: [
			{ index: 0, message: { content: "Hello" }, finish_reason: "tool_calls" },
		],
		usage: {
			prompt_tokens: 100,
			completion_tokens: 9,
			total_tokens: 109,
			prompt_tokens_details: { cached_tokens: 40 },
			completion_tokens_details: { reasoning_tokens: 4 },
		},
	};
	const meter = (change: Record<string, unknown>) =>
		meterWhole(
			encode(JSON.stringify({ ...completion, ...change })),
			"chat_completions",
		);

	test("says what it used", () => {
		expect(meter({})).toEqual(reading);
	});

	const plain = {
		prompt_tokens: 100,
		completion_tokens: 9,
		total_tokens: 109,
	};
	const toCached = (cached_tokens: unknown) => ({
		...plain,
		prompt_tokens_details: { cached_tokens },
	});
	const cases: readonly (readonly [
		what: string,
		usage: unknown,
		input: number,
		cacheRead: number,
		malformed: boolean,
	])[] = [
		["no details", plain, 100, 0, false],
		["empty", { ...plain, prompt_tokens_details: {} }, 100, 0, false],
		["null", { ...plain, prompt_tokens_details: null }, 100, 0, false],
		["more cached than there was", toCached(101), 0, 100, true],
		["a wrong type", toCached("1"), 100, 0, true],
		["no prompt tokens", { completion_tokens: 9 }, 0, 0, true],
	];
	test.each(cases)("%s", (_what, usage, input, cacheRead, malformed) => {
		const said = meter({ usage });
		expect([said.usage.input, said.usage.cacheRead]).toEqual([
			input,
			cacheRead,
		]);
		expect(said.malformed).toBe(malformed);
		const raw = JSON.stringify({ raw: [JSON.stringify(usage)] });
		expect(said.usageRest).toEqual(malformed ? raw : null);
	});

	test("without usage is malformed", () => {
		const said = meter({ usage: null });
		expect([said.known, said.malformed]).toEqual(["nothing", true]);
	});

	test("keeps what has no column", () => {
		const said = meter({
			usage: {
				...plain,
				prompt_tokens_details: { cache_write_tokens: 3, cached_tokens: 1 },
			},
		});
		expect(said.usageRest).toBe(
			'{"prompt_tokens_details":{"cache_write_tokens":3}}',
		);
	});
});
