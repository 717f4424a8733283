import { expect, test } from "bun:test";
import { openLineWriter } from "../../src/cli/line-writer.ts";
import type { Output } from "../../src/cli/world.ts";
import { openRecorder, until } from "./fake-world.ts";

/** An output that takes a text only when told to. */
function openStalled() {
	const texts: string[] = [];
	const waiting: ((error?: Error | null) => void)[] = [];
	const output: Output = {
		isTty: false,
		columns: undefined,
		write(text, done) {
			texts.push(String(text));
			if (done) waiting.push(done);
		},
	};
	return {
		output,
		texts,
		release: (error?: Error) => waiting.shift()?.(error ?? null),
	};
}

const toLossLine = (lost: number) => `lost ${lost}`;
const toLine = (line: string) => line;

test("lines of one moment leave in one write, in order", async () => {
	const { output, texts, release } = openStalled();
	const writer = openLineWriter(output, { toLine, toLossLine });
	for (let at = 0; at < 100; at++) writer.write(`line ${at}`);
	expect(texts).toEqual([]);
	await until(() => texts.length > 0, "the timed flush");
	expect(texts).toEqual([
		Array.from({ length: 100 }, (_, at) => `line ${at}\n`).join(""),
	]);
	release();
	await writer.close();
	expect(texts).toHaveLength(1);
});

test("much at once does not wait for the timer", () => {
	const { output, texts } = openStalled();
	const writer = openLineWriter(output, { toLine, toLossLine, flushLines: 3 });
	writer.write("a");
	writer.write("b");
	expect(texts).toEqual([]);
	writer.write("c");
	expect(texts).toEqual(["a\nb\nc\n"]);
});

test("close writes what is left", async () => {
	const recorder = openRecorder();
	const writer = openLineWriter(recorder, {
		toLine,
		toLossLine,
		flushMs: 60_000,
	});
	writer.write("a");
	writer.write("b");
	await writer.close();
	expect(recorder.text()).toBe("a\nb\n");
	expect(writer.dropped()).toBe(0);
});

test("a stalled reader costs lines, counted exactly and told later", async () => {
	const { output, texts, release } = openStalled();
	const writer = openLineWriter(output, {
		toLine,
		toLossLine,
		flushLines: 1,
		queueMaxLines: 5,
	});
	writer.write("first");
	for (let at = 0; at < 1_000; at++) writer.write("123456789");
	expect(writer.dropped()).toBe(995);
	release();
	await until(() => texts.length === 2, "the second write");
	expect(texts[1]).toBe(`${"123456789\n".repeat(5)}lost 995\n`);
	release();
	writer.write("after");
	await until(() => texts.length === 3, "the third write");
	expect(texts[2]).toBe("after\n");
	expect(writer.dropped()).toBe(995);
});

test("a broken output drops everything, counted", async () => {
	const { output, texts, release } = openStalled();
	const writer = openLineWriter(output, { toLine, toLossLine, flushLines: 1 });
	writer.write("one");
	writer.write("two");
	release(new Error("EPIPE"));
	writer.write("three");
	await writer.close();
	expect(texts).toEqual(["one\n"]);
	expect(writer.dropped()).toBe(3);
});

test("close does not wait for a stalled reader for ever", async () => {
	const { output } = openStalled();
	const writer = openLineWriter(output, {
		toLine,
		toLossLine,
		flushLines: 1,
		closeMs: 30,
	});
	writer.write("one");
	const startedMs = performance.now();
	await writer.close();
	expect(performance.now() - startedMs).toBeLessThan(2_000);
	writer.write("late");
	expect(writer.dropped()).toBe(1);
});

test("close waits for the write that is under way", async () => {
	const { output, texts, release } = openStalled();
	const writer = openLineWriter(output, { toLine, toLossLine, flushLines: 1 });
	writer.write("one");
	let closed = false;
	const closing = writer.close().then(() => {
		closed = true;
	});
	await new Promise((resolve) => setTimeout(resolve, 0));
	expect(closed).toBe(false);
	expect(texts).toEqual(["one\n"]);
	release();
	await closing;
});

test("each loss is told once", async () => {
	const { output, texts, release } = openStalled();
	const writer = openLineWriter(output, {
		toLine,
		toLossLine,
		flushLines: 1,
		queueMaxLines: 0,
	});
	for (const round of [1, 2]) {
		const before = texts.length;
		writer.write("taken");
		for (let at = 0; at < round; at++) writer.write("too much");
		release();
		await until(() => texts.length === before + 2, "the report");
		expect(texts.at(-1)).toBe(`lost ${round}\n`);
		release();
	}
	expect(writer.dropped()).toBe(3);
});
