import type { CallEnd } from "../domain/call.ts";
import { GatewayError } from "../domain/error.ts";
import { findCosts } from "./agent-sessions/find-costs.ts";
import { noteCosts } from "./agent-sessions/queue.ts";
import { registerSession } from "./agent-sessions/register.ts";
import { registerBatch } from "./batches/register.ts";
import { addBudgetHeaders } from "./budget-headers.ts";
import { addCostHeaders, addKeyHeaders } from "./cost-headers.ts";
import { decode, maxRatio } from "./encoding.ts";
import { toPublicBase } from "./guard.ts";
import { hashReply } from "./hash-bodies.ts";
import { stripReplyHeaders } from "./headers.ts";
import { notRecorded } from "./ledger-down.ts";
import { meterWhole, openMeter } from "./meter/meter.ts";
import { finishCall, type OpenCall } from "./open-call.ts";
import type { Gateway } from "./pipeline.ts";
import { readReply } from "./read-reply.ts";
import { relayStream } from "./relay-stream.ts";
import { rewriteResultsUrl } from "./results-url.ts";
import { settle } from "./settle.ts";

/** Statuses whose reply never has a body (RFC 9110 §6.4.1). */
const bodilessStatuses: ReadonlySet<number> = new Set([204, 205, 304]);

/** A JSON reply up to this size is read whole; a longer one streams. The largest seen is a page of 1,000 batches, 0.8 MB. */
const wholeReplyBytes = 16 * 1024 * 1024;

/**
 * Whether the reply is JSON of a known, moderate length that is read to its end before the client sees its head, so that
 * headers can tell what it cost.
 */
export function isReadWhole(reply: Response, call: OpenCall): boolean {
	const announced = Number(reply.headers.get("content-length") ?? Number.NaN);
	return announced <= wholeReplyBytes && isJsonToRead(reply, call);
}

function isJsonToRead(reply: Response, call: OpenCall): boolean {
	const { metered, resultsUrl } = call.route.family;
	if (!metered && !resultsUrl) return false;
	if (isBodiless(reply, call)) return false;
	const type = reply.headers.get("content-type");
	return type?.startsWith("application/json") === true;
}

const isBodiless = (reply: Response, call: OpenCall): boolean =>
	call.request.method === "HEAD" || bodilessStatuses.has(reply.status);

/**
 * The client's reply: upstream's status, headers and bytes, and our call id. Rejects with the runtime's own error when
 * upstream breaks off a reply that is read whole.
 */
export async function relayReply(
	reply: Response,
	call: OpenCall,
	gateway: Gateway,
): Promise<Response> {
	if (isJsonToRead(reply, call)) {
		const read = await readReply(reply, wholeReplyBytes);
		return read.whole === null
			? toAnswer(relayStream(read.rest, call, gateway), reply, call, gateway)
			: answerWhole(read.whole, reply, call, gateway);
	}
	const body = isBodiless(reply, call) ? null : reply.body;
	if (body === null) {
		finishCall(call, "done", gateway);
		return toAnswer(null, reply, call, gateway);
	}
	const type = reply.headers.get("content-type") ?? "";
	call.streamed = type.startsWith("text/event-stream");
	const { meter } = call.route.family;
	if (call.streamed && meter !== null && isPaid(call)) {
		call.meter = openMeter(meter);
	}
	return toAnswer(relayStream(body, call, gateway), reply, call, gateway);
}

export function answerWhole(
	bytes: Uint8Array<ArrayBuffer>,
	reply: Response,
	call: OpenCall,
	gateway: Gateway,
): Response | Promise<Response> {
	call.replyBytes = bytes.length;
	call.upstreamMs = gateway.clock.monotonic() - call.sentMs;
	hashReply(bytes, call, gateway);
	const { family } = call.route;
	if (family.resultsUrl) return answerBatches(bytes, reply, call, gateway);
	if (family.listCosts) return answerSessions(bytes, reply, call, gateway);
	if (family.meter === null || !isPaid(call)) {
		return finishWhole(bytes, reply, call, gateway);
	}
	const reading = meterWhole(bytes, family.meter);
	const settling = settle(call, toWholeEnd(call), gateway, reading);
	return settling === undefined
		? finishWhole(bytes, reply, call, gateway)
		: settling.then(
				() => finishWhole(bytes, reply, call, gateway),
				(cause) => {
					throw notRecorded(cause);
				},
			);
}

/** What is asked for otherwise than by POST costs nothing, wherever it is. */
const isPaid = (call: OpenCall): boolean => call.request.method === "POST";

const toWholeEnd = (call: OpenCall): CallEnd =>
	call.left ? "client_left" : "done";

function finishWhole(
	bytes: Uint8Array<ArrayBuffer>,
	reply: Response,
	call: OpenCall,
	gateway: Gateway,
): Response {
	finishCall(call, toWholeEnd(call), gateway);
	const answer = toAnswer(bytes, reply, call, gateway);
	addCostHeaders(answer.headers, call, gateway);
	return answer;
}

function toAnswer(
	body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null,
	reply: Response,
	call: OpenCall,
	gateway: Gateway,
): Response {
	const { status, headers } = reply;
	const answer = new Response(body, { status, headers });
	stripReplyHeaders(answer.headers);
	answer.headers.set("x-litellm-call-id", call.id);
	if (!call.streamed) addKeyHeaders(answer.headers, call, gateway);
	addBudgetHeaders(answer.headers, call, gateway);
	return answer;
}

/**
 * A new batch is written down first. Upstream's `results_url` is an address of its own: a client that followed it would
 * carry our key past us.
 */
async function answerBatches(
	bytes: Uint8Array<ArrayBuffer>,
	reply: Response,
	call: OpenCall,
	gateway: Gateway,
): Promise<Response> {
	const coding = reply.headers.get("content-encoding");
	const plain = coding ? await decodeReply(bytes, coding) : bytes;
	await registerBatch(plain, call, gateway);
	const rewritten = gateway.rewriteResultsUrl
		? rewriteResultsUrl(plain, {
				upstreamOrigins: [gateway.upstreamUrl, "https://api.anthropic.com"],
				publicBase: toPublicBase(call.arrival, gateway) + call.route.mount,
			})
		: plain;
	const sent = rewritten === plain ? bytes : rewritten;
	call.replyBytes = sent.length;
	finishCall(call, "done", gateway);
	const answer = toAnswer(sent, reply, call, gateway);
	if (sent === bytes) return answer;
	answer.headers.delete("content-encoding");
	answer.headers.set("content-length", String(sent.length));
	return answer;
}

/** A new session is written down first; nothing waits for what sessions have cost. */
async function answerSessions(
	bytes: Uint8Array<ArrayBuffer>,
	reply: Response,
	call: OpenCall,
	gateway: Gateway,
): Promise<Response> {
	await registerSession(bytes, call, gateway);
	if (reply.status === 200) {
		noteCosts(findCosts(bytes, call.route.upstreamPath), call, gateway);
	}
	finishCall(call, toWholeEnd(call), gateway);
	return toAnswer(bytes, reply, call, gateway);
}

/** What cannot be decoded crosses as it is: it is not for us to judge what upstream sends. */
async function decodeReply(
	bytes: Uint8Array<ArrayBuffer>,
	coding: string,
): Promise<Uint8Array<ArrayBuffer>> {
	try {
		return await decode(bytes, coding, { maxBytes: wholeReplyBytes, maxRatio });
	} catch (error) {
		if (error instanceof GatewayError) return bytes;
		throw error;
	}
}
