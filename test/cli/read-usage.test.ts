import { expect, test } from "bun:test";
import { readUsage } from "../../src/cli/read-usage.ts";

const nothing = {
	model: null,
	inputTokens: null,
	outputTokens: null,
	cacheReadTokens: null,
	cacheWriteTokens: null,
	errorType: null,
};

test("a plain message", () => {
	const usage = {
		input_tokens: 12,
		output_tokens: 34,
		cache_read_input_tokens: 56,
		cache_creation_input_tokens: 7,
	};
	const text = JSON.stringify({ type: "message", model: "claude-x", usage });
	expect(readUsage(text, "application/json")).toEqual({
		model: "claude-x",
		inputTokens: 12,
		outputTokens: 34,
		cacheReadTokens: 56,
		cacheWriteTokens: 7,
		errorType: null,
		bytes: text.length,
	});
});

test("a stream: the last count of each kind", () => {
	const events = [
		{
			type: "message_start",
			message: {
				model: "claude-x",
				usage: { input_tokens: 12, output_tokens: 1 },
			},
		},
		{ type: "content_block_delta", delta: { type: "text_delta", text: "Hé" } },
		{ type: "message_delta", usage: { output_tokens: 20 } },
		{
			type: "message_delta",
			usage: { output_tokens: 34, cache_read_input_tokens: 5 },
		},
		{ type: "message_stop" },
	];
	const text = events
		.map(
			(event) =>
				`event: ${event.type}\r\ndata: ${JSON.stringify(event)}\r\n\r\n`,
		)
		.join("");
	expect(readUsage(text, "text/event-stream; charset=utf-8")).toEqual({
		...nothing,
		model: "claude-x",
		inputTokens: 12,
		outputTokens: 34,
		cacheReadTokens: 5,
		bytes: text.length + 1,
	});
});

test.each([
	['{"input_tokens":9}', "application/json", { inputTokens: 9 }],
	[
		'{"type":"error","error":{"type":"not_found_error"}}',
		"application/json",
		{ errorType: "not_found_error" },
	],
	[
		'data: {"type":"error","error":{"type":"overloaded_error"}}\n\n',
		"text/event-stream",
		{ errorType: "overloaded_error" },
	],
	["not json", "application/json", {}],
	['{"a":1}\n{"a":2}', "application/x-jsonl", {}],
	["[1,2]", "application/json", {}],
	["null", "application/json", {}],
	["", "", {}],
])("%j", (text, contentType, expected) => {
	expect(readUsage(text, contentType)).toEqual({
		...nothing,
		bytes: text.length,
		...expected,
	});
});
