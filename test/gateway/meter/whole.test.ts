import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { meterWhole, openMeter } from "../../../src/gateway/meter/meter.ts";
import { emptyReading } from "../../../src/gateway/meter/reading.ts";
import { readWhole, scanReply } from "../../../src/gateway/meter/whole.ts";
import { encode } from "./pieces.ts";
import { started } from "./read.ts";
import { recordReplies } from "./recorded.ts";
import { message } from "./written.ts";

const meter = (reply: unknown) =>
	meterWhole(encode(JSON.stringify(reply)), "messages");

/** Longer than what is parsed as a document. */
const longText = { type: "text", text: '\\"é☃🎈 '.repeat(5000) };

describe.each([
	["a short message", []],
	["a long message", [longText]],
])("%s", (_what, before) => {
	const full = {
		...message,
		stop_reason: "end_turn",
		container: { id: "container_01", expires_at: "" },
		content: [
			...before,
			{ type: "fallback", from: { model: "a" }, to: { model: "b" } },
			{ type: "code_execution_tool_result", content: { type: "x" } },
			{ type: "tool_use", input: { usage: {}, model: "no", id: "no" } },
			{ type: "fallback", from: { model: "b" }, to: { model: "c" } },
			{ type: "bash_code_execution_tool_result", content: {} },
		],
	};

	test("says what it used", () => {
		expect(meter(full)).toEqual({
			...emptyReading,
			usage: {
				...started,
				model: "c",
				stopReason: "end_turn",
				codeExecutions: 2,
			},
			known: "all",
			outputEstimate: 3,
			messageId: message.id,
			containerId: "container_01",
		});
	});

	test("without usage is malformed, and nothing is known", () => {
		for (const usage of [undefined, null]) {
			const reading = meter({ ...full, usage });
			expect([reading.known, reading.malformed]).toEqual(["nothing", true]);
			expect(reading.usageRest).toBeNull();
			expect(reading.usage.model).toBe("c");
		}
	});

	test("with members that have no column keeps them", () => {
		const usage = {
			...message.usage,
			server_tool_use: { web_search_requests: 3, web_fetch_requests: 2 },
			fallback_credit: null,
			tokens_of_a_new_kind: { deep: [{ er: 1 }, {}] },
		};
		const reading = meter({ ...full, usage });
		expect(reading.usage.webSearches).toBe(3);
		expect(JSON.parse(reading.usageRest ?? "")).toEqual({
			server_tool_use: { web_fetch_requests: 2 },
			tokens_of_a_new_kind: { deep: [{ er: 1 }, null] },
		});
	});

	test("with usage that cannot be read keeps it word for word", () => {
		const text = '{"input_tokens":12345678901234567890,"output_tokens":-1.5}';
		const reply = JSON.stringify({ ...full, usage: "HERE" });
		const reading = meterWhole(
			encode(reply.replace('"HERE"', text)),
			"messages",
		);
		expect([reading.usage.input, reading.usage.output]).toEqual([0, 0]);
		expect(reading.malformed).toBe(true);
		expect(JSON.parse(reading.usageRest ?? "")).toEqual({ raw: [text] });
	});

	test("that is torn still gives the usage that it had", () => {
		const reply = JSON.stringify({ ...full, usage: message.usage, more: "" });
		for (const torn of [
			reply.slice(0, -1),
			`${reply}{`,
			reply.replace("[", "[,"),
		]) {
			const reading = meterWhole(encode(torn), "messages");
			expect([reading.known, reading.malformed]).toEqual(["all", true]);
			expect(reading.usage).toMatchObject({ input: 2679, cacheWrite1h: 500 });
			expect(reading.usage.model).toBe("claude-opus-5-5");
			expect(reading.messageId).toBe(message.id);
		}
		const cut = reply.slice(0, reply.indexOf('"cache_read'));
		const reading = meterWhole(encode(cut), "messages");
		expect([reading.known, reading.malformed]).toEqual(["nothing", true]);
		expect(reading.usageRest).toContain("2679");
	});
});

