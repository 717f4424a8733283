/**
 * Every error that Tollway itself writes, as a table. Upstream errors never come through here: they cross byte for byte.
 * Statuses and types follow Anthropic's contract, so that SDKs raise the right class and Claude Code shows our sentence.
 */

export interface ErrorRow {
	readonly status: number;
	readonly type: string;
	/** LiteLLM's word for it, on management routes, where that is another. */
	readonly litellm?: string;
	/** What SDKs are told: `false` where a retry cannot help; absent where their own rule is right. */
	readonly retry?: false;
	/** Seconds. */
	readonly retryAfter?: number;
}

export const errorTable = {
	malformed_request: { status: 400, type: "invalid_request_error" },
	missing_key: {
		status: 401,
		type: "authentication_error",
		litellm: "auth_error",
		retry: false,
	},
	invalid_key: {
		status: 401,
		type: "authentication_error",
		litellm: "token_not_found_in_db",
		retry: false,
	},
	expired_key: {
		status: 401,
		type: "authentication_error",
		litellm: "expired_key",
		retry: false,
	},
	blocked_key: {
		status: 401,
		type: "authentication_error",
		litellm: "auth_error",
		retry: false,
	},
	blocked_end_user: { status: 403, type: "permission_error", retry: false },
	no_upstream_credential: {
		status: 401,
		type: "authentication_error",
		retry: false,
	},
	unknown_model: { status: 403, type: "permission_error", retry: false },
	model_not_allowed: { status: 403, type: "permission_error", retry: false },
	forbidden: {
		status: 403,
		type: "permission_error",
		litellm: "auth_error",
		retry: false,
	},
	not_found: { status: 404, type: "not_found_error", retry: false },
	method_not_allowed: {
		status: 405,
		type: "invalid_request_error",
		retry: false,
	},
	body_too_slow: { status: 408, type: "timeout_error" },
	/** Too many unknown keys came from one address: see gateway/guesses. */
	guessing: { status: 429, type: "rate_limit_error", retry: false },
	budget_reached: { status: 429, type: "billing_error", retry: false },
	limit_reached: { status: 429, type: "rate_limit_error" },
	request_too_large: { status: 413, type: "request_too_large", retry: false },
	unsupported_encoding: {
		status: 415,
		type: "invalid_request_error",
		retry: false,
	},
	internal: {
		status: 500,
		type: "api_error",
		litellm: "internal_server_error",
	},
	upstream_unreachable: { status: 502, type: "api_error" },
	upstream_invalid: { status: 502, type: "api_error" },
	busy: { status: 503, type: "overloaded_error", retryAfter: 1 },
	ledger_down: { status: 503, type: "overloaded_error", retryAfter: 5 },
	stopping: { status: 503, type: "overloaded_error", retryAfter: 2 },
	upstream_timeout: { status: 504, type: "timeout_error" },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** What one error says otherwise than its row. */
export interface Answer {
	readonly retry?: boolean;
	/** Seconds; null: waiting does not help. */
	readonly retryAfter?: number | null;
	/** As in the table. */
	readonly litellm?: string;
	/** The field that it is about; only management routes tell it. */
	readonly param?: string;
	readonly headers?: Readonly<Record<string, string>>;
}

/** A row of the table plus the sentence the client reads. `cause` is for our log only and never leaves the process. */
export class GatewayError extends Error {
	readonly code: ErrorCode;
	readonly row: ErrorRow;
	readonly answer: Answer;

	constructor(
		code: ErrorCode,
		message: string,
		options?: { cause?: unknown; answer?: Answer },
	) {
		super(message, options);
		this.name = "GatewayError";
		this.code = code;
		this.row = errorTable[code];
		this.answer = options?.answer ?? {};
	}
}
