import { GatewayError } from "../domain/error.ts";
import type { Clock } from "../platform/contract.ts";

/**
 * Every call in progress, and the one timer that watches them all: a timer per call or per chunk would cost more than
 * the rest of the relay's bookkeeping.
 */

/** The reason with which a call's controller is aborted when the client went away. */
export const clientLeft: unique symbol = Symbol("the client left");

/** What a call is waiting for. Each wait has its own limit. */
export type Wait = "client-body" | "first-byte" | "upstream" | "client";

export interface Flight {
	/** Its place among the open ones. */
	slot: number;
	wait: Wait;
	/** Monotonic milliseconds of the last progress. */
	sinceMs: number;
	/** Ends everything that the call has under way; the reason is a GatewayError, or that the client left. */
	readonly controller: AbortController;
	readonly request: Request;
	/** It goes on when its client leaves, so that its reply can be read to the end. */
	drains: boolean;
	/** The client of a call that drains was seen to have left. */
	left: boolean;
}

/** Milliseconds; 0 = wait for ever. */
export type WaitLimits = { readonly [W in Wait]: number };

export interface Flights {
	begin(flight: Flight): void;
	/** Once for each that began. */
	end(flight: Flight): void;
	size(): number;
	/** Resolves when no call is in progress, those without their clients included. */
	idle(): Promise<void>;
	/** Ends every call with this error. */
	abortAll(reason: GatewayError): void;
	close(): void;
}

const sweepEveryMs = 1000;

/** Calls that go on without their clients. Above, the longest silent ones end. */
const maxDraining = 256;

const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;

const overdue: {
	readonly [W in Wait]: (limitMs: number) => GatewayError;
} = {
	"client-body": (limit) =>
		new GatewayError(
			"body_too_slow",
			`Nothing more of the request body arrived within ${seconds(limit)}. Send it again, faster or in smaller parts.`,
		),
	"first-byte": (limit) =>
		new GatewayError(
			"upstream_timeout",
			`Upstream did not begin to answer within ${seconds(limit)}. Try again, or stream the reply; the operator can raise TOLLWAY_FIRST_BYTE_TIMEOUT.`,
		),
	upstream: (limit) =>
		new GatewayError(
			"upstream_timeout",
			`Upstream sent nothing for ${seconds(limit)}; the operator can raise TOLLWAY_STREAM_IDLE_TIMEOUT.`,
		),
	client: (limit) =>
		new GatewayError(
			"body_too_slow",
			`The client took nothing of the reply for ${seconds(limit)}; the operator can raise TOLLWAY_CLIENT_STALL_TIMEOUT.`,
		),
};

export function openFlights(clock: Clock, limits: WaitLimits): Flights {
	// Not a Set: JSC keeps what was deleted from it alive until it rehashes, and the garbage collector then costs a small
	// call 5 µs more (Bun 1.4.5).
	const open: Flight[] = [];
	const sweep = () => {
		const now = clock.monotonic();
		// A copy: ending one call moves another.
		for (const flight of [...open]) {
			const limit = limits[flight.wait];
			if (limit > 0 && now - flight.sinceMs > limit) {
				flight.controller.abort(overdue[flight.wait](limit));
			}
		}
		endDraining(open, now);
	};
	const timer = setInterval(sweep, sweepEveryMs);
	const waiting: (() => void)[] = [];
	return {
		begin: (flight) => {
			flight.slot = open.length;
			open.push(flight);
		},
		end: (flight) => {
			const last = open.pop();
			if (last !== undefined && last !== flight) {
				last.slot = flight.slot;
				open[last.slot] = last;
			}
			if (open.length === 0) for (const wake of waiting.splice(0)) wake();
		},
		idle: async () => {
			if (open.length === 0) return;
			await new Promise<void>((resolve) => waiting.push(resolve));
		},
		size: () => open.length,
		abortAll: (reason) => {
			for (const flight of [...open]) flight.controller.abort(reason);
		},
		close: () => clearInterval(timer),
	};
}

/**
 * Asks here, and not as it happens, whether a client left: a call that is over within a second need not know, and the
 * runtime's answer is dear.
 */
function endDraining(open: readonly Flight[], now: number): void {
	for (const flight of open) {
		if (!flight.drains || flight.left) continue;
		flight.left =
			now - flight.sinceMs >= sweepEveryMs && flight.request.signal.aborted;
	}
	const draining = open.filter(({ left }) => left);
	if (draining.length <= maxDraining) return;
	draining.sort((one, other) => one.sinceMs - other.sinceMs);
	for (const flight of draining.slice(0, -maxDraining)) {
		flight.controller.abort(clientLeft);
	}
}
