/** What replies about sessions of managed agents say that those have cost since they were made. */
import { Buffer } from "node:buffer";
import type { Nanos } from "../../domain/nanos.ts";
import { type JsonObject, parseJson, toObject, toText } from "../meter/json.ts";
import { toSessionReading } from "../meter/session-usage.ts";

export interface SeenCost {
	/** The session's. */
	readonly id: string;
	/** Since it was made. */
	readonly nanos: Nanos;
	/** It may be what it had cost at an earlier time. */
	readonly isPast: boolean;
}

export const sessionsPath = "/v1/sessions";

/** Ids become parts of Entries' ids, which must begin as no UUID does. */
const safeId = /^[g-z][\w-]{1,150}$/;

export const isSafeId = (id: string | null): id is string =>
	id !== null && safeId.test(id);

/** Parsing keeps other calls waiting (10 ms); a longer page's sessions tell the same again when they are looked at. */
const maxReadBytes = 4 * 1024 * 1024;

const listCost = Buffer.from('"list_cost"');

/** Of a session, of a page of them, or of a page of one's events. Never throws: what is none of them says nothing. */
export function findCosts(bytes: Uint8Array, path: string): SeenCost[] {
	const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
	if (bytes.length > maxReadBytes || !text.includes(listCost)) return [];
	const reply = toObject(parseJson(text.toString()));
	if (reply === null) return [];
	const items = Array.isArray(reply.data) ? reply.data : [reply];
	const ofPath = toSessionOfEvents(path);
	return items.flatMap((item) => readItem(toObject(item), ofPath) ?? []);
}

/** Threads have events too, whose figures are rounded by themselves. */
export const toSessionOfEvents = (path: string): string | null =>
	/^\/v1\/sessions\/([\w-]+)\/events(?:\/stream)?$/.exec(path)?.[1] ?? null;

function readItem(item: JsonObject | null, ofPath: string | null) {
	const type = item?.type;
	if (type === "session") return toCost(toText(item?.id), item?.usage, false);
	if (type === "session.usage") return toCost(ofPath, item?.usage, true);
	return null;
}

function toCost(
	id: string | null,
	said: unknown,
	isPast: boolean,
): SeenCost | null {
	const usage = toObject(said);
	if (usage === null || !isSafeId(id)) return null;
	const { session } = toSessionReading({
		id,
		model: null,
		errorType: null,
		usage,
		usageText: () => null,
		malformed: false,
	});
	const nanos = session?.listCost ?? null;
	return nanos === null ? null : { id, nanos, isPast };
}
