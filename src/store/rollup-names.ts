/** Under which names tags and customers are summed. */
import type { Entry } from "../domain/entry.ts";

/** The name of all that have none of their own. */
export const otherName = "other";

/** New ones per key and day, and of all keys together: clients invent them, and each is a row in every hour it is used. */
const maxNewPerKey = 1_000;
const maxNewPerDay = 100_000;

const dayMs = 86_400_000;

export interface NamesOptions {
	/** Names that have rows already, as `toKnown` makes them. */
	readonly known: readonly string[];
	/** The day that they are of, in days since 1970. */
	readonly day: number;
}

export type NamedDimension = "tag" | "customer";

export const toKnown = (dimension: string, id: string): string =>
	`${dimension}\n${id}`;

export const toDayNumber = (atMs: number): number => Math.floor(atMs / dayMs);

/**
 * The name under which an id is summed: its own, or `other` for one that is new when its key has brought too many today.
 * The Entry itself keeps what the client said.
 */
export type ToName = (
	dimension: NamedDimension,
	id: string,
	entry: Pick<Entry, "keyId" | "startedMs">,
) => string;

export function openNames({ known, day: firstDay }: NamesOptions): ToName {
	let day = firstDay;
	let seen = new Set(known);
	let perKey = new Map<string, number>();
	return (dimension, id, { keyId, startedMs }) => {
		const today = toDayNumber(startedMs);
		// A call of yesterday that ends today finds the names of today.
		if (today > day) {
			day = today;
			seen = new Set();
			perKey = new Map();
		}
		const name = toKnown(dimension, id);
		if (seen.has(name)) return id;
		const key = keyId ?? "";
		const count = perKey.get(key) ?? 0;
		if (count >= maxNewPerKey || seen.size >= maxNewPerDay) return otherName;
		perKey.set(key, count + 1);
		seen.add(name);
		return id;
	};
}
