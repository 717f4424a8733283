/**
 * Lines to an output, gathered so that a busy gateway does one write per 20 ms instead of one per call, and bounded: a
 * reader that stalls (a paused `less`, a full disk's pipe) costs lines, counted exactly, and never memory or waiting.
 */
import type { Output } from "./world.ts";

export interface LineWriter {
	/** Never waits. The line comes without line feed. */
	write(line: string): void;
	/** Lines that never were, or never will be, written. */
	dropped(): number;
	/** Resolves when every accepted line was taken, or after `closeMs` if the reader stalls. Lines after it are dropped. */
	close(): Promise<void>;
}

export interface LineWriterOptions {
	/** What to print, once writing works again, about the lines lost since. */
	readonly toLossLine: (lost: number) => string;
	readonly flushMs?: number;
	readonly flushCharacters?: number;
	/** Waiting behind a write that has not been taken yet. */
	readonly queueMaxCharacters?: number;
	readonly closeMs?: number;
}

const defaults = {
	flushMs: 20,
	flushCharacters: 65_536,
	queueMaxCharacters: 4_194_304,
	closeMs: 2_000,
};

type Bounds = typeof defaults & LineWriterOptions;

interface Pipe {
	readonly output: Output;
	readonly bounds: Bounds;
	/** Lines that wait for the timer, or for the write under way. */
	queued: { text: string; lines: number };
	timer?: ReturnType<typeof setTimeout>;
	/** One write at a time: its end says that the reader keeps up. */
	writing: boolean;
	/** No line is taken any more: closed, or nobody can read. */
	ended: boolean;
	lost: number;
	lostUntold: number;
	/** Called when nothing is queued and nothing is being written. */
	onIdle?: () => void;
}

function lose(pipe: Pipe, lines: number): void {
	pipe.lost += lines;
	pipe.lostUntold += lines;
}

function add({ queued }: Pipe, line: string): void {
	queued.text += `${line}\n`;
	queued.lines += 1;
}

function settle(pipe: Pipe, lines: number, error?: Error | null): void {
	pipe.writing = false;
	if (error) {
		pipe.ended = true;
		lose(pipe, lines + pipe.queued.lines);
		pipe.queued = { text: "", lines: 0 };
	} else if (pipe.lostUntold > 0) {
		add(pipe, pipe.bounds.toLossLine(pipe.lostUntold));
		pipe.lostUntold = 0;
	}
	flush(pipe);
}

function flush(pipe: Pipe): void {
	clearTimeout(pipe.timer);
	pipe.timer = undefined;
	if (pipe.writing) return;
	const { text, lines } = pipe.queued;
	if (text === "") {
		pipe.onIdle?.();
		return;
	}
	pipe.queued = { text: "", lines: 0 };
	pipe.writing = true;
	pipe.output.write(text, (error) => settle(pipe, lines, error));
}

function write(pipe: Pipe, line: string): void {
	const { bounds, queued, writing } = pipe;
	const full =
		writing && queued.text.length + line.length >= bounds.queueMaxCharacters;
	if (pipe.ended || full) {
		lose(pipe, 1);
		return;
	}
	add(pipe, line);
	if (writing) return;
	if (queued.text.length >= bounds.flushCharacters) flush(pipe);
	else pipe.timer ??= setTimeout(flush, bounds.flushMs, pipe);
}

async function close(pipe: Pipe): Promise<void> {
	pipe.ended = true;
	let limit: ReturnType<typeof setTimeout> | undefined;
	await new Promise<void>((resolve) => {
		pipe.onIdle = resolve;
		limit = setTimeout(resolve, pipe.bounds.closeMs);
		flush(pipe);
	});
	clearTimeout(limit);
}

export function openLineWriter(
	output: Output,
	options: LineWriterOptions,
): LineWriter {
	const pipe: Pipe = {
		output,
		bounds: { ...defaults, ...options },
		queued: { text: "", lines: 0 },
		writing: false,
		ended: false,
		lost: 0,
		lostUntold: 0,
	};
	return {
		write: (line) => write(pipe, line),
		dropped: () => pipe.lost,
		close: () => close(pipe),
	};
}
