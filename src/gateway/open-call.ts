import type { Hash } from "node:crypto";
import type { CallEnd, CallRecord } from "../domain/call.ts";
import type { Entry } from "../domain/entry.ts";
import { GatewayError } from "../domain/error.ts";
import { type HoldAmount, noHoldAmount } from "../domain/hold-amount.ts";
import type { Limit } from "../domain/limit.ts";
import type { Nanos } from "../domain/nanos.ts";
import type { Reservation } from "../limits/counter.ts";
import type { Listener, RequestHeaders } from "../platform/contract.ts";
import type { Catalog } from "../pricing/catalog.ts";
import type { OwnedObject } from "../store/owners.ts";
import type { Grant } from "./authenticate.ts";
import { dropBatchHold } from "./batches/hold.ts";
import type { Charge } from "./charge.ts";
import type { Route } from "./families.ts";
import { clientLeft, type Flight } from "./flights.ts";
import type { Meter } from "./meter/meter.ts";
import type { Opening } from "./opening.ts";
import type { OwnCall } from "./owned/require-own.ts";
import type { Target } from "./path.ts";
import type { Gateway } from "./pipeline.ts";
import { endReservation } from "./reserve.ts";
import type { Scan } from "./scan/finding.ts";
import { settle } from "./settle.ts";

/** What is known when a request reaches the relay. */
export interface Arrival {
	readonly listener: Listener;
	readonly target: Target;
	readonly headers: RequestHeaders;
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
	/** Null until the caller is known. */
	grant: Grant | null;
	/** What was found in the request body; null where none was looked at. */
	scan: Scan | null;
	/** What it does in a family where callers see only their own; null elsewhere. */
	own: OwnCall | null;
	/** What the requests of a batch name, by kind and id; null: nothing. */
	named: Map<string, OwnedObject> | null;
	/** The one that upstream is asked for. */
	model: string | null;
	/** By which other name the client asked for it; null: by its own. */
	alias: string | null;
	/** The prices in force; null where the call costs nothing. */
	catalog: Catalog | null;
	hold: HoldAmount;
	/** Whose room it needs. */
	limits: readonly Limit[];
	/** The most that all requests of a new batch may cost, and what was taken of budgets for it until it is written down. */
	batchAmount: HoldAmount;
	/** Every model that they name. */
	batchModels: readonly string[];
	batchHold: Reservation | null;
	/** What it has taken of its limits; null: nothing. */
	reservation: Reservation | null;
	/** Its tools may have run at upstream. */
	ranServerTools: boolean;
	opening: Opening | null;
	/** The name under which its end user is counted and summed; null: none, or not known yet. */
	endUser: string | null;
	/** Its model as the sums name it. */
	sumModel: string;
	/** Of a stream that says what is used; null where there is none. */
	meter: Meter | null;
	/** Null until the call is settled. */
	entry: Entry | null;
	charge: Charge | null;
	/** Of the key's `max_budget`; none where it has none. */
	keyBudget: readonly Limit[];
	/** What was spent when it was let in: by its key, or by everybody where it has none; null: nobody counts that. */
	spendAtStart: Nanos | null;
	streamed: boolean;
	status: number | null;
	firstByteMs: number | null;
	requestBytes: number;
	replyBytes: number;
	/** Where TOLLWAY_BODY_HASH is on. */
	requestHash: Hash | null;
	replyHash: Hash | null;
	upstreamRequestId: string | null;
	/** What upstream answered, whatever the client gets. */
	upstreamStatus: number | null;
	/** It has been handed to fetch: what fails from then on may be upstream's fault. */
	sent: boolean;
	/** Upstream never had it. */
	unreached: boolean;
	/** When it was handed to fetch, and how long upstream then took for all of it. */
	sentMs: number;
	upstreamMs: number;
	/** Request bytes that this call holds of the common memory. */
	heldBytes: number;
	over: boolean;
	/** Hears that the client went away; null while the call does not listen. */
	onLeave: (() => void) | null;
}

/** Seconds for which a connection may be silent when no call runs on it, or while the runtime writes a finished reply. */
export const idleConnectionSeconds = 120;

const noLimits: readonly Limit[] = [];
const noModels: readonly string[] = [];

export function openCall(
	request: Request,
	arrival: Arrival,
	gateway: Gateway,
	route: Route,
): OpenCall {
	const startMs = gateway.clock.monotonic();
	const call: OpenCall = {
		id: gateway.newId(),
		request,
		arrival,
		route,
		startedAtMs: gateway.clock.now(),
		startMs,
		controller: new AbortController(),
		slot: 0,
		wait: "client-body",
		sinceMs: startMs,
		drains: false,
		left: false,
		onLeave: null,
		grant: null,
		scan: null,
		own: null,
		named: null,
		model: null,
		alias: null,
		catalog: null,
		hold: noHoldAmount,
		limits: noLimits,
		batchAmount: noHoldAmount,
		batchModels: noModels,
		batchHold: null,
		reservation: null,
		ranServerTools: false,
		opening: null,
		endUser: null,
		sumModel: "",
		meter: null,
		entry: null,
		charge: null,
		keyBudget: noLimits,
		spendAtStart: null,
		streamed: false,
		status: null,
		firstByteMs: null,
		requestBytes: 0,
		replyBytes: 0,
		requestHash: null,
		replyHash: null,
		upstreamRequestId: null,
		upstreamStatus: null,
		sent: false,
		unreached: false,
		sentMs: startMs,
		upstreamMs: 0,
		heldBytes: 0,
		over: false,
	};
	gateway.flights.begin(call);
	return call;
}

/**
 * From now on the call ends with its client. Asking the runtime for the signal costs a small call 2 µs (Bun 1.4.5), so
 * calls that are read to their end whatever the client does never come here.
 */
export function hearLeave(call: OpenCall): void {
	if (call.onLeave !== null) return;
	const { request, controller } = call;
	call.onLeave = () => controller.abort(clientLeft);
	request.signal.addEventListener("abort", call.onLeave);
	if (request.signal.aborted) call.onLeave();
}

/** Left standing, the listener keeps the call alive for the garbage collector until the request itself goes. */
function ignoreLeave(call: OpenCall): void {
	if (call.onLeave === null) return;
	call.request.signal.removeEventListener("abort", call.onLeave);
	call.onLeave = null;
}

/** From now on upstream's reply is read to its end, whatever the client does: it is paid for, and its end says how much. */
export function drainCall(call: OpenCall): void {
	ignoreLeave(call);
	call.drains = true;
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
	call.upstreamStatus = reply.status;
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
	let recorded: Promise<void> | undefined;
	if (call.entry === null) {
		// What was not settled before its last byte is settled now, and nobody waits for it.
		call.meter?.end();
		const result = call.meter?.result() ?? null;
		recorded = settle(call, end, gateway, result)?.catch(saved);
	}
	endReservation(call, recorded);
	if (call.batchHold !== null) dropBatchHold(call);
	releaseBody(call, gateway);
	gateway.flights.end(call);
	ignoreLeave(call);
	call.arrival.listener.timeout(call.request, idleConnectionSeconds);
	gateway.onCall(toRecord(call, end, gateway, cause));
}

/** An Entry that the ledger did not take is with `onLost` already. */
const saved = () => {};

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
		payer: call.grant?.payer ?? null,
		entry: call.entry,
		todayNanos: gateway.totals.todayNanos(),
		end,
		cause: toPrivateCause(cause),
	};
}

function toPrivateCause(cause: unknown): unknown {
	if (cause === clientLeft) return null;
	return (cause instanceof GatewayError ? cause.cause : cause) ?? null;
}
