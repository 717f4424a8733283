import type { Nanos } from "./nanos.ts";
import type { TokenCounts } from "./usage.ts";

/** `call`: one finished call. `batch`: the calls of one batch to one model. `session`: what a session's list cost grew by. `correction`: names the Entry it corrects. */
export type EntryKind = "call" | "batch" | "session" | "correction";

/**
 * How well the cost is known. `exact`: upstream's own numbers at a listed price. `estimated`: ours, because upstream's
 * never came. `partial`: exact but for a part that the API does not report (container hours). `unpriced`: unknown, printed
 * as 0.
 */
export type TruthState = "exact" | "estimated" | "partial" | "unpriced";

/** Who pays upstream. Only `operator` counts in totals and budgets. */
export type Payer = "operator" | "client" | "user_profile";

/**
 * One row of the ledger: written once, never changed. Times are milliseconds since 1970 or, named `…Ms` of a duration,
 * milliseconds; sizes are bytes; texts are bounded where they come from outside.
 */
export interface Entry extends TokenCounts {
	/** UUID, version 7, of a call; what `x-litellm-call-id` said. */
	readonly id: string;
	readonly kind: EntryKind;
	readonly state: TruthState;
	readonly payer: Payer;

	readonly startedMs: number;
	readonly durationMs: number;
	/** Until upstream's reply began; null without one. */
	readonly firstByteMs: number | null;

	/** Of the table of endpoint families. */
	readonly family: string;
	readonly method: string;
	/** Canonical upstream path, without query. */
	readonly path: string;
	readonly streamed: boolean;
	/** What the client was answered; 0 when it left before that. */
	readonly status: number;
	/** As `CallEnd`. */
	readonly end: string;
	/** Upstream's error type, in a reply or within a stream. */
	readonly errorType: string | null;

	readonly keyId: string | null;
	readonly userId: string | null;
	readonly teamId: string | null;
	readonly endUser: string | null;
	readonly sessionId: string | null;
	readonly agentId: string | null;
	readonly parentAgentId: string | null;
	readonly tags: readonly string[];
	/** The client's `spend_logs_metadata` and other labels without a column, as compact JSON. */
	readonly metadata: string | null;
	readonly clientAddress: string | null;
	readonly userAgent: string | null;

	readonly requestedModel: string | null;
	readonly servedModel: string | null;
	readonly thinking: number;
	readonly webSearches: number;
	readonly serviceTier: string | null;
	readonly inferenceGeo: string | null;
	readonly speed: string | null;
	readonly stopReason: string | null;
	/** What upstream's usage says beyond the columns, as compact JSON; the whole of it where it could not be read. */
	readonly usageRest: string | null;

	/** Null: unpriced. */
	readonly cost: Nanos | null;
	/** What admission had reserved. */
	readonly held: Nanos;
	/** The catalog's rows, joined by a blank, with the factors that were applied: enough to compute the cost again. */
	readonly price: string | null;
	/** The catalog's version. */
	readonly catalog: string | null;

	/** Anthropic's `msg_…` and `req_…`. */
	readonly messageId: string | null;
	readonly upstreamRequestId: string | null;
	readonly requestBytes: number;
	readonly replyBytes: number;
	/** SHA-256 in hexadecimal, where TOLLWAY_BODY_HASH is on. */
	readonly requestHash: string | null;
	readonly replyHash: string | null;
	/** The id of the Entry that a correction corrects. */
	readonly corrects: string | null;
}
