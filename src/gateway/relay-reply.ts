import { decode } from "./encoding.ts";
import { toUpstreamError } from "./forward.ts";
import { toReplyHeaders } from "./headers.ts";
import { observe } from "./observe.ts";
import {
	clientLeft,
	finishCall,
	moveCall,
	type OpenCall,
	toEnd,
} from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";
import { readReply } from "./read-reply.ts";
import { rewriteResultsUrl } from "./results-url.ts";

/** Statuses whose reply never has a body (RFC 9110 §6.4.1). */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/** A JSON reply up to this size is read whole; a longer one streams. The largest seen is a page of 1,000 batches, 0.8 MB. */
const wholeReplyBytes = 16 * 1024 * 1024;

/** A compressed reply that must be read may grow to this many times its size. */
const maxRatio = 200;

/**
 * The client's reply: upstream's status, headers and bytes, and our call id.
 * @throws GatewayError when upstream breaks off a reply that is read whole
 */
export async function relayReply(
	reply: Response,
	call: OpenCall,
	gateway: Gateway,
): Promise<Response> {
	const headers = toReplyHeaders(reply.headers);
	headers.set("x-litellm-call-id", call.id);
	const { status } = reply;
	call.status = status;
	if (call.request.method === "HEAD" || bodiless.has(status)) {
		return relayBodiless(status, headers, call, gateway);
	}
	moveCall(call, "upstream", gateway);
	const type = reply.headers.get("content-type") ?? "";
	const { metered, resultsUrl } = call.route.family;
	if ((metered || resultsUrl) && type.startsWith("application/json")) {
		return relayWhole(reply, headers, call, gateway);
	}
	// Not before here: touching `body` makes a stream of it, which costs a small call a tenth of its time (Bun 1.4.5).
	if (reply.body === null) return relayBodiless(status, headers, call, gateway);
	call.streamed = type.startsWith("text/event-stream");
	const body = relayStream(reply.body, call, gateway);
	return new Response(body, { status, headers });
}

function relayBodiless(
	status: number,
	headers: Headers,
	call: OpenCall,
	gateway: Gateway,
): Response {
	finishCall(call, "done", gateway);
	return new Response(null, { status, headers });
}

/** Reads a plain JSON reply to its end before the client sees its head, so that headers can tell what it cost. */
async function relayWhole(
	reply: Response,
	headers: Headers,
	call: OpenCall,
	gateway: Gateway,
): Promise<Response> {
	const { status } = reply;
	const read = await readReply(reply, wholeReplyBytes).catch((cause) => {
		call.controller.signal.throwIfAborted();
		throw toUpstreamError(cause);
	});
	if (read.whole === null) {
		const body = relayStream(read.rest, call, gateway);
		return new Response(body, { status, headers });
	}
	const bytes = call.route.family.resultsUrl
		? await redirectResults(read.whole, headers, call, gateway)
		: read.whole;
	call.replyBytes = bytes.length;
	finishCall(call, "done", gateway);
	headers.delete("content-length");
	return new Response(bytes, { status, headers });
}

/** Upstream's `results_url` is an address of its own: a client that followed it would carry our key past us. */
async function redirectResults(
	bytes: Uint8Array<ArrayBuffer>,
	headers: Headers,
	call: OpenCall,
	gateway: Gateway,
): Promise<Uint8Array<ArrayBuffer>> {
	if (!gateway.rewriteResultsUrl) return bytes;
	const coding = headers.get("content-encoding");
	const plain = coding
		? await decode(bytes, coding, { maxBytes: wholeReplyBytes, maxRatio })
		: bytes;
	const rewritten = rewriteResultsUrl(plain, {
		upstreamOrigins: [gateway.upstreamUrl, "https://api.anthropic.com"],
		publicBase: call.arrival.publicBase() + call.route.mount,
	});
	if (rewritten === plain) return bytes;
	headers.delete("content-encoding");
	return rewritten;
}

/** Hands the reply on chunk by chunk. Cut short by upstream, it ends without a last chunk: never a forged end. */
function relayStream(
	body: ReadableStream<Uint8Array>,
	call: OpenCall,
	gateway: Gateway,
): ReadableStream<Uint8Array> {
	const { signal } = call.controller;
	return observe(
		body,
		{
			wanted: () => moveCall(call, "upstream", gateway),
			chunk: (bytes) => {
				call.replyBytes += bytes.length;
				moveCall(call, "client", gateway);
			},
			ended: () => finishCall(call, "done", gateway),
			broken: (how, cause) => {
				const reason = signal.aborted ? signal.reason : cause;
				const end = how === "reader" ? "client-left" : toEnd(reason);
				finishCall(call, end, gateway, reason);
				call.controller.abort(clientLeft);
			},
		},
		signal,
	);
}
