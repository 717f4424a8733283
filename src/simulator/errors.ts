import type { Reply } from "./reply.ts";
import { toJson } from "./reply.ts";
import type { ErrorResponse, ErrorType } from "./shapes.ts";

interface ErrorRow {
	status: number;
	/** What is said when nobody gives a sentence. */
	message: string;
	/** Headers that Anthropic sends with this error. */
	headers?: readonly (readonly [name: string, value: string])[];
}

/** Every error type of the API with its usual status. */
export const errorTable: Record<ErrorType, ErrorRow> = {
	invalid_request_error: { status: 400, message: "Invalid request" },
	authentication_error: { status: 401, message: "invalid x-api-key" },
	billing_error: {
		status: 402,
		message: "Your credit balance is too low to access the Anthropic API.",
	},
	permission_error: {
		status: 403,
		message:
			"Your API key does not have permission to use the specified resource.",
	},
	not_found_error: { status: 404, message: "Not Found" },
	conflict_error: { status: 409, message: "Conflict" },
	memory_path_conflict_error: { status: 409, message: "Path already exists" },
	memory_precondition_failed_error: {
		status: 409,
		message: "The memory has changed",
	},
	request_too_large: {
		status: 413,
		message: "Request exceeds the maximum size",
	},
	rate_limit_error: {
		status: 429,
		message:
			"This request would exceed your organization's rate limit of 4,000 requests per minute.",
		headers: [
			["retry-after", "3"],
			["anthropic-ratelimit-requests-remaining", "0"],
			["x-should-retry", "true"],
		],
	},
	api_error: { status: 500, message: "Internal server error" },
	timeout_error: { status: 504, message: "Request timed out" },
	overloaded_error: {
		status: 529,
		message: "Overloaded",
		headers: [["x-should-retry", "true"]],
	},
};

/** Statuses that have no type of their own: what type comes with them. */
const typeOfStatus: Record<number, ErrorType> = {
	...Object.fromEntries(
		Object.entries(errorTable)
			.reverse()
			.map(([type, row]) => [row.status, type]),
	),
	408: "timeout_error",
	412: "invalid_request_error",
	422: "invalid_request_error",
	431: "invalid_request_error",
	499: "api_error",
	501: "api_error",
	503: "api_error",
};

export function toErrorType(status: number): ErrorType {
	return (
		typeOfStatus[status] ??
		(status < 500 ? "invalid_request_error" : "api_error")
	);
}

interface ErrorOptions {
	/** Differs from the table's for a few, such as 412 or 405. */
	status?: number;
	/** Goes into `error.details`, usually `{error_code}`. */
	details?: Record<string, unknown>;
}

/** Thrown by a handler to answer with one of the API's errors. */
export class ApiError extends Error {
	readonly type: ErrorType;
	readonly options: ErrorOptions;

	constructor(type: ErrorType, message?: string, options: ErrorOptions = {}) {
		super(message ?? errorTable[type].message);
		this.name = "ApiError";
		this.type = type;
		this.options = options;
	}
}

/** The body of an error, as it stands in replies, in streams and in batch results. */
export function toErrorBody(
	error: ApiError,
	requestId: string | null,
): ErrorResponse {
	const { details } = error.options;
	return {
		type: "error",
		error: {
			...(details && { details }),
			type: error.type,
			message: error.message,
		},
		request_id: requestId,
	};
}

export function toErrorReply(error: ApiError, requestId: string): Reply {
	const row = errorTable[error.type];
	return {
		...toJson(
			toErrorBody(error, requestId),
			error.options.status ?? row.status,
		),
		headers: row.headers ?? [],
	};
}
