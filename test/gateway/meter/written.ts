/** Streams written by hand after the API's documentation. */

const startUsage = {
	input_tokens: 2679,
	cache_creation_input_tokens: 2500,
	cache_read_input_tokens: 10_000,
	cache_creation: {
		ephemeral_5m_input_tokens: 2000,
		ephemeral_1h_input_tokens: 500,
	},
	output_tokens: 3,
	service_tier: "standard",
	inference_geo: "us",
	speed: "fast",
};

export const message = {
	id: "msg_014p7gG3wDgGV9EUtLvnow3U",
	type: "message",
	role: "assistant",
	model: "claude-opus-5-5",
	content: [],
	stop_reason: null,
	stop_sequence: null,
	usage: startUsage,
};

export type Event = Readonly<Record<string, unknown>> & {
	readonly type: string;
};

export const start = (change: Record<string, unknown> = {}): Event => ({
	type: "message_start",
	message: { ...message, ...change },
});
export const block = (content_block: unknown, index = 0): Event => ({
	type: "content_block_start",
	index,
	content_block,
});
export const delta = (change: Record<string, unknown>, index = 0): Event => ({
	type: "content_block_delta",
	index,
	delta: change,
});
export const text = (value: string): Event =>
	delta({ type: "text_delta", text: value });
export const totals = (
	usage: unknown,
	stop_reason: string | null = "end_turn",
	more: Record<string, unknown> = {},
): Event => ({
	type: "message_delta",
	delta: { stop_reason, stop_sequence: null, ...more },
	usage,
});
export const stop: Event = { type: "message_stop" };
export const ping: Event = { type: "ping" };
export const failure: Event = {
	type: "error",
	error: { type: "overloaded_error", message: "Overloaded" },
};

/** As upstream writes events. */
export const toStream = (...events: readonly Event[]): string =>
	events
		.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
		.join("");

/** The same without names, as some proxies hand them on. */
export const withoutNames = (stream: string): string =>
	stream.replaceAll(/^event: .*\n/gm, "");

const opening = [start(), block({ type: "text", text: "" }), ping] as const;

/** 24 bytes of output. */
export const plain = toStream(
	...opening,
	text("Hello"),
	text(', "world" 🎈\n'),
	text("Bye."),
	{ type: "content_block_stop", index: 0 },
	totals({ output_tokens: 15 }),
	stop,
);

export const written: Readonly<Record<string, string>> = {
	plain,
	"without names": withoutNames(plain),
	CRLF: plain.replaceAll("\n", "\r\n"),
	CR: plain.replaceAll("\n", "\r"),
	"every line end": plain
		.split("\n")
		.map(
			(line, i) => line + (["\n", "\r\n", "\r"][(i * 7 + (i >> 2)) % 3] ?? ""),
		)
		.join(""),
	"a byte order mark": `\uFEFF${plain}`,
	"no blank behind the colon": plain.replaceAll(/^(event|data): /gm, "$1:"),
	"data before the name": plain.replaceAll(
		/^(event: .*)\n(data: .*)$/gm,
		"$2\n$1",
	),
	"other fields, comments, blank lines": plain.replaceAll(
		"event: ",
		"\n\n: keep alive\n\n: one more\nid: 7\nretry: 10\nevent: ",
	),
	"data in several lines": plain.replaceAll(',"', ',\ndata: "'),
	"JSON with blanks": plain.replaceAll('":', '": ').replaceAll(',"', ', "'),
	"padded data": plain.replaceAll("}}\n", "}         }\n"),
	"a line behind the data": plain.replaceAll(/^(data: .*)$/gm, "$1\nid: 9"),
	"totals in between, and none at the end": toStream(
		...opening,
		text("Hello"),
		totals({ output_tokens: 15 }, null),
		text("Bye"),
		stop,
	),
	"a long delta, then an error": toStream(
		...opening,
		text("é".repeat(3000)),
		failure,
	),
	"an unknown event": toStream(
		...opening,
		{ type: "something_new", index: 0, delta: { usage: { output_tokens: 9 } } },
		text("Hi"),
		totals({ output_tokens: 2 }),
		stop,
	),
	"an error": toStream(...opening, text("Hello"), failure),
	"an error behind the totals": toStream(
		...opening,
		text("Hello"),
		totals({ output_tokens: 15 }),
		failure,
	),
	"no end": toStream(...opening, text("Hello"), totals({ output_tokens: 15 })),
	"bytes behind the end": `${plain}: late\n\nevent: ping\ndata: {"type":"ping"}\n\n`,
	"a long delta": toStream(
		...opening,
		text("é".repeat(3000)),
		totals({ output_tokens: 9 }),
		stop,
	),
	"a long result of a tool": toStream(
		...opening,
		block(
			{
				type: "bash_code_execution_tool_result",
				content: { stdout: "x\\".repeat(5000) },
			},
			1,
		),
		totals({ output_tokens: 9 }),
		stop,
	),
	"a long fallback": toStream(
		...opening,
		block(
			{
				type: "fallback",
				from: { model: "a" },
				note: "n".repeat(3000),
				to: { model: "b" },
			},
			1,
		),
		totals({ output_tokens: 9, note: "n".repeat(3000) }),
		stop,
	),
};

const chunk = (
	choices: readonly unknown[],
	more: Record<string, unknown> = {},
) =>
	`data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "claude-opus-5-5", choices, ...more })}\n\n`;
const choice = (change: unknown, finish_reason: string | null = null) => [
	{ index: 0, delta: change, finish_reason },
];
const chatUsage = {
	prompt_tokens: 100,
	completion_tokens: 9,
	total_tokens: 109,
	prompt_tokens_details: { cached_tokens: 40 },
	completion_tokens_details: { reasoning_tokens: 4 },
};

const chatOpening =
	chunk(choice({ role: "assistant", content: "" })) +
	chunk(choice({ content: "Hello ☃" })) +
	chunk(
		choice({ tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] }),
	);
const finish = chunk(choice({}, "tool_calls"));
const done = "data: [DONE]\n\n";

/** Streams in OpenAI's shape. 16 bytes of output. */
export const chat: Readonly<Record<string, string>> = {
	"chat: usage in a chunk of its own":
		chatOpening + finish + chunk([], { usage: chatUsage }) + done,
	"chat: usage in every chunk":
		(chatOpening + finish).replaceAll(/\}\n\n/g, ',"usage":null}\n\n') +
		chunk([], { usage: chatUsage }) +
		done,
	"chat: usage with the last choice":
		chatOpening + chunk(choice({}, "tool_calls"), { usage: chatUsage }) + done,
	"chat: not asked for usage": chatOpening + finish + done,
	"chat: CRLF and comments": (
		chatOpening +
		finish +
		chunk([], { usage: chatUsage }) +
		": note\n\n" +
		done
	).replaceAll("\n", "\r\n"),
	"chat: no end": chatOpening + finish + chunk([], { usage: chatUsage }),
	"chat: an error": `${chatOpening}data: {"error":{"type":"overloaded_error","message":"Overloaded"}}\n\n`,
	"chat: a named error": `${chatOpening}event: error\ndata: {"error":{"code":"api_error"}}\n\n`,
	"chat: a long last chunk":
		chatOpening +
		chunk(choice({ content: "x".repeat(3000) }, "stop"), { usage: chatUsage }) +
		done,
};
