import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type MeterKind, openMeter } from "../../../src/gateway/meter/meter.ts";
import { cutAt, encode, feed } from "./pieces.ts";
import { recordReplies } from "./recorded.ts";
import { chat, start, stop, text, toStream, written } from "./written.ts";

interface Case {
	readonly name: string;
	readonly kind: MeterKind;
	readonly stream: Uint8Array;
}

const cases: Case[] = [
	...(await recordReplies()),
	...Object.entries(written).map(([name, stream]) => ({
		name,
		kind: "messages" as const,
		stream: encode(stream),
	})),
	...Object.entries(chat).map(([name, stream]) => ({
		name,
		kind: "chat_completions" as const,
		stream: encode(stream),
	})),
];

/** Whether a client takes an event for the end: by its name, or by the data of one without a name. */
function isEnd(name: string, data: string): boolean {
	if (name !== "") return name === "message_stop" || name === "error";
	if (data.startsWith("[DONE]")) return true;
	try {
		const { type, error } = JSON.parse(data);
		return type === "message_stop" || type === "error" || error != null;
	} catch {
		return false;
	}
}

interface End {
	/** Of the first line of the event that ends the reply. */
	start: number;
	/** Behind the line with which it can be recognised. */
	known: number;
	/** Behind its blank line. */
	end: number;
}

/** Found by the standard's algorithm; null if nothing ends the reply. */
function findEnd(stream: Uint8Array): End | null {
	let name = "";
	let data: string[] = [];
	let start = -1;
	let known = -1;
	for (const match of Buffer.from(stream)
		.toString("latin1")
		.matchAll(/([^\r\n]*)(\r\n|\n|\r)/g)) {
		const [all, line = ""] = match;
		const end = match.index + all.length;
		if (line === "") {
			if (known >= 0) return { start, known, end };
			[name, data, start] = ["", [], -1];
			continue;
		}
		if (start < 0) start = match.index;
		const [, field, value = ""] =
			/^(?:\xEF\xBB\xBF)?([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
		if (field === "event") name = value;
		if (field === "data") data.push(value);
		if (known < 0 && isEnd(name, data.join("\n"))) known = end;
	}
	return null;
}

/** Whether a client that has so many bytes has a line or an event that ends the reply. */
const seesEnd = (stream: Uint8Array, bytes: number): boolean =>
	["\n\n", "x\n\n"].every(
		(more) =>
			findEnd(Buffer.concat([stream.subarray(0, bytes), encode(more)])) !==
			null,
	);

describe.each(cases)("$name", ({ kind, stream }) => {
	const end = findEnd(stream);
	const handOn = (pieces: readonly Uint8Array[]) =>
		feed(openMeter(kind), pieces);

	test("in one piece: all before the last event goes, and nothing of it", () => {
		expect(handOn([stream]).handedOn).toBe(end?.start ?? stream.length);
	});

	test("cut at every byte: the same, unless the line that tells is cut in two", () => {
		const wrong: number[] = [];
		for (let at = 0; at <= stream.length; at++) {
			const { handedOn, overAfter } = handOn(cutAt(stream, [at]));
			const isTorn = end !== null && at > end.start && at < end.known;
			const isRight =
				end === null
					? handedOn === stream.length && overAfter === null
					: (handedOn === end.start || (isTorn && handedOn === at)) &&
						overAfter === (at >= wholeAt(stream, end) ? 1 : 2);
			if (!isRight) wrong.push(at);
		}
		expect(wrong).toEqual([]);
	});

	test("cut anywhere: no client ever has a line or an event that ends the reply", () => {
		const held = fc.property(
			fc.array(fc.nat(), { maxLength: 20 }),
			(places) => {
				const { handedOn, overAfter } = handOn(cutAt(stream, places));
				return (
					handedOn >= (end?.start ?? stream.length) &&
					!seesEnd(stream, handedOn) &&
					(overAfter !== null) === (end !== null)
				);
			},
		);
		fc.assert(held, { numRuns: 50 });
	});

	test("byte by byte", () => {
		const pieces = Array.from(stream, (_, i) => stream.subarray(i, i + 1));
		const { handedOn } = handOn(pieces);
		expect(seesEnd(stream, handedOn)).toBe(false);
		if (end !== null) expect(handedOn).toBeLessThan(end.known);
	});
});

/** The event is whole with the first byte of the line end that makes its blank line. */
const wholeAt = (stream: Uint8Array, { end }: End) =>
	stream[end - 1] === 0x0a && stream[end - 2] === 0x0d ? end - 1 : end;

test("a line that only begins like the last event does not hold anything", () => {
	const stream = encode(
		"event: message_stopped\ndata: {}\n\nevent: errors\ndata: {}\n\n",
	);
	for (let at = 0; at <= stream.length; at++)
		expect(feed(openMeter("messages"), cutAt(stream, [at])).handedOn).toBe(
			stream.length,
		);
});

test("what is held stays held, even if another name follows", () => {
	const name = "event: message_stop\n";
	const stream = encode(`: a\n\n${name}event: ping\ndata: {}\n\n: b\n\n`);
	const pieces = cutAt(stream, [5 + name.length, stream.length - 5]);
	expect(feed(openMeter("messages"), pieces)).toEqual({
		handedOn: 5,
		overAfter: 2,
	});
});

test("what is behind the last event is not read", () => {
	const meter = openMeter("messages");
	feed(meter, [
		encode(toStream(start(), text("a"), stop)),
		encode(toStream(start({ model: "other" }))),
	]);
	expect(meter.result().usage.model).toBe("claude-opus-5-5");
});
