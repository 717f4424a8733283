/**
 * An upstream that is cheap under load: a process of its own, told by each call's query what to do. It notes when every
 * call began and how it ended. Prints its port when it is ready.
 */
import { toSeededBlocks } from "../../src/simulator/seeded.ts";
import { toEvent } from "./payload.ts";
import { sleep } from "./wait.ts";

/** One call as upstream saw it. Times are milliseconds since 1970. */
export interface UpstreamCall {
	/** The query's `id`; several calls may have the same. */
	readonly id: string;
	readonly startMs: number;
	endMs: number | null;
	end: "done" | "left" | null;
	/** Bytes of the body taken in, or of the reply given out. */
	bytes: number;
}

const callsPath = "/soak/calls";

function openUpstream() {
	const calls: UpstreamCall[] = [];
	const server = Bun.serve({
		port: 0,
		hostname: "127.0.0.1",
		idleTimeout: 0,
		maxRequestBodySize: Number.MAX_SAFE_INTEGER,
		development: false,
		fetch(request) {
			const { pathname, searchParams } = new URL(request.url);
			if (pathname === callsPath) return Response.json(calls);
			const call = beginCall(searchParams.get("id") ?? "", request.signal);
			calls.push(call);
			if (pathname === "/v1/messages")
				return stream(request, call, searchParams);
			if (request.method === "POST") return hash(request, call, searchParams);
			return send(call, Number(searchParams.get("bytes")));
		},
	});
	return server.port;
}

function beginCall(id: string, signal: AbortSignal): UpstreamCall {
	const call: UpstreamCall = {
		id,
		startMs: Date.now(),
		endMs: null,
		end: null,
		bytes: 0,
	};
	signal.addEventListener("abort", () => endCall(call, "left"));
	return call;
}

function endCall(call: UpstreamCall, end: "done" | "left"): void {
	if (call.end !== null) return;
	call.end = end;
	call.endMs = Date.now();
}

/**
 * `events`: how many. `head_ms`, `silence_ms`: before the head, and between events. `halves`: an event's second half
 * comes as much later again.
 */
async function stream(
	request: Request,
	call: UpstreamCall,
	query: URLSearchParams,
) {
	await request.arrayBuffer();
	await sleep(Number(query.get("head_ms")));
	const headers = { "content-type": "text/event-stream; charset=utf-8" };
	return new Response(toBody(give(call, query)), { headers });
}

async function* give(call: UpstreamCall, query: URLSearchParams) {
	const silenceMs = Number(query.get("silence_ms"));
	const count = Number(query.get("events"));
	for (let index = 0; index < count; index++) {
		const event = toEvent(call.id, index);
		const half = query.has("halves") ? event.length >> 1 : 0;
		if (index > 0) await sleep(silenceMs);
		if (half > 0) {
			yield event.subarray(0, half);
			await sleep(silenceMs);
		}
		yield event.subarray(half);
		call.bytes += event.length;
	}
	endCall(call, "done");
}

/** Takes a body in and answers with what it was. `pause_ms`: how long it stops in the middle. */
async function hash(
	request: Request,
	call: UpstreamCall,
	query: URLSearchParams,
) {
	const sha256 = new Bun.CryptoHasher("sha256");
	const pauseAt = Number(query.get("bytes")) / 2;
	try {
		for await (const chunk of request.body ?? []) {
			const isMiddle =
				call.bytes < pauseAt && call.bytes + chunk.length >= pauseAt;
			if (isMiddle) await sleep(Number(query.get("pause_ms")));
			call.bytes += chunk.length;
			sha256.update(chunk);
		}
	} catch {
		endCall(call, "left"); // the upload was cut off: nobody is there to be answered
		return new Response(null, { status: 499 });
	}
	endCall(call, "done");
	return Response.json({ bytes: call.bytes, sha256: sha256.digest("hex") });
}

/** So many seeded bytes, as fast as they are taken. */
function send(call: UpstreamCall, totalBytes: number) {
	const headers = { "content-type": "application/octet-stream" };
	return new Response(toBody(giveBytes(call, totalBytes)), { headers });
}

async function* giveBytes(call: UpstreamCall, totalBytes: number) {
	for (const block of toSeededBlocks(totalBytes)) {
		call.bytes += block.length;
		yield block;
	}
	endCall(call, "done");
}

function toBody(
	pieces: AsyncGenerator<Uint8Array>,
): ReadableStream<Uint8Array> {
	return new ReadableStream(
		{
			async pull(controller) {
				const { done, value } = await pieces.next();
				if (done) controller.close();
				else controller.enqueue(value);
			},
		},
		{ highWaterMark: 0 },
	);
}

if (import.meta.main) console.log(openUpstream());
