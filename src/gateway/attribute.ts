import {
	cleanLabel,
	cutLabel,
	type Labels,
	type LostLabels,
	maxTags,
	noLabels,
} from "../domain/labels.ts";
import type { RequestHeaders } from "../platform/contract.ts";
import { toClaudeCodeId } from "./claude-code.ts";
import { toClient } from "./client-program.ts";
import {
	type LabelSlot,
	labelSlots,
	type Place,
	places,
	type Said,
} from "./label-places.ts";
import type { Finding } from "./scan/finding.ts";
import { type Members, toMembers, toSpendMetadata } from "./spend-metadata.ts";

/**
 * The labels of one call. Never throws; what is no label is left out, and counted in `lost`.
 * @param userHeader in lower case: one more header that may name the end user, by the operator's choice
 */
export function toLabels(
	headers: RequestHeaders,
	findings: readonly Finding[],
	userHeader: string | null = null,
): Labels {
	const said = toSaid(headers, findings, userHeader);
	const { lost } = said;
	const userAgent = pick(places.userAgent, said);
	return {
		tags: toTags(said),
		endUser: pick(places.endUser, said),
		sessionId: pick(places.sessionId, said),
		agentId: pick(places.agentId, said),
		parentAgentId: pick(places.parentAgentId, said),
		deviceId: pick(places.deviceId, said),
		accountId: pick(places.accountId, said),
		spendMetadata: pickSpendMetadata(said),
		userAgent,
		client: toClient(userAgent, headers),
		lost: lost.tags + lost.shortened + lost.ignored > 0 ? lost : null,
	};
}

const known: ReadonlySet<string> = new Set(labelSlots);
const noBody: Said["body"] = Object.freeze({});
const noMembers: Members = Object.freeze({});

function toSaid(
	headers: RequestHeaders,
	findings: readonly Finding[],
	userHeader: string | null,
): Said {
	const lost: LostLabels = { tags: 0, shortened: 0, ignored: 0 };
	let found: Partial<Record<LabelSlot, unknown>> | null = null;
	for (const { slot, value } of findings) {
		if (!known.has(slot)) continue;
		found ??= {};
		found[slot as LabelSlot] ??= value;
	}
	const body = found ?? noBody;
	const userId = open(body["call.metadata"], lost).user_id;
	return {
		headers,
		userHeader,
		body,
		metadata: open(body["body.litellm_metadata"], lost),
		userId,
		claudeCode: toClaudeCodeId(userId),
		lost,
	};
}

function open(value: unknown, lost: LostLabels): Members {
	if (value === undefined) return noMembers;
	const members = toMembers(value);
	if (members === null) lost.ignored++;
	return members ?? noMembers;
}

/** The first of the places that holds a label. */
function pick(from: readonly Place[], said: Said): string | null {
	for (const place of from) {
		const label = toLabel(place(said), said.lost);
		if (label !== null) return label;
	}
	return null;
}

function pickSpendMetadata(said: Said): string | null {
	for (const place of places.spendMetadata) {
		const value = place(said);
		if (value === undefined || value === null) continue;
		const json = toSpendMetadata(value);
		if (json !== null) return json;
		said.lost.ignored++;
	}
	return null;
}

function toTags(said: Said): readonly string[] {
	let tags: string[] | null = null;
	for (const place of places.tags) {
		const value = place(said);
		if (value === undefined || value === null) continue;
		tags ??= [];
		addTags(tags, toList(value), said.lost);
	}
	return tags ?? noLabels.tags;
}

const toList = (value: unknown): readonly unknown[] =>
	Array.isArray(value)
		? value
		: typeof value === "string"
			? value.split(",")
			: [value];

function addTags(tags: string[], list: readonly unknown[], lost: LostLabels) {
	for (const [i, value] of list.entries()) {
		if (tags.length === maxTags) {
			lost.tags += list.length - i;
			return;
		}
		const tag = toLabel(value, lost);
		if (tag !== null && !tags.includes(tag)) tags.push(tag);
	}
}

/** Null for nothing, for a blank, and for what is no text or number. */
function toLabel(value: unknown, lost: LostLabels): string | null {
	if (value === undefined || value === null) return null;
	const text = toText(value);
	if (text === null) {
		lost.ignored++;
		return null;
	}
	const whole = cleanLabel(text);
	const label = cutLabel(whole);
	if (label.length < whole.length) lost.shortened++;
	return label === "" ? null : label;
}

function toText(value: unknown): string | null {
	if (typeof value === "string") return value;
	if (typeof value !== "number") return null;
	// Beyond 2^53 digits are lost already: it would be somebody else's id.
	return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : null;
}
