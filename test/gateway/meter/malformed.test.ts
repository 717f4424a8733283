import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	type MeterKind,
	meterWhole,
	openMeter,
} from "../../../src/gateway/meter/meter.ts";
import type { Reading } from "../../../src/gateway/meter/reading.ts";
import { cutAt, encode, feed } from "./pieces.ts";
import { read, readEvents } from "./read.ts";
import * as w from "./written.ts";

/** Values of `output_tokens` that are no count. JSON, because some cannot be written otherwise. */
const wrongCounts = [
	"-1",
	"1.5",
	"9007199254740992",
	"12345678901234567890123",
	"1e400",
	'"12"',
	"true",
	"[1]",
	'{"a":1}',
];

describe("a count that is none is 0, and all of usage is kept word for word", () => {
	test.each(wrongCounts)("%s", (wrong) => {
		const usage = `{"input_tokens":7,"output_tokens":${wrong},"note":"{\\"}"}`;
		const put = (text: string) => text.replace('"HERE"', usage);
		const streams = [
			put(w.toStream(w.start(), w.totals("HERE"), w.stop)),
			put(w.toStream(w.start({ usage: "HERE" }), w.text("a"))),
		];
		const whole = put(JSON.stringify({ ...w.message, usage: "HERE" }));
		for (const said of [
			...streams.map(read),
			meterWhole(encode(whole), "messages"),
		]) {
			expect([said.usage.input, said.usage.output]).toEqual([7, 0]);
			expect(said.malformed).toBe(true);
			expect(JSON.parse(said.usageRest ?? "").raw).toContain(usage);
		}
	});

	test.each(["1e3", "1000.0", "-0", "9007199254740991"])(
		"%s is one",
		(count) => {
			const whole = `{"usage":{"input_tokens":0,"output_tokens":${count}}}`;
			const said = meterWhole(encode(whole), "messages");
			expect(said.malformed).toBe(false);
			expect(said.usage.output).toBe(Math.abs(Number(count)));
			expect(Object.is(said.usage.output, -0)).toBe(false);
		},
	);
});

const faults: Readonly<Record<string, unknown>> = {
	"usage is a list": [1],
	"usage is a text": "12",
	"a text where an object belongs": { cache_creation: "5m", output_tokens: 1 },
	"a number where a text belongs": { service_tier: 3, output_tokens: 1 },
	"iterations are no list": { iterations: {}, output_tokens: 1 },
	"an iteration is no object": { iterations: [7], output_tokens: 1 },
	"an iteration without a type": {
		iterations: [{ input_tokens: 1 }],
		output_tokens: 1,
	},
	"a wrong count in an iteration": {
		iterations: [{ type: "message", input_tokens: "1" }],
		output_tokens: 1,
	},
	"more iterations than there can be": {
		iterations: Array.from({ length: 1001 }, () => ({ type: "message" })),
		output_tokens: 1,
	},
};

test.each(Object.entries(faults))("%s", (_what, usage) => {
	const said = readEvents(w.start(), w.totals(usage), w.stop);
	expect(said.malformed).toBe(true);
	const [, last] = JSON.parse(said.usageRest ?? "").raw;
	expect(JSON.stringify(usage)).toStartWith(last);
	expect(said.usage.input).toBe(2679);
});

test("an iteration without a type is not lost", () => {
	const iterations = [{ input_tokens: 5 }, 7];
	const said = readEvents(
		w.start(),
		w.totals({ output_tokens: 1, iterations }),
	);
	expect(said.usage.iterations.map(({ type, input }) => [type, input])).toEqual(
		[
			["unknown", 5],
			["unknown", 0],
		],
	);
});

describe("events that are no JSON", () => {
	test.each(["message_start", "message_delta"])("%s", (name) => {
		const torn = `event: ${name}\ndata: {"usage":{"input_tokens":5,\n\n`;
		const said = read(w.toStream(w.start()) + torn + w.toStream(w.text("abc")));
		expect([said.known, said.malformed]).toEqual(["input", true]);
	});

	test("usage that never came is a fault only where the reply is whole", () => {
		expect(readEvents(w.stop).malformed).toBe(true);
		expect(readEvents(w.start({ usage: null }), w.text("a")).malformed).toBe(
			false,
		);
		expect(readEvents(w.totals({ output_tokens: 4 }), w.stop).malformed).toBe(
			true,
		);
	});
});

