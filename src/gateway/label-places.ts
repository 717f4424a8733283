/**
 * Where a client may say what its call belongs to, as a table. Only these places are read: a `user_api_key`, a `team_id` or
 * a price has no effect wherever a client puts it. What labels are worth, domain/labels.ts says.
 */

import { Buffer, isUtf8 } from "node:buffer";
import type { Labels, LostLabels } from "../domain/labels.ts";
import type { RequestHeaders } from "../platform/contract.ts";
import type { ClaudeCodeId } from "./claude-code.ts";
import type { Slot } from "./scan/table.ts";
import type { Members } from "./spend-metadata.ts";

/** All that a client says of its call, not judged yet. */
export interface Said {
	readonly headers: RequestHeaders;
	/** In lower case; the header in which the operator's clients name their end user. */
	readonly userHeader: string | null;
	readonly body: Readonly<Partial<Record<LabelSlot, unknown>>>;
	/** The members of `litellm_metadata`. */
	readonly metadata: Members;
	/** `metadata.user_id` as Anthropic defines it, and its parts where Claude Code made it. */
	readonly userId: unknown;
	readonly claudeCode: ClaudeCodeId | null;
	/** Counts, while the places are read, what could not be kept. */
	readonly lost: LostLabels;
}

export const labelSlots = [
	"body.litellm_metadata",
	"body.litellm_session_id",
	"body.litellm_trace_id",
	"body.tags",
	"body.user",
	"call.metadata",
	"call.safety_identifier",
] as const satisfies readonly Slot[];

export type LabelSlot = (typeof labelSlots)[number];

/** A place where a label may stand; undefined where it does not. */
export type Place = (said: Said) => unknown;

const header =
	(name: string): Place =>
	({ headers }) =>
		toHeaderText(headers[name]);

const body =
	(slot: LabelSlot): Place =>
	(said) =>
		said.body[slot];

const metadata =
	(name: string): Place =>
	(said) =>
		said.metadata[name];

const claudeCode =
	(part: keyof ClaudeCodeId): Place =>
	(said) =>
		said.claudeCode?.[part];

/**
 * Per label the places where it may stand; the first that holds one wins. Headers come before the body, since they can
 * be set where the body cannot; what is addressed to a gateway comes before what a program says of itself. The order
 * within is LiteLLM's.
 */
export const places = {
	endUser: [
		header("x-litellm-customer-id"),
		header("x-litellm-end-user-id"),
		findOperatorsHeader,
		body("body.user"),
		metadata("user"),
		findOpaqueUserId,
		body("call.safety_identifier"),
	],
	sessionId: [
		header("x-litellm-trace-id"),
		header("x-litellm-session-id"),
		header("x-claude-code-session-id"),
		findVendorSession,
		body("body.litellm_session_id"),
		body("body.litellm_trace_id"),
		metadata("session_id"),
		metadata("trace_id"),
		claudeCode("sessionId"),
	],
	agentId: [header("x-litellm-agent-id"), header("x-claude-code-agent-id")],
	parentAgentId: [header("x-claude-code-parent-agent-id")],
	deviceId: [claudeCode("deviceId")],
	accountId: [claudeCode("accountId")],
	userAgent: [header("user-agent")],
	spendMetadata: [
		header("x-litellm-spend-logs-metadata"),
		metadata("spend_logs_metadata"),
	],
	/** Of these none wins: all are taken, in this order. */
	tags: [
		metadata("tags"),
		body("body.tags"),
		header("tags"),
		header("x-litellm-tags"),
	],
} as const satisfies Partial<Record<keyof Labels, readonly Place[]>>;

/**
 * Runtimes give a header's bytes as Latin-1. Where they are valid UTF-8 that is what the client meant: of the texts that
 * people write in Latin-1 practically none is.
 */
function toHeaderText(value: string | undefined): string | undefined {
	if (value === undefined || !/[^ -~]/.test(value)) return value;
	if (/[\u0100-\uffff]/.test(value)) return value;
	const bytes = Buffer.from(value, "latin1");
	return isUtf8(bytes) ? bytes.toString("utf8") : value;
}

/** The name may be one that every object has. */
function findOperatorsHeader({ headers, userHeader }: Said): unknown {
	return userHeader !== null && Object.hasOwn(headers, userHeader)
		? toHeaderText(headers[userHeader])
		: undefined;
}

/** Claude Code's is none: it would make a customer of every session. */
function findOpaqueUserId({ claudeCode, userId }: Said): unknown {
	return claudeCode === null ? userId : undefined;
}

const vendorSession = /^x-.+-session-id$/;

/** Any program's `x-<vendor>-session-id`, if it looks like one. Of several the first by name, whatever order the runtime has. */
function findVendorSession({ headers }: Said): string | undefined {
	let first: string | undefined;
	for (const name in headers) {
		if (!name.endsWith("-session-id") || !vendorSession.test(name)) continue;
		if (!/^[\w-]{8,}$/.test(headers[name] ?? "")) continue;
		if (first === undefined || name < first) first = name;
	}
	return first === undefined ? undefined : headers[first];
}
