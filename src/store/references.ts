/** Finds Entries by what others call them: `msg_…`, `req_…`, a session. */
import { and, asc, desc, eq, gt, like, lte, max, sql } from "drizzle-orm";
import { compileQuery, type Query } from "./compile-query.ts";
import type { Engine } from "./engine.ts";
import { type StoredEntry, toStoredEntry } from "./entry-row.ts";
import {
	findPlaces,
	type NameKind,
	nameMembers,
	toHashPattern,
	toNameHash,
} from "./reference-pack.ts";
import type { Builder } from "./statements.ts";
import type { Tables } from "./tables.ts";

export interface ReferenceQueries {
	/** Of every writer: writer, the last seq with references, the last seq; either may be null. */
	readonly tails: Query;
	/** The rows of all runs in which the hash may stand, newest first: writer, since, names. */
	readonly rowsOf: Query<"hash" | "pattern" | "count">;
	/** One Entry. */
	readonly entry: Query<"writer" | "seq">;
	/** Entries without references that have this name, newest first. */
	readonly unindexed: Readonly<
		Record<NameKind, Query<"writer" | "after" | "name" | "count">>
	>;
	/** seq and the names in the order of `nameMembers`, oldest first. */
	readonly names: Query<"writer" | "after" | "count">;
	/** When the first Entry behind that seq started. */
	readonly startAfter: Query<"writer" | "after">;
	readonly addRun: Query<"writer" | "since" | "until">;
	readonly addRow: Query<"writer" | "since" | "first" | "names">;
}

const given = sql.placeholder;

export const compileReferences = (
	builder: Builder,
	tables: Tables,
): ReferenceQueries => ({
	...compileLookups(builder, tables),
	...compileIndexing(builder, tables),
});

function compileLookups(
	builder: Builder,
	{ entries, references, referenceRuns: runs }: Tables,
) {
	const row = builder
		.select({ names: references.names })
		.from(references)
		.where(
			and(
				eq(references.writer, runs.writer),
				eq(references.since, runs.since),
				lte(references.first, given("hash")),
			),
		)
		.orderBy(desc(references.first))
		.limit(1);
	const found = builder
		.select({
			writer: runs.writer,
			since: runs.since,
			names: sql<string>`${row}`.as("names"),
		})
		.from(runs)
		.as("found");
	const toUnindexed = (kind: NameKind) =>
		compileQuery<"writer" | "after" | "name" | "count">(
			builder
				.select()
				.from(entries)
				.where(
					and(
						eq(entries.writer, given("writer")),
						gt(entries.seq, given("after")),
						eq(entries[nameMembers[kind]], given("name")),
					),
				)
				.orderBy(desc(entries.seq))
				.limit(given("count")),
		);
	return {
		rowsOf: compileQuery<"hash" | "pattern" | "count">(
			builder
				.select()
				.from(found)
				.where(like(found.names, given("pattern")))
				.orderBy(desc(found.since))
				.limit(given("count")),
		),
		entry: compileQuery<"writer" | "seq">(
			builder
				.select()
				.from(entries)
				.where(
					and(
						eq(entries.writer, given("writer")),
						eq(entries.seq, given("seq")),
					),
				),
		),
		unindexed: {
			message: toUnindexed("message"),
			request: toUnindexed("request"),
			session: toUnindexed("session"),
			corrected: toUnindexed("corrected"),
		},
	};
}

function compileIndexing(
	builder: Builder,
	{ entries, references, referenceRuns: runs, writers }: Tables,
) {
	const indexed = builder
		.select({ until: max(runs.until) })
		.from(runs)
		.where(eq(runs.writer, writers.writer));
	const written = builder
		.select({ seq: max(entries.seq) })
		.from(entries)
		.where(eq(entries.writer, writers.writer));
	const behind = and(
		eq(entries.writer, given("writer")),
		gt(entries.seq, given("after")),
	);
	const member = (kind: NameKind) => entries[nameMembers[kind]];
	const insert = <T extends Tables["references"] | Tables["referenceRuns"]>(
		table: T,
		...names: (keyof T["$inferInsert"] & string)[]
	) =>
		builder
			.insert(table)
			.values(
				Object.fromEntries(
					names.map((name) => [name, sql`${given(name)}`]),
				) as unknown as T["$inferInsert"],
			);
	return {
		tails: compileQuery(
			builder
				.select({
					writer: writers.writer,
					indexed: sql`${indexed}`,
					written: sql`${written}`,
				})
				.from(writers)
				.orderBy(asc(writers.writer)),
		),
		names: compileQuery<"writer" | "after" | "count">(
			builder
				.select({
					seq: entries.seq,
					message: member("message"),
					request: member("request"),
					session: member("session"),
					corrected: member("corrected"),
				})
				.from(entries)
				.where(behind)
				.orderBy(asc(entries.seq))
				.limit(given("count")),
		),
		startAfter: compileQuery<"writer" | "after">(
			builder
				.select({ startedAt: entries.startedAt })
				.from(entries)
				.where(behind)
				.orderBy(asc(entries.seq))
				.limit(1),
		),
		addRun: compileQuery<"writer" | "since" | "until">(
			insert(runs, "writer", "since", "until"),
		),
		addRow: compileQuery<"writer" | "since" | "first" | "names">(
			insert(references, "writer", "since", "first", "names"),
		),
	};
}

/** How far the references of one writer's Entries are. */
export interface Tail {
	readonly writer: number;
	/** The last seq that has them; 0: none has. */
	readonly indexed: number;
	/** The last seq there is. */
	readonly written: number;
}

export async function readTails(
	engine: Engine,
	queries: ReferenceQueries,
): Promise<Tail[]> {
	const rows = await engine.read(queries.tails({}));
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
	const tails = await readTails(engine, queries);
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
