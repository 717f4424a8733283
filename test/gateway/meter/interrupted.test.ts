import { describe, expect, test } from "bun:test";
import {
	emptyReading,
	toBillable,
} from "../../../src/gateway/meter/reading.ts";
import { read, readEvents, reading, started } from "./read.ts";
import * as w from "./written.ts";

describe("an interrupted stream", () => {
	const text = "0123456789".repeat(7);
	const opening = [w.start(), w.block({ type: "text", text: "" })];

	test("of which nothing came", () => {
		for (const stream of ["", ": ping\n\n", "event: message_start\ndata: {"])
			expect(read(stream)).toEqual(emptyReading);
	});

	test("after the start: the input is known, the output by what has come", () => {
		const cut = readEvents(...opening, w.text(text));
		expect(cut).toEqual({
			...reading,
			usage: started,
			known: "input",
			outputEstimate: 20,
		});
		expect(toBillable(cut)).toEqual({ ...started, output: 20 });
		expect(toBillable(readEvents(...opening)).output).toBe(3);
	});

	test("after totals in between: what upstream counted and what has come since", () => {
		const iterations = [{ type: "message", output_tokens: 400 }];
		const cut = readEvents(
			...opening,
			w.text(text),
			w.totals({ output_tokens: 400, iterations }, null),
			w.text(text),
		);
		expect([cut.known, cut.outputEstimate]).toEqual(["input", 420]);
		const billable = toBillable(cut);
		expect(billable.output).toBe(420);
		expect(billable.iterations.map(({ output }) => output)).toEqual([400, 20]);
	});

	test("within the blank line of the last totals: exact too", () => {
		const stream = w.toStream(...opening, w.totals({ output_tokens: 15 }));
		for (const missing of [1, 2]) {
			const said = read(stream.slice(0, -missing));
			expect([said.known, said.usage.output]).toEqual(["all", 15]);
		}
		expect(read(stream.slice(0, -3)).known).toBe("input");
	});

	test("after the last totals: exact", () => {
		const cut = readEvents(
			...opening,
			w.text(text),
			w.totals({ output_tokens: 15 }),
		);
		expect([cut.known, cut.malformed]).toEqual(["all", false]);
		expect(toBillable(cut)).toBe(cut.usage);
	});

	test("by an error", () => {
		const early = readEvents(...opening, w.text(text), w.failure);
		expect([early.errorType, early.known, early.outputEstimate]).toEqual([
			"overloaded_error",
			"input",
			20,
		]);
		const late = readEvents(
			...opening,
			w.text(text),
			w.totals({ output_tokens: 15 }),
			w.failure,
		);
		expect([late.errorType, late.known, late.malformed]).toEqual([
			"overloaded_error",
			"all",
			false,
		]);
		expect(read("event: error\ndata: oops\n\n").errorType).toBe("error");
	});

	test("in which it thinks, which says little about the output", () => {
		const signature = w.delta({
			type: "signature_delta",
			signature: "s".repeat(500),
		});
		for (const type of ["thinking", "redacted_thinking"]) {
			const cut = readEvents(
				w.start(),
				w.block({ type, thinking: "" }),
				signature,
			);
			expect([cut.thinks, cut.outputEstimate]).toEqual([true, 3]);
		}
		expect(readEvents(...opening, w.text(text)).thinks).toBe(false);
	});

	const deltas: readonly [
		what: string,
		delta: Record<string, unknown>,
		bytes: number,
	][] = [
		["text", { type: "text_delta", text }, 70],
		[
			"an escape counts as one",
			{ type: "text_delta", text: '"\n\\'.repeat(20) },
			60,
		],
		["characters as UTF-8", { type: "text_delta", text: "☃".repeat(20) }, 60],
		["a long text", { type: "text_delta", text: "x".repeat(7000) }, 7000],
		[
			"shown thinking",
			{ type: "thinking_delta", thinking: text, estimated_tokens: null },
			70,
		],
		["arguments", { type: "input_json_delta", partial_json: text }, 70],
		[
			"a compaction",
			{
				type: "compaction_delta",
				content: text,
				encrypted_content: "x".repeat(99),
			},
			70,
		],
		[
			"a citation",
			{ type: "citations_delta", citation: { cited_text: text } },
			0,
		],
		["an unknown kind", { type: "sound_delta", text }, 0],
		["members in another order", { text, type: "text_delta" }, 70],
	];
	test("counts no event that is only named alike", () => {
		const other = w.toStream(w.text(text)).replace("_delta\n", "_delta_too\n");
		expect(read(w.toStream(...opening) + other).outputEstimate).toBe(3);
	});

	test.each(deltas)("counts %s", (_what, change, bytes) => {
		const stream = w.toStream(...opening, w.delta(change, 12));
		const tokens = Math.ceil(bytes / 3.5);
		for (const lines of [stream, stream.replaceAll("\n", "\r\n")]) {
			const { outputEstimate } = read(lines);
			expect(outputEstimate).toBeGreaterThanOrEqual(Math.max(3, tokens));
			// the frame of a long one is counted along
			expect(outputEstimate).toBeLessThanOrEqual(Math.max(3, tokens + 2));
		}
	});
});
