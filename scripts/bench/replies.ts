/** What the fake upstream answers, in the shape and size of the real thing. */
const eventCount = 200;
const model = "claude-sonnet-5-5";

/** A short message whose input tokens are the size of the body in bytes, so that a lost byte shows. */
export function messageReply(bodyBytes: number) {
	return `{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"${model}","content":[{"type":"text","text":"Hello there, how are you today?"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":${bodyBytes},"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":12}}`;
}

const opening = [
	{
		type: "message_start",
		message: {
			id: "msg_01XFDUDYJgAACzvnptvVoYEL",
			type: "message",
			role: "assistant",
			model,
			content: [],
			stop_reason: null,
			stop_sequence: null,
			usage: {
				input_tokens: 10,
				cache_creation_input_tokens: 0,
				cache_read_input_tokens: 0,
				output_tokens: 1,
			},
		},
	},
	{
		type: "content_block_start",
		index: 0,
		content_block: { type: "text", text: "" },
	},
];
const closing = [
	{ type: "content_block_stop", index: 0 },
	{
		type: "message_delta",
		delta: { stop_reason: "end_turn", stop_sequence: null },
		usage: { output_tokens: 195 },
	},
	{ type: "message_stop" },
];
const deltas = Array.from(
	{ length: eventCount - opening.length - closing.length },
	(_, index) => ({
		type: "content_block_delta",
		index: 0,
		delta: { type: "text_delta", text: ` and word ${index}` },
	}),
);

/** One streamed message of 200 events, each with its blank line. */
export const streamedEvents = [...opening, ...deltas, ...closing].map(
	(event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
);