test("the model's own words do not get into what is kept", () => {
	const content = [{ type: "tool_use", input: { usage: { note: "mine" } } }];
	const reply = JSON.stringify({ ...message, content, usage: "?" });
	const torn = reply.slice(0, reply.indexOf('"stop_reason"'));
	expect(torn).toContain("mine");
	expect(meterWhole(encode(torn), "messages").usageRest).toBeNull();
	const said = meterWhole(encode(reply), "messages");
	expect(said.usageRest).toBe('{"raw":["\\"?\\""]}');
});

describe("what is no message", () => {
	const error = { type: "overloaded_error", message: "Overloaded" };
	test.each([
		["an error", { type: "error", error, request_id: "req_1" }, error.type],
		["an error in OpenAI's shape", { error: { code: "oh" } }, "oh"],
	])("%s", (_what, reply, errorType) => {
		for (const kind of ["messages", "chat_completions", "session"] as const)
			expect(meterWhole(encode(JSON.stringify(reply)), kind)).toEqual({
				...emptyReading,
				errorType,
			});
	});

	test.each([
		"",
		"<html>502</html>",
		"[]",
		"null",
		'"usage"',
		"\u0000\uFFFF",
		'{"usage"',
	])("%j", (reply) => {
		for (const bytes of [encode(reply), encode(reply + " ".repeat(9000))])
			expect(meterWhole(bytes, "messages")).toEqual({
				...emptyReading,
				malformed: true,
			});
	});
});

test("a short reply and a long one are read alike", () => {
	const name = fc.constantFrom(
		"id",
		"model",
		"usage",
		"stop_reason",
		"type",
		"error",
		"code",
		"finish_reason",
		"agent",
	);
	const value = fc.oneof(
		fc.string(),
		fc.nat(),
		fc.constantFrom(null, true, "a_code_execution_tool_result"),
	);
	const object = fc.dictionary(name, value, { maxKeys: 4 });
	const block = fc.record(
		{ type: value, to: fc.oneof(value, object), content: object },
		{ requiredKeys: [] },
	);
	const list = fc.oneof(
		value,
		fc.array(fc.oneof(block, value), { maxLength: 4 }),
	);
	const reply = fc.record(
		{
			id: value,
			model: value,
			stop_reason: value,
			usage: fc.oneof(value, object, fc.array(value)),
			content: list,
			choices: fc.oneof(value, fc.array(object, { maxLength: 3 })),
			container: fc.oneof(value, object),
			error: fc.oneof(value, object),
			agent: fc.oneof(value, fc.record({ model: fc.oneof(value, object) })),
		},
		{ requiredKeys: [] },
	);
	const alike = fc.property(reply, (value) => {
		const bytes = encode(JSON.stringify(value));
		const { usageText: parsed, ...short } = readWhole(bytes);
		const { usageText: scanned, ...long } = scanReply(bytes);
		expect(short).toEqual(long);
		if (value.usage != null) expect(parsed()).toEqual(scanned());
	});
	fc.assert(alike, { numRuns: 2000 });
});

describe("a reply in one piece says the same as its stream", async () => {
	const recorded = (await recordReplies()).filter(
		({ name }) => !name.startsWith("an error") && name !== "chat without usage",
	);
	test.each(recorded)("$name", ({ kind, stream, whole }) => {
		const streamed = openMeter(kind);
		streamed.push(stream);
		const { usage, known, malformed, usageRest } = streamed.result();
		expect(known).toBe("all");
		expect(meterWhole(whole, kind)).toMatchObject({
			usage,
			known,
			malformed,
			usageRest,
		});
	});
});

test("nesting and size are no obstacle", () => {
	const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
	const usage = '{"input_tokens":1,"output_tokens":2}';
	const text = JSON.stringify("x".repeat(16_000_000));
	const replies: readonly (readonly [reply: string, output: number])[] = [
		[`{"model":"m","content":${deep},"usage":${usage}}`, 2],
		[`{"model":"m","content":[{"text":${text}}],"usage":${usage}}`, 2],
		[`{"model":"m","usage":{"new":${deep},${usage.slice(1)}}`, 0],
	];
	for (const [reply, output] of replies) {
		const reading = meterWhole(encode(reply), "messages");
		expect([reading.usage.model, reading.usage.output]).toEqual(["m", output]);
		expect(reading.malformed).toBe(reply.includes(deep));
		expect((reading.usageRest ?? "").length).toBeLessThan(5000);
	}
});
