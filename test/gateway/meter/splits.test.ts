import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type MeterKind, openMeter } from "../../../src/gateway/meter/meter.ts";
import { cutAt, encode, feed } from "./pieces.ts";
import { recordReplies } from "./recorded.ts";
import { chat, written } from "./written.ts";

const toCases = (kind: MeterKind, streams: Readonly<Record<string, string>>) =>
	Object.entries(streams).map(([name, stream]) => ({
		name,
		kind,
		stream: encode(stream),
	}));

const cases = [
	...(await recordReplies()),
	...toCases("messages", written),
	...toCases("chat_completions", chat),
];

function read(kind: MeterKind, pieces: readonly Uint8Array[]) {
	const meter = openMeter(kind);
	feed(meter, pieces);
	meter.end();
	return meter.result();
}

describe("a stream gives the same reading however it is cut", () => {
	test.each(cases)("$name", ({ kind, stream }) => {
		const whole = read(kind, [stream]);
		const isSame = (places: readonly number[]) =>
			Bun.deepEquals(read(kind, cutAt(stream, places)), whole, true);
		const wrong: number[] = [];
		for (let at = 0; at <= stream.length; at++)
			if (!isSame([at])) wrong.push(at);
		expect(wrong).toEqual([]);
		expect(
			read(
				kind,
				Array.from(stream, (_, i) => stream.subarray(i, i + 1)),
			),
		).toEqual(whole);
		fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 20 }), isSame), {
			numRuns: 100,
		});
	});
});

/** What may not shrink while a stream goes on. */
const ranks = { nothing: 0, input: 1, all: 2 };

describe("a stream that breaks off", () => {
	test.each(cases)(
		"$name: knows more the later it does, and never less than upstream said",
		({ kind, stream }) => {
			let known = 0;
			let input = 0;
			const wrong: number[] = [];
			for (let at = 0; at <= stream.length; at++) {
				const reading = read(kind, [stream.subarray(0, at)]);
				const rank = ranks[reading.known];
				const isRight =
					rank >= known &&
					reading.usage.input >= input &&
					reading.outputEstimate >= reading.usage.output;
				if (!isRight) wrong.push(at);
				known = rank;
				input = reading.usage.input;
			}
			expect(wrong).toEqual([]);
		},
	);
});