test("usage of any size or depth is kept within bounds", () => {
	const deep = `{"output_tokens":1,"new":${"[".repeat(1e5)}${"]".repeat(1e5)}}`;
	const wide = `{"output_tokens":-1,"new":${JSON.stringify("n".repeat(90_000))}}`;
	for (const usage of [deep, wide]) {
		const put = (text: string) => text.replaceAll('"HERE"', usage);
		const stream = put(
			w.toStream(w.start({ usage: "HERE" }), w.totals("HERE")),
		);
		const whole = put(JSON.stringify({ ...w.message, usage: "HERE" }));
		for (const said of [read(stream), meterWhole(encode(whole), "messages")]) {
			expect(said.usageRest?.length).toBeGreaterThan(10);
			expect(said.usageRest?.length).toBeLessThan(4200);
		}
	}
});

test("a name that reaches into prototypes reaches nothing", () => {
	const usage =
		'{"output_tokens":4,"__proto__":{"input_tokens":9},"constructor":1}';
	const stream = w.toStream(w.totals("HERE"), w.stop).replace('"HERE"', usage);
	expect(read(stream).usage.input).toBe(0);
	const whole = `{"usage":${usage},"__proto__":{"model":"m"}}`;
	const said = meterWhole(encode(whole), "messages");
	expect([said.usage.input, said.usage.model]).toEqual([0, null]);
	expect(({} as Record<string, unknown>).input_tokens).toBeUndefined();
});

const name = fc.constantFrom(
	...["input_tokens", "output_tokens", "cache_creation", "iterations", "type"],
	...["cache_creation_input_tokens", "ephemeral_1h_input_tokens", "model"],
	...["server_tool_use", "web_search_requests", "speed", "list_cost", "amount"],
	...["prompt_tokens", "prompt_tokens_details", "cached_tokens", "__proto__"],
);
const { tree } = fc.letrec((tie) => ({
	tree: fc.oneof(
		{ maxDepth: 4 },
		fc.nat(),
		fc.double(),
		fc.string({ unit: "binary" }),
		fc.constantFrom(null, true, -1, 2 ** 53),
		fc.array(tie("tree"), { maxLength: 4 }),
		fc.dictionary(name, tie("tree"), { maxKeys: 5 }),
	),
}));

/** What holds of every reading, whatever upstream sent. */
function expectSound(said: Reading) {
	const { iterations, ...usage } = said.usage;
	for (const counts of [usage, ...iterations])
		for (const value of Object.values(counts))
			if (typeof value === "number")
				expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
	expect(said.outputEstimate).toBeGreaterThanOrEqual(usage.output);
	expect((said.usageRest ?? "").length).toBeLessThan(20_000);
	if (said.usageRest !== null) JSON.parse(said.usageRest);
}

const kinds: readonly MeterKind[] = ["messages", "chat_completions", "session"];

test("whatever upstream says of usage gives a sound reading", () => {
	const sound = fc.property(tree, tree, (first, last) => {
		expectSound(readEvents(w.start({ usage: first }), w.totals(last), w.stop));
		const whole = encode(JSON.stringify({ ...w.message, usage: first }));
		for (const kind of kinds) expectSound(meterWhole(whole, kind));
		const chunk = encode(`data: ${JSON.stringify({ usage: last })}\n\n`);
		for (const kind of kinds) {
			const meter = openMeter(kind);
			meter.push(chunk);
			expectSound(meter.result());
		}
	});
	fc.assert(sound, { numRuns: 1000 });
});

test("any bytes give a sound reading", () => {
	const piece = fc.oneof(
		fc.uint8Array({ maxLength: 20 }),
		fc.constantFrom(...w.plain.split(/(?<=[\n:,{}])/)).map(encode),
	);
	const sound = fc.property(
		fc.array(piece, { maxLength: 30 }),
		fc.array(fc.nat(), { maxLength: 5 }),
		(pieces, places) => {
			const bytes = new Uint8Array(Buffer.concat(pieces));
			for (const kind of kinds) {
				const meter = openMeter(kind);
				feed(meter, cutAt(bytes, places));
				meter.end();
				expectSound(meter.result());
				expectSound(meterWhole(bytes, kind));
			}
		},
	);
	fc.assert(sound, { numRuns: 1000 });
});
