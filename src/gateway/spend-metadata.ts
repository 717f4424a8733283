import { Buffer } from "node:buffer";
import { maskKeys, maxSpendMetadataBytes } from "../domain/labels.ts";

export type Members = Readonly<Record<string, unknown>>;

/** An object, or the text of one; null for anything else. */
export function toMembers(value: unknown): Members | null {
	const parsed = typeof value === "string" ? parse(value) : value;
	return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
		? (parsed as Members)
		: null;
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text, dropPrototype);
	} catch {
		// No JSON, or nested too deep: no object either way, and the caller counts it.
		return null;
	}
}

/** T-41: where members are copied later on, this name would reach into a prototype. */
const dropPrototype = (name: string, value: unknown) =>
	name === "__proto__" ? undefined : value;

const toKept = (name: string, value: unknown) => {
	const kept = dropPrototype(name, value);
	return typeof kept === "string" ? maskKeys(kept) : kept;
};

/**
 * The object that a client wants to find again beside the spend of its call, as compact JSON: one line, fit for any
 * database's JSON type. Null where it is no object, or longer than `maxSpendMetadataBytes`.
 */
export function toSpendMetadata(value: unknown): string | null {
	const members = toMembers(value);
	if (members === null) return null;
	// Texts before they are escaped; then the names of members.
	const sent = maskKeys(JSON.stringify(members, toKept));
	if (sent.length > maxSpendMetadataBytes) return null;
	const json = sent.replace(unfit, escapeOne);
	return Buffer.byteLength(json) > maxSpendMetadataBytes ? null : json;
}

/**
 * What JSON.stringify leaves as it is although it may split or reorder a line, and the escapes that PostgreSQL refuses:
 * NUL and half characters. Any other escape is matched so that its backslash begins no other match.
 */
const unfit = /\\u(?:0000|d[89a-f]..)|\\.|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function escapeOne(match: string): string {
	if (!match.startsWith("\\")) return match.replace(/./gs, toEscape);
	return match.length === 2 ? match : "\ufffd";
}

const toEscape = (unit: string): string =>
	`\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
