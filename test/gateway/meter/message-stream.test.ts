import { describe, expect, test } from "bun:test";
import { read, readEvents, reading, started } from "./read.ts";
import * as w from "./written.ts";

describe("the last word of a stream", () => {
	test("totals replace what message_start said, all else of it stays", () => {
		expect(read(w.plain)).toEqual({
			...reading,
			usage: { ...started, output: 15, stopReason: "end_turn" },
			known: "all",
			outputEstimate: 15,
		});
	});

	const variants = Object.entries(w.written).filter(([, stream]) =>
		stream.includes("Bye."),
	);
	test.each(variants)("the same however it is written: %s", (_what, stream) => {
		expect(read(stream)).toEqual(read(w.plain));
	});

	test("a web search: input grows, every total is that of the last event", () => {
		const { usage, known } = readEvents(
			w.start(),
			w.block({ type: "server_tool_use", name: "web_search", input: {} }),
			w.totals({ input_tokens: 2679, output_tokens: 80 }, null),
			w.block({ type: "web_search_tool_result", content: [] }, 1),
			w.block({ type: "text", text: "" }, 2),
			w.text("Sunny."),
			w.totals({
				input_tokens: 10_682,
				cache_read_input_tokens: 0,
				output_tokens: 510,
				server_tool_use: { web_search_requests: 1 },
			}),
			w.stop,
		);
		expect(known).toBe("all");
		expect(usage).toMatchObject({
			input: 10_682,
			output: 510,
			cacheRead: 0,
			webSearches: 1,
		});
	});

	test("null and missing members take nothing back", () => {
		const { usage, malformed } = readEvents(
			w.start(),
			w.totals({
				input_tokens: null,
				cache_read_input_tokens: null,
				cache_creation: null,
				server_tool_use: null,
				output_tokens_details: { thinking_tokens: 7 },
				output_tokens: 9,
			}),
			w.totals(undefined, null),
			w.stop,
		);
		expect(malformed).toBe(false);
		expect(usage).toEqual({
			...started,
			output: 9,
			thinking: 7,
			stopReason: "end_turn",
		});
	});

	const hello = w.text("Hello");
	const tool = w.block({ type: "tool_use", name: "now", input: {} }, 1);
	const early = w.totals({ output_tokens: 2 }, null);
	test.each([
		["none", [hello]],
		["none behind a delta", [early, hello]],
		["none behind a block", [hello, early, tool]],
	])("a stop is no last word without totals: %s", (_what, events) => {
		const said = readEvents(w.start(), ...events, w.stop);
		expect([said.known, said.malformed]).toEqual(["input", true]);
	});

	test("names of any length are cut to what a column takes", () => {
		const said = readEvents(w.start({ model: "m".repeat(900) }));
		expect(said.usage.model).toBe("m".repeat(200));
	});
});

test("iterations are read with their own models and splits, and kept word for word", () => {
	const iterations = [
		{ type: "compaction", input_tokens: 180_000, output_tokens: 3500 },
		{
			type: "message",
			model: null,
			input_tokens: 23_000,
			output_tokens: 1000,
			cache_creation_input_tokens: 8,
		},
		{
			type: "advisor_message",
			model: "claude-opus-5",
			input_tokens: 823,
			output_tokens: 1612,
			cache_read_input_tokens: 5,
		},
		{ type: "novelty", secrets: 3 },
	];
	const { usage, usageRest } = readEvents(
		w.start(),
		w.totals({
			output_tokens: 1000,
			iterations,
			new_tokens: 4,
			fallback_credit: { status: "honored" },
			nothing: 0,
		}),
		w.stop,
	);
	const none = {
		input: 0,
		output: 0,
		cacheWrite5m: 0,
		cacheWrite1h: 0,
		cacheRead: 0,
		model: null,
	};
	expect(usage.iterations).toEqual([
		{ ...none, type: "compaction", input: 180_000, output: 3500 },
		{ ...none, type: "message", input: 23_000, output: 1000, cacheWrite5m: 8 },
		{
			...none,
			type: "advisor_message",
			model: "claude-opus-5",
			input: 823,
			output: 1612,
			cacheRead: 5,
		},
		{ ...none, type: "novelty" },
	]);
	const [compaction, { model: _, ...message }, advisor, novelty] =
		iterations as [object, { model: null }, object, object];
	expect(JSON.parse(usageRest ?? "")).toEqual({
		iterations: [compaction, message, advisor, novelty],
		new_tokens: 4,
		fallback_credit: { status: "honored" },
	});
});

test("a rest that is too long is cut, the iterations are not", () => {
	const iterations = Array.from({ length: 90 }, (_, i) => ({
		type: "message",
		model: "claude-opus-5-5",
		input_tokens: i,
	}));
	const said = readEvents(
		w.start(),
		w.totals({ output_tokens: 1, iterations }),
	);
	expect(said.usage.iterations).toHaveLength(90);
	expect(said.malformed).toBe(false);
	const { cut } = JSON.parse(said.usageRest ?? "");
	expect(cut).toStartWith('{"iterations":[{"type":"message"');
	expect(said.usageRest?.length).toBeLessThan(4096);
});

describe("the model", () => {
	const fallback = (to: string) =>
		w.block({ type: "fallback", from: { model: "a" }, to: { model: to } });
	test.each([
		["of message_start", [], "claude-opus-5-5"],
		[
			"of a fallback to nowhere",
			[w.block({ type: "fallback" })],
			"claude-opus-5-5",
		],
		[
			"of a long fallback",
			[
				w.block({
					type: "fallback",
					from: { model: "a".repeat(3000) },
					to: { model: "b" },
				}),
			],
			"b",
		],
		["of a fallback", [fallback("b")], "b"],
		["of the last fallback", [fallback("b"), w.text("x"), fallback("c")], "c"],
	])("%s", (_what, events, model) => {
		const all = readEvents(
			w.start(),
			...events,
			w.totals({ output_tokens: 1 }),
			w.stop,
		);
		expect(all.usage.model).toBe(model);
	});

	test("after a fallback totals may fall, else that is a fault", () => {
		const fall = [
			w.totals({ output_tokens: 9 }, null),
			w.totals({ output_tokens: 5 }),
		];
		expect(readEvents(w.start(), ...fall, w.stop).malformed).toBe(true);
		const fellBack = readEvents(w.start(), fallback("b"), ...fall, w.stop);
		expect(fellBack.malformed).toBe(false);
		expect(fellBack.usage.output).toBe(5);
	});
});

test("code in containers is counted, and the container named", () => {
	const types = [
		"bash_code_execution_tool_result",
		"text_editor_code_execution_tool_result",
		"web_search_tool_result",
	];
	const all = readEvents(
		w.start(),
		...types.map((type, i) =>
			w.block({ type, content: { stdout: "x".repeat(i * 2000) } }, i),
		),
		w.totals({ output_tokens: 1 }, "end_turn", {
			container: { id: "container_01", expires_at: "" },
		}),
		w.stop,
	);
	expect([all.usage.codeExecutions, all.containerId]).toEqual([
		2,
		"container_01",
	]);
});
