import { ApiError } from "./errors.ts";
import { isObject, type JsonObject } from "./json.ts";

type Kind = "string" | "integer" | "number" | "boolean" | "list" | "object";

interface Field {
	/** Undefined accepts anything. */
	kind?: Kind;
	required?: true;
	/** Only with an `anthropic-beta` name that starts with one of these: field and header travel as a pair. */
	betas?: readonly string[];
	/** Gone in API version 2026-10-21. */
	until2026?: true;
}

export type Fields = Readonly<Record<string, Field>>;

const shared: Fields = {
	model: { kind: "string", required: true },
	messages: { kind: "list", required: true },
	system: {},
	tools: { kind: "list" },
	tool_choice: { kind: "object" },
	thinking: { kind: "object" },
	output_config: { kind: "object" },
	cache_control: { kind: "object" },
	speed: { kind: "string" },
	billing_policy: { kind: "object", betas: ["user-profiles-billing"] },
	compaction: { kind: "object", betas: ["compact"] },
	context_management: {
		kind: "object",
		betas: ["context-management", "compact"],
	},
	mcp_servers: { kind: "list", betas: ["mcp-client"] },
	output_format: { kind: "object", betas: ["structured-outputs"] },
	thread: { kind: "object", betas: ["message-threads"] },
};

export const messageFields: Fields = {
	...shared,
	max_tokens: { kind: "integer", required: true },
	stream: { kind: "boolean" },
	stop_sequences: { kind: "list" },
	metadata: { kind: "object" },
	service_tier: { kind: "string" },
	inference_geo: { kind: "string" },
	container: {},
	diagnostics: { kind: "object" },
	temperature: { kind: "number", until2026: true },
	top_p: { kind: "number", until2026: true },
	top_k: { kind: "integer", until2026: true },
	fallbacks: { betas: ["server-side-fallback"] },
	fallback_credit_token: { betas: ["fallback-credit"] },
	/** Claude Code's auto mode sends it. */
	safeguards: {},
};

export const countTokensFields: Fields = shared;

interface Caller {
	version: string | undefined;
	betas: readonly string[];
}

/** Throws the API's 400 for the first mistake, in the API's words. */
export function checkFields(
	body: JsonObject,
	fields: Fields,
	caller: Caller,
): void {
	for (const [name, field] of Object.entries(fields)) {
		if (field.required && !(name in body)) refuse(name, "Field required");
	}
	for (const name in body) {
		const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
		if (field === undefined || !isOpenTo(field, caller)) {
			refuse(name, "Extra inputs are not permitted");
		} else if (field.kind && (field.required || body[name] !== null)) {
			checkKind(name, body[name], field.kind);
		}
	}
}

function isOpenTo(field: Field, { version, betas }: Caller): boolean {
	if (field.until2026 && version === "2026-10-21") return false;
	const { betas: wanted } = field;
	return (
		wanted === undefined ||
		betas.some((name) => wanted.some((start) => name.startsWith(start)))
	);
}

const kinds: Record<Kind, { is(value: unknown): boolean; called: string }> = {
	string: { is: (value) => typeof value === "string", called: "string" },
	integer: { is: Number.isInteger, called: "integer" },
	number: { is: (value) => typeof value === "number", called: "number" },
	boolean: { is: (value) => typeof value === "boolean", called: "boolean" },
	list: { is: Array.isArray, called: "list" },
	object: { is: isObject, called: "dictionary" },
};

function checkKind(name: string, value: unknown, kind: Kind): void {
	const { is, called } = kinds[kind];
	if (!is(value)) refuse(name, `Input should be a valid ${called}`);
}

function refuse(name: string, message: string): never {
	throw new ApiError("invalid_request_error", `${name}: ${message}`);
}
