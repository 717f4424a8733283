import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decode, readEvent } from "../../../src/gateway/meter/event.ts";
import {
	type EventSink,
	headBytes,
	maxEventBytes,
	openEventReader,
} from "../../../src/gateway/meter/sse.ts";
import { cutAt, encode } from "./pieces.ts";
import { written } from "./written.ts";

interface Seen {
	events: { name: string | null; data: string }[];
	/** What came of an event that did not end. */
	torn: string | null;
	lengths: number[];
}

/** Everything that a reader shows its sink; blocks without a name and data are no events. */
function read(pieces: readonly Uint8Array[], sink?: Partial<EventSink>): Seen {
	const seen: Seen = { events: [], torn: null, lengths: [] };
	const reader = openEventReader({
		skim: (_chunk, start) => start,
		event(bytes, start, end, length) {
			const event = readEvent(decode(bytes, start, end));
			seen.lengths.push(length);
			if (event.name !== null || event.data !== "") seen.events.push(event);
			return false;
		},
		endsReply: () => false,
		needsRest: () => true,
		cutOff(bytes, start, end) {
			seen.torn = decode(bytes, start, end);
		},
		...sink,
	});
	const buffer = new Uint8Array(Math.max(1, ...pieces.map((p) => p.length)));
	for (const piece of pieces) {
		buffer.fill(0x58);
		buffer.set(piece);
		reader.push(buffer.subarray(0, piece.length));
	}
	reader.end();
	return seen;
}

/** The standard's algorithm, line by line over the whole text. */
function readByTheBook(text: string): Seen["events"] {
	const events: Seen["events"] = [];
	let name = "";
	let data: string[] = [];
	const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
	for (const line of lines.slice(0, -1)) {
		if (line === "") {
			if (name !== "" || data.join("\n") !== "")
				events.push({ name: name || null, data: data.join("\n") });
			name = "";
			data = [];
			continue;
		}
		const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
		if (field === "event") name = value;
		if (field === "data") data.push(value);
	}
	return events;
}

const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
const line = fc.oneof(
	fc.constantFrom(
		"event: message_stop",
		"event:x",
		"event",
		"data",
		"data: ",
		"data:{}",
		": note",
		"id: 1",
		"dat",
		"",
		"",
	),
	fc
		.string({ unit: "grapheme", maxLength: 8 })
		.map((text) => `data: ${text.replaceAll(/[\r\n]/g, "")}`),
);
const stream = fc
	.tuple(fc.boolean(), fc.array(fc.tuple(line, lineEnd), { maxLength: 30 }))
	.map(
		([bom, lines]) =>
			(bom ? "\uFEFF" : "") + lines.map((l) => l.join("")).join(""),
	);

describe("events are those of the standard", () => {
	test.each(Object.entries(written))("%s", (_what, text) => {
		expect(read([encode(text)]).events).toEqual(readByTheBook(text));
	});

	test("any lines, cut anywhere", () => {
		const same = fc.property(
			stream,
			fc.array(fc.nat(), { maxLength: 12 }),
			(text, places) => {
				const bytes = encode(text);
				const { events } = read(cutAt(bytes, places));
				expect(events).toEqual(readByTheBook(text));
			},
		);
		fc.assert(same, { numRuns: 5000 });
	});

	test("any lines, byte by byte and with empty pieces between", () => {
		const same = fc.property(stream, (text) => {
			const bytes = encode(text);
			const pieces = Array.from(bytes, (_, i) => [
				bytes.subarray(i, i + 1),
				bytes.subarray(0, 0),
			]).flat();
			expect(read(pieces).events).toEqual(readByTheBook(text));
		});
		fc.assert(same, { numRuns: 1000 });
	});
});

describe("long events", () => {
	const shown = (
		bytes: Uint8Array,
		places: readonly number[],
		rest: boolean,
	) => {
		const events: { text: string; length: number }[] = [];
		read(cutAt(bytes, places), {
			event(all, start, end, length) {
				events.push({ text: decode(all, start, end), length });
				return false;
			},
			needsRest: () => rest,
		});
		return events;
	};
	const long = `data: ${"é".repeat(3000)}\n\n`;
	const bytes = encode(`data: 1\n\n${long}data: 2\n\n`);

	test.each([[true], [false]])(
		"show the same bytes however they are cut (rest wanted: %p)",
		(rest) => {
			const whole = shown(bytes, [], rest);
			expect(whole.map(({ length }) => length)).toEqual([9, 6008, 9]);
			expect(encode(whole[1]?.text ?? "").length).toBeLessThanOrEqual(
				rest ? 6008 : headBytes + 2,
			);
			for (let i = 0; i < bytes.length; i += 37) {
				expect(shown(bytes, [i], rest)).toEqual(whole);
				expect(shown(bytes, [i, 1033, 1034], rest)).toEqual(whole);
			}
		},
	);

	test("are cut off at the bound even if they are wanted", () => {
		const endless = encode(`data: ${"x".repeat(2 * maxEventBytes)}\n\n`);
		for (const places of [[], [5, 70_000, maxEventBytes, maxEventBytes + 1]]) {
			const [event] = shown(endless, places, true);
			expect(event?.length).toBe(endless.length);
			expect(event?.text.length).toBe(maxEventBytes);
		}
	});

	test("give their memory back", () => {
		const sizes: number[] = [];
		const bytes = encode(`data: ${"x".repeat(9000)}\n\ndata: 2\n\n`);
		read(cutAt(bytes, [20, bytes.length - 5]), {
			event(all) {
				sizes.push(all.length);
				return false;
			},
		});
		expect(sizes[0]).toBeGreaterThan(9000);
		expect(sizes[1]).toBe(headBytes);
	});

	test("of which nothing is wanted leave no memory behind", () => {
		let largest = 0;
		const piece = new Uint8Array(64 * 1024).fill(0x78);
		const pieces = [encode("data: "), ...Array(64).fill(piece), encode("\n\n")];
		read(pieces, {
			event(all) {
				largest = Math.max(largest, all.length);
				return false;
			},
			needsRest: () => false,
		});
		expect(largest).toBe(headBytes);
	});
});

test("what a torn stream had of its last event is shown", () => {
	expect(read([encode("data: 1\n\nda"), encode("ta: 2\n")]).torn).toBe(
		"data: 2\n",
	);
	expect(read([encode("data: 1\n\n")]).torn).toBeNull();
});
