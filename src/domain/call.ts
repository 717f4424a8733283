import type { Entry } from "./entry.ts";
import type { Nanos } from "./nanos.ts";

/**
 * How a call ended: the whole reply was handed on; the client went away; upstream broke off; a wait was over its limit;
 * or we said no, with a row of the error table.
 */
export type CallEnd =
	| "done"
	| "client_left"
	| "upstream_failed"
	| "timed_out"
	| `refused:${string}`;

/** What is known of one call when it is over. Times in milliseconds, sizes in bytes. */
export interface CallRecord {
	/** UUID, version 7, minted here; what `x-litellm-call-id` says. */
	readonly callId: string;
	/** When it came, since 1970. */
	readonly timeMs: number;
	readonly method: string;
	/** Canonical upstream path, without query. */
	readonly path: string;
	/** As the client asked for it; null where there is none. */
	readonly model: string | null;
	/** The reply was an event stream. */
	readonly stream: boolean;
	/** What the client was answered; 0 when it left before that. */
	readonly status: number;
	readonly durationMs: number;
	/** Until upstream's reply headers; null without them. */
	readonly firstByteMs: number | null;
	/** Of the bodies. */
	readonly bytesIn: number;
	readonly bytesOut: number;
	/** Anthropic's `request-id`; null without a reply. */
	readonly upstreamRequestId: string | null;
	readonly clientAddress: string | null;
	readonly payer: "operator" | "client" | null;
	/** What is on the ledger of it; null for a caller who was not known. */
	readonly entry: Entry | null;
	/** What the operator has paid since midnight, this call included. */
	readonly todayNanos: Nanos;
	readonly end: CallEnd;
	/** For the operator's log, never for the client; null where nothing went wrong. */
	readonly cause: unknown;
}
