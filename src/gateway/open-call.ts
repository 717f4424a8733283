import type { CallEnd, CallRecord } from "../domain/call.ts";
import { GatewayError } from "../domain/error.ts";
import type { Listener } from "../platform/contract.ts";
import type { Grant } from "./authenticate.ts";
import type { Route } from "./families.ts";
import type { Flight } from "./flights.ts";
import type { Target } from "./path.ts";
import type { Gateway } from "./pipeline.ts";

/** What is known when a request reaches the relay. */
export interface Arrival {
	readonly listener: Listener;
	readonly target: Target;
	/** The peer, or the client behind a trusted proxy. */
	readonly clientAddress: string | null;
	/** How the client reaches us. */
	readonly scheme: "http" | "https";
}

/** One call while it runs. */
export interface OpenCall extends Flight {
	readonly id: string;
	readonly request: Request;
	readonly arrival: Arrival;
	readonly route: Route;
	readonly startedAtMs: number;
	readonly startMs: number;
	payer: Grant["payer"] | null;
	model: string | null;
	streamed: boolean;
	status: number | null;
	firstByteMs: number | null;
	requestBytes: number;
	replyBytes: number;
	upstreamRequestId: string | null;
	/** It has been handed to fetch: what fails from then on may be upstream's fault. */
	sent: boolean;
	/** Request bytes that this call holds of the common memory. */
	heldBytes: number;
	over: boolean;
	/** Hears that the client went away. */
	readonly onLeave: () => void;
}

/** The reason with which a call's controller is aborted when the client went away. */
export const clientLeft: unique symbol = Symbol("the client left");

/** Seconds for which a connection may be silent when no call runs on it, or while the runtime writes a finished reply. */
export const idleConnectionSeconds = 120;

export function openCall(
	request: Request,
	arrival: Arrival,
	gateway: Gateway,
	route: Route,
): OpenCall {
	const startMs = gateway.clock.monotonic();
	const controller = new AbortController();
	const call: OpenCall = {
		id: gateway.newId(),
		request,
		arrival,
		route,
		startedAtMs: gateway.clock.now(),
		startMs,
		controller,
		slot: 0,
		wait: "client-body",
		sinceMs: startMs,
		onLeave: () => controller.abort(clientLeft),
		payer: null,
		model: null,
		streamed: false,
		status: null,
		firstByteMs: null,
		requestBytes: 0,
		replyBytes: 0,
		upstreamRequestId: null,
		sent: false,
		heldBytes: 0,
		over: false,
	};
	request.signal.addEventListener("abort", call.onLeave);
	gateway.flights.begin(call);
	return call;
}

/** Notes progress, and what the call waits for next. */
export function moveCall(
	call: OpenCall,
	wait: Flight["wait"],
	gateway: Gateway,
): void {
	call.wait = wait;
	call.sinceMs = gateway.clock.monotonic();
}

/**
 * Takes room in the common memory for bytes of this call's request body.
 * @throws GatewayError `busy`
 */
export function holdBytes(
	call: OpenCall,
	bytes: number,
	gateway: Gateway,
): void {
	gateway.room.take(bytes);
	call.heldBytes += bytes;
}

/** Notes the head of upstream's reply. */
export function noteReply(
	call: OpenCall,
	reply: Response,
	gateway: Gateway,
): void {
	moveCall(call, "upstream", gateway);
	call.firstByteMs = call.sinceMs - call.startMs;
	call.status = reply.status;
	call.upstreamRequestId = reply.headers.get("request-id");
	releaseBody(call, gateway);
}

/** Gives back what the request body held; its bytes are with upstream. */
export function releaseBody(call: OpenCall, gateway: Gateway): void {
	if (call.heldBytes > 0) gateway.room.give(call.heldBytes);
	call.heldBytes = 0;
}

/** Every call ends here, exactly once, however it ended. */
export function finishCall(
	call: OpenCall,
	end: CallEnd,
	gateway: Gateway,
	cause?: unknown,
): void {
	if (call.over) return;
	call.over = true;
	releaseBody(call, gateway);
	gateway.flights.end(call);
	// Left standing, it keeps the call alive for the garbage collector until the request itself goes.
	call.request.signal.removeEventListener("abort", call.onLeave);
	call.arrival.listener.timeout(call.request, idleConnectionSeconds);
	gateway.onCall(toRecord(call, end, gateway, cause));
}

/** What the reason of an aborted call says about how it ended. */
export function toEnd(reason: unknown): CallEnd {
	if (reason === clientLeft) return "client_left";
	return reason instanceof GatewayError ? "timed_out" : "upstream_failed";
}

function toRecord(
	call: OpenCall,
	end: CallEnd,
	gateway: Gateway,
	cause: unknown,
): CallRecord {
	return {
		callId: call.id,
		timeMs: call.startedAtMs,
		method: call.request.method,
		path: call.route.upstreamPath,
		model: call.model,
		stream: call.streamed,
		status: call.status ?? 0,
		durationMs: gateway.clock.monotonic() - call.startMs,
		firstByteMs: call.firstByteMs,
		bytesIn: call.requestBytes,
		bytesOut: call.replyBytes,
		upstreamRequestId: call.upstreamRequestId,
		clientAddress: call.arrival.clientAddress,
		payer: call.payer,
		end,
		cause: toPrivateCause(cause),
	};
}

function toPrivateCause(cause: unknown): unknown {
	if (cause === clientLeft) return null;
	return (cause instanceof GatewayError ? cause.cause : cause) ?? null;
}
