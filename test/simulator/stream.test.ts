import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { Script } from "../../src/simulator/script.ts";
import { openSimulator } from "../../src/simulator/simulator.ts";
import { splitSteps } from "../../src/simulator/split.ts";
import type { Step } from "../../src/simulator/steps.ts";
import { post, toBody, toReadEvents } from "./requests.ts";

const simulator = await openSimulator();
afterAll(() => simulator.stop());

const streamBody = toBody({ stream: true });

async function readStream(script: Script = {}): Promise<string> {
	const reply = await post(simulator, streamBody, { script });
	expect(reply.headers.get("content-type")).toBe(
		"text/event-stream; charset=utf-8",
	);
	return reply.text();
}

test("events come in the API's order, and are named after their type", async () => {
	const events = toReadEvents(await readStream());
	const names = events.map(({ event }) => event);
	const deltas = names.filter((name) => name === "content_block_delta");
	expect(names).toEqual([
		"message_start",
		"content_block_start",
		"ping",
		...deltas,
		"content_block_stop",
		"message_delta",
		"message_stop",
	]);
	for (const { event, data } of events) {
		expect(JSON.parse(data).type).toBe(event);
	}
});

test("scenario everything shows every delta type and every block", async () => {
	const reply = await post(simulator, streamBody, {
		script: { scenario: "everything" },
	});
	const events = toReadEvents(await reply.text()).map(({ data }) =>
		JSON.parse(data),
	);
	const deltas = new Set(events.map(({ delta }) => delta?.type));
	for (const type of [
		"text_delta",
		"input_json_delta",
		"citations_delta",
		"thinking_delta",
		"signature_delta",
		"compaction_delta",
	]) {
		expect(deltas).toContain(type);
	}
	const blocks = events.map(({ content_block }) => content_block?.type);
	for (const type of ["redacted_thinking", "fallback", "advisor_tool_result"]) {
		expect(blocks).toContain(type);
	}
	const usages = events.filter(({ type }) => type === "message_delta");
	expect(usages.length).toBeGreaterThan(1);
	expect(usages.at(-1)?.usage.iterations).toHaveLength(3);
});

test.each([1, 7, 200])(
	"repeat_events gives exactly %i text deltas with the same text",
	async (count) => {
		const toText = (text: string) =>
			toReadEvents(text).flatMap(({ data }) => {
				const { delta } = JSON.parse(data);
				return delta?.type === "text_delta" ? [delta.text as string] : [];
			});
		const usual = toText(await readStream());
		const repeated = toText(await readStream({ repeat_events: count }));
		expect(repeated).toHaveLength(count);
		expect(repeated.join("")).toBe(usual.join(""));
	},
);

test.each([
	[{ line_end: "crlf" }, (text: string) => text.replaceAll("\n", "\r\n")],
	[{ line_end: "cr" }, (text: string) => text.replaceAll("\n", "\r")],
	[{ bom: true }, (text: string) => `\uFEFF${text}`],
	[{ split: { bytes: 1 } }, (text: string) => text],
	[{ split: { seed: 42 } }, (text: string) => text],
	[
		{ insert: [{ after_events: 0, text: ": hello\n\n" }] },
		(text: string) => `: hello\n\n${text}`,
	],
] as [Script, (text: string) => string][])(
	"%j changes the bytes and nothing else",
	async (script, change) => {
		await readStream();
		await readStream(script);
		const [usual, changed] = simulator.record.all().slice(-2);
		const toText = (bytes: Uint8Array | undefined) =>
			Buffer.from(bytes ?? []).toString();
		expect(toText(changed?.sent.body.bytes)).toBe(
			change(toText(usual?.sent.body.bytes)),
		);
	},
);

test("however a stream is split, the bytes and the order of the rest stay", async () => {
	const step = fc.oneof(
		fc
			.uint8Array({ maxLength: 200 })
			.map((bytes): Step => ({ do: "write", bytes })),
		fc.constant<Step>({ do: "pause", ms: 1 }),
	);
	const split = fc.oneof(
		fc.record({ bytes: fc.integer({ min: 1, max: 50 }) }),
		fc.record({ seed: fc.integer() }),
	);
	await fc.assert(
		fc.asyncProperty(
			fc.array(step, { maxLength: 20 }),
			split,
			async (steps, how) => {
				const out: Step[] = [];
				for await (const step of splitSteps(steps, how)) out.push(step);
				const toComparable = (list: Step[]) =>
					list.map((step) =>
						step.do === "write" ? Buffer.from(step.bytes).toString("hex") : "|",
					);
				expect(toComparable(out).join("")).toBe(toComparable(steps).join(""));
				if ("bytes" in how) {
					for (const step of out) {
						if (step.do === "write") {
							expect(step.bytes.length).toBeLessThanOrEqual(how.bytes);
						}
					}
				}
			},
		),
	);
});

test("the first event is there before the second is sent", async () => {
	const reply = await post(simulator, streamBody, {
		script: { event_delay_ms: 50 },
	});
	const reader = reply.body?.getReader();
	const first = await reader?.read();
	const seen = Buffer.from(first?.value ?? []).toString();
	expect(toReadEvents(seen).map(({ event }) => event)).toEqual([
		"message_start",
	]);
	expect(simulator.record.all().at(-1)?.sent.body.lengthBytes).toBe(
		first?.value?.length ?? 0,
	);
	await reader?.cancel();
	await simulator.record.waitUntil(() => simulator.record.open() === 0);
});
