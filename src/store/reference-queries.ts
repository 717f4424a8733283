/** The statements behind references.ts and reference-indexer.ts. */
import { and, asc, desc, eq, gt, like, lte, max, sql } from "drizzle-orm";
import { compileQuery, type Query } from "./compile-query.ts";
import { type NameKind, nameMembers } from "./reference-pack.ts";
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
