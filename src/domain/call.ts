/** How a call ended. `refused`: by us, before anything went upstream. */
export type CallEnd =
	| "done"
	| "client-left"
	| "upstream-failed"
	| "timed-out"
	| "refused";

/** What is known of one call when it is over. Times in milliseconds, sizes in bytes. */
export interface CallRecord {
	/** UUID v4, minted here; what `x-litellm-call-id` says. */
	readonly id: string;
	/** Since 1970. */
	readonly startedAtMs: number;
	readonly method: string;
	/** Canonical upstream path, without query. */
	readonly path: string;
	/** As the client asked for it; null where there is none. */
	readonly model: string | null;
	/** The reply was an event stream. */
	readonly streamed: boolean;
	/** What the client was answered; null when it left before that. */
	readonly status: number | null;
	readonly durationMs: number;
	/** Until upstream's reply headers; null without them. */
	readonly firstByteMs: number | null;
	readonly requestBytes: number;
	readonly replyBytes: number;
	/** Anthropic's `request-id`; null without a reply. */
	readonly upstreamRequestId: string | null;
	readonly clientAddress: string | null;
	readonly payer: "operator" | "client" | null;
	readonly end: CallEnd;
	/** The row of the error table, when we answered with an error. */
	readonly errorCode: string | null;
	/** For the operator's log, never for the client. */
	readonly cause: unknown;
}
