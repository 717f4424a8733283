/** Finds Entries by what others call them: `msg_…`, `req_…`, a session. */
import type { Engine } from "./engine.ts";
import { type StoredEntry, toStoredEntry } from "./entry-row.ts";
import {
	findPlaces,
	type NameKind,
	nameMembers,
	toHashPattern,
	toNameHash,
} from "./reference-pack.ts";
import type { ReferenceQueries } from "./reference-queries.ts";

/** How far the references of one writer's Entries are. */
export interface Tail {
	readonly writer: number;
	/** The last seq that has them; 0: none has. */
	readonly indexed: number;
	/** The last seq there is. */
	readonly written: number;
}

export async function readTails(
	read: Engine["read"],
	queries: ReferenceQueries,
): Promise<Tail[]> {
	const rows = await read(queries.tails({}));
	return rows.map(([writer, indexed, written]) => ({
		writer: Number(writer),
		indexed: Number(indexed ?? 0),
		written: Number(written ?? 0),
	}));
}

export interface Named {
	readonly kind: NameKind;
	readonly name: string;
	/** At most so many; the newest. */
	readonly count: number;
}

/**
 * The Entries of that name, newest first within a writer; those of this moment too. Costs a look into each run and at most
 * a run's worth of Entries, for they may have no references yet. Rejects with StoreError.
 */
export async function findNamed(
	engine: Engine,
	queries: ReferenceQueries,
	named: Named,
): Promise<StoredEntry[]> {
	// First of all: whatever gets its references from now on is looked at as if it had none.
	const tails = await readTails(engine.read, queries);
	const { kind, name, count } = named;
	const found: StoredEntry[] = [];
	for (const { writer, indexed: after, written } of tails) {
		if (written <= after || found.length >= count) continue;
		const query = queries.unindexed[kind];
		const left = count - found.length;
		const rows = await engine.read(query({ writer, after, name, count: left }));
		found.push(...rows.map(toStoredEntry));
	}
	if (found.length >= count) return found;
	const known = new Set(found.map(({ id }) => id));
	for await (const entry of findIndexed(engine, queries, named)) {
		if (entry[nameMembers[kind]] !== name || known.has(entry.id)) continue;
		found.push(entry);
		if (found.length >= count) break;
	}
	return found;
}

/** Entries whose name has the same hash. */
async function* findIndexed(
	engine: Engine,
	queries: ReferenceQueries,
	{ kind, name, count }: Named,
) {
	const hash = toNameHash(kind, name);
	const pattern = toHashPattern(hash);
	const rows = await engine.read(
		queries.rowsOf({ hash, pattern, count: count + falseRows }),
	);
	for (const [writer = null, since, names] of rows) {
		for (const place of findPlaces(String(names), hash)) {
			const seq = Number(since) + place;
			const [row] = await engine.read(queries.entry({ writer, seq }));
			if (row) yield toStoredEntry(row);
		}
	}
}

/** More than rows that only look as if they had the hash: in ten million Entries, one in two thousand lookups meets one. */
const falseRows = 10;
