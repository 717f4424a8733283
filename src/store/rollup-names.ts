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
	/** How many of them each key brought. */
	readonly brought?: readonly (readonly [keyId: string, count: number])[];
	/** Names that operators manage, whatever the day. */
	readonly managed?: readonly string[];
}

export type NamedDimension = "tag" | "customer";

export const toKnown = (dimension: string, id: string): string =>
	`${dimension}\n${id}`;

export const toDayNumber = (atMs: number): number => Math.floor(atMs / dayMs);

/**
 * The name under which an id is summed: its own, or `other` for one that is new when its key has brought too many today.
 * Who is managed always has their own. The Entry itself keeps what the client said.
 */
export type ToName = (
	dimension: NamedDimension,
	id: string,
	entry: Pick<Entry, "keyId" | "startedMs">,
) => string;

/** How many new names a key brought that the database does not know of yet. */
export interface Brought {
	readonly day: number;
	readonly keyId: string;
	readonly count: number;
}

export interface Names {
	readonly toName: ToName;
	/** From now on these are the managed ones. */
	manage(isManaged: (dimension: NamedDimension, id: string) => boolean): void;
	/** What is to be written down, so that a new start gives no key more. */
	brought(): readonly Brought[];
	/** These were. */
	noted(brought: readonly Brought[]): void;
}

interface Day {
	readonly number: number;
	readonly seen: Set<string>;
	readonly perKey: Map<string, number>;
	/** Of `perKey`, what the database does not know of. */
	fresh: Map<string, number>;
}

export function openNames(options: NamesOptions): Names {
	const managed = new Set(options.managed);
	let isManaged = (dimension: NamedDimension, id: string) =>
		managed.has(toKnown(dimension, id));
	let day: Day = {
		number: options.day,
		seen: new Set(options.known),
		perKey: new Map(options.brought),
		fresh: new Map(),
	};
	return {
		toName: (dimension, id, { keyId, startedMs }) => {
			if (isManaged(dimension, id)) return id;
			const today = toDayNumber(startedMs);
			// A call of yesterday that ends today finds the names of today.
			if (today > day.number) day = toBlankDay(today);
			return give(day, toKnown(dimension, id), keyId ?? "") ? id : otherName;
		},
		manage: (by) => {
			isManaged = by;
			managed.clear();
		},
		brought: () =>
			[...day.fresh].map(([keyId, count]) => ({
				day: day.number,
				keyId,
				count,
			})),
		noted: (brought) => {
			for (const { day: of, keyId, count } of brought) {
				if (of !== day.number) continue;
				const left = (day.fresh.get(keyId) ?? 0) - count;
				if (left > 0) day.fresh.set(keyId, left);
				else day.fresh.delete(keyId);
			}
		},
	};
}

const toBlankDay = (number: number): Day => ({
	number,
	seen: new Set(),
	perKey: new Map(),
	fresh: new Map(),
});

/** Whether the name may have rows of its own. */
function give({ seen, perKey, fresh }: Day, name: string, key: string) {
	if (seen.has(name)) return true;
	const count = perKey.get(key) ?? 0;
	if (count >= maxNewPerKey || seen.size >= maxNewPerDay) return false;
	perKey.set(key, count + 1);
	fresh.set(key, (fresh.get(key) ?? 0) + 1);
	seen.add(name);
	return true;
}
