import { Buffer } from "node:buffer";
import { chooseCoding, compress } from "./encode.ts";
import { changeHeaders } from "./faults.ts";
import { toRawHeaders } from "./headers.ts";
import { eventStreamType, type Reply, type SseEvent } from "./reply.ts";
import type { Script } from "./script.ts";
import { splitSteps } from "./split.ts";
import {
	type Steps,
	takeSteps,
	toBodySteps,
	toChunkSteps,
	toEventSteps,
} from "./steps.ts";
import { pause, type ReplyHead, type Wire } from "./wire.ts";

export interface Recipient {
	requestId: string;
	nowMs: number;
	acceptEncoding: string | undefined;
	keepAlive: boolean;
	/** HEAD: the same headers, no body. */
	headOnly: boolean;
}

/** Sends the reply as the script wants it; resolves when it is sent, cut short, or the client has left. */
export async function transmit(
	wire: Wire,
	reply: Reply,
	{ script, recipient }: { script: Script; recipient: Recipient },
): Promise<void> {
	if (script.delay_ms) await pause(script.delay_ms, wire);
	if (script.reset === "before_head") return wire.reset();
	if (script.garbage) {
		wire.writeRaw(garbage);
		return wire.hangUp("aborted-by-script");
	}
	const encoded = await encode(reply, script, recipient.acceptEncoding);
	const rawHeaders = toRawHeaders(encoded, recipient);
	const head: ReplyHead = {
		status: encoded.status,
		rawHeaders: changeHeaders(rawHeaders, script),
	};
	const byHand = toProtocol(script);
	const { body } = encoded;
	const whole = body.kind === "bytes" && !breaksBody(script);
	wire.head(byHand === undefined ? head : { ...head, byHand }, !whole);
	if (recipient.headOnly) return wire.end();
	if (whole) return wire.end(body.bytes);
	const steps = toSteps(encoded, script);
	await takeSteps(wire, script.split ? splitSteps(steps, script.split) : steps);
}

const garbage = new TextEncoder().encode(
	"\u0000\u0001 this is not HTTP \r\n\r\n",
);

/** Replies that break HTTP are written on the socket itself. */
function toProtocol(script: Script): ReplyHead["byHand"] {
	if (script.no_length) return "HTTP/1.0";
	const breaks = script.truncate || script.malformed_chunk || script.reset;
	return breaks ? "HTTP/1.1" : undefined;
}

function breaksBody(script: Script): boolean {
	return Boolean(
		script.truncate || script.malformed_chunk || script.reset || script.split,
	);
}

function toSteps({ body }: Reply, script: Script): Steps {
	switch (body.kind) {
		case "none":
			return [];
		case "bytes":
			return toBodySteps(body.bytes, script);
		case "events":
			return toEventSteps(body.events, script);
		case "stream":
			return toChunkSteps(body.chunks, script);
	}
}

/** Compressed where the API would, or where the script forces it. A forced stream is compressed as a whole. */
async function encode(
	reply: Reply,
	script: Script,
	acceptEncoding: string | undefined,
): Promise<Reply> {
	const { body } = reply;
	if (body.kind !== "bytes" && body.kind !== "events") return reply;
	const wanted = body.kind === "bytes" && body.compressible;
	const coding =
		script.content_encoding ??
		(wanted ? chooseCoding(acceptEncoding) : undefined);
	if (coding === undefined) return reply;
	const whole = body.kind === "bytes" ? body.bytes : await collect(body.events);
	return {
		...reply,
		headers: [...(reply.headers ?? []), ["content-encoding", coding]],
		body: {
			kind: "bytes",
			contentType: body.kind === "bytes" ? body.contentType : eventStreamType,
			bytes: compress(whole, coding),
			compressible: false,
		},
	};
}

async function collect(
	events: Iterable<SseEvent> | AsyncIterable<SseEvent>,
): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	for await (const step of toEventSteps(events, {})) {
		if (step.do === "write") chunks.push(step.bytes);
	}
	return Buffer.concat(chunks);
}
