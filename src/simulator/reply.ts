/** What a handler answers. How it travels (compressed, split, torn) is decided after it. */
export interface Reply {
	status: number;
	/** Replace equal names of the usual headers. */
	headers?: readonly (readonly [name: string, value: string])[];
	body: ReplyBody;
}

export type ReplyBody =
	| { kind: "none" }
	| {
			kind: "bytes";
			contentType: string;
			bytes: Uint8Array;
			/** Whether the API compresses it for a client that accepts that. */
			compressible: boolean;
	  }
	| { kind: "events"; events: Iterable<SseEvent> | AsyncIterable<SseEvent> }
	| {
			kind: "stream";
			contentType: string;
			chunks: Iterable<Uint8Array>;
			/** Chunked when absent. */
			lengthBytes?: number;
	  };

/** One server-sent event; `name` is absent in the OpenAI dialect. */
export interface SseEvent {
	name?: string;
	data: string;
}

export const eventStreamType = "text/event-stream; charset=utf-8";

const encoder = new TextEncoder();

export function toJson(value: unknown, status = 200): Reply {
	return {
		status,
		body: {
			kind: "bytes",
			contentType: "application/json",
			bytes: encoder.encode(JSON.stringify(value)),
			compressible: true,
		},
	};
}

/** JSON that is never compressed, as the metered endpoints send it here. */
export function toPlainJson(value: unknown, status = 200): Reply {
	const reply = toJson(value, status);
	if (reply.body.kind === "bytes") reply.body.compressible = false;
	return reply;
}

export function toBinary(bytes: Uint8Array, contentType: string): Reply {
	return {
		status: 200,
		body: { kind: "bytes", contentType, bytes, compressible: false },
	};
}

export function toEvents(
	events: Iterable<SseEvent> | AsyncIterable<SseEvent>,
): Reply {
	return { status: 200, body: { kind: "events", events } };
}

export const noContent: Reply = { status: 204, body: { kind: "none" } };
