/** The statements behind retention.ts and cursors.ts. */
import {
	and,
	asc,
	eq,
	getTableColumns,
	gt,
	gte,
	lt,
	lte,
	max,
	min,
	type SQL,
	sql,
} from "drizzle-orm";
import { compileQuery, type Query } from "./compile-query.ts";
import type { Builder } from "./statements.ts";
import type { Tables } from "./tables.ts";

type Names<T extends Tables[keyof Tables]> = keyof T["$inferSelect"] & string;
type Slice = "writer" | "slice";

export interface RetentionQueries {
	/** Of every writer: writer, seq and hash of its checkpoint (null: none), first and last seq, last seq with references. */
	readonly tails: Query;
	/** When the first Entry behind a seq started. */
	readonly startAfter: Query<"writer" | "after">;
	/** The oldest Entries of a writer: all columns, in the order of the table. */
	readonly oldest: Query<"writer" | "after" | "until" | "count">;
	/** The earliest start of an open hold, and of an open batch; null: there is none. */
	readonly oldestOpen: Query;
	/** A row, if Entries of these hours were deleted. */
	readonly trimmedWithin: Query<"fromHour" | "untilHour">;
	/** seq, hash and slice. */
	readonly checkpoint: Query<"writer">;
	readonly addCheckpoint: Query<"writer">;
	/** Only if nobody else has moved it since. */
	readonly moveCheckpoint: Query<Slice | "before" | "seq" | "hash">;
	readonly addTrimmed: Query<Slice | Names<Tables["trimmed"]>>;
	readonly dropEntries: Query<Slice | "until">;
	readonly dropReferences: Query<Slice | "until">;
	readonly dropRuns: Query<Slice | "until">;
	/** since of the last run that ends by then and is not the writer's last; null: none. */
	readonly lastRun: Query<"writer" | "until">;
	/** exporter, writer and seq. */
	readonly cursors: Query;
	readonly cursorsOf: Query<"exporter">;
	readonly setCursor: Query<"exporter" | "writer" | "seq">;
	readonly dropCursors: Query<"exporter">;
	readonly addMissed: Query<Slice | "exporter" | "missed">;
	readonly claim: Query<"name" | "by" | "now" | "until">;
	/** by. */
	readonly lease: Query<"name">;
	readonly release: Query<"name" | "by">;
}

const given = (name: string) => sql`${sql.placeholder(name)}`;
/** PostgreSQL has to be told of what kind a value is that stands in a list of its own. */
const whole = (name: string) => sql`cast(${given(name)} as bigint)`;

export const compileRetention = (
	builder: Builder,
	tables: Tables,
): RetentionQueries => ({
	...compileTails(builder, tables),
	...compileTrim(builder, tables),
	...compileDrops(builder, tables),
	...compileCursors(builder, tables),
	...compileLeases(builder, tables),
});

function compileTails(
	builder: Builder,
	{ writers, entries, checkpoints, referenceRuns, holds, batches }: Tables,
) {
	const of = (column: SQL, table: SQL) =>
		sql`(select ${column} from ${table} where ${table}.writer = ${writers.writer})`;
	const behind = and(
		eq(entries.writer, given("writer")),
		gt(entries.seq, given("after")),
	);
	return {
		tails: compileQuery(
			builder
				.select({
					writer: writers.writer,
					seq: sql`${checkpoints.seq}`.as("checkpoint_seq"),
					hash: checkpoints.hash,
					last: of(sql`max(seq)`, sql`${entries}`).as("last_seq"),
					indexed: of(sql`max(until)`, sql`${referenceRuns}`).as("indexed"),
				})
				.from(writers)
				.leftJoin(checkpoints, eq(checkpoints.writer, writers.writer))
				.orderBy(asc(writers.writer)),
		),
		startAfter: compileQuery<"writer" | "after">(
			builder
				.select({ startedAt: entries.startedAt })
				.from(entries)
				.where(behind)
				.orderBy(asc(entries.seq))
				.limit(1),
		),
		oldest: compileQuery<"writer" | "after" | "until" | "count">(
			builder
				.select()
				.from(entries)
				.where(and(behind, lte(entries.seq, given("until"))))
				.orderBy(asc(entries.seq))
				.limit(sql.placeholder("count")),
		),
		oldestOpen: compileQuery(
			builder
				.select({
					held: min(holds.startedAt),
					batch: sql`(select min(${batches.createdAt}) from ${batches} where ${batches.dueAt} is not null)`,
				})
				.from(holds),
		),
	};
}

function compileTrim(builder: Builder, { checkpoints, trimmed }: Tables) {
	const isFirst = toIsFirst(checkpoints);
	const { hour, ...sums } = getTableColumns(trimmed);
	const names = ["hour", ...Object.keys(sums)];
	return {
		trimmedWithin: compileQuery<"fromHour" | "untilHour">(
			builder
				.select({ hour: trimmed.hour })
				.from(trimmed)
				.where(
					and(
						gte(trimmed.hour, given("fromHour")),
						lt(trimmed.hour, given("untilHour")),
					),
				)
				.limit(1),
		),
		checkpoint: compileQuery<"writer">(
			builder
				.select()
				.from(checkpoints)
				.where(eq(checkpoints.writer, given("writer"))),
		),
		addCheckpoint: compileQuery<"writer">(
			builder
				.insert(checkpoints)
				.values({
					writer: given("writer"),
					seq: 0,
					hash: "",
					slice: "",
				} as never)
				.onConflictDoNothing(),
		),
		moveCheckpoint: compileQuery<Slice | "before" | "seq" | "hash">(
			builder
				.update(checkpoints)
				.set({ seq: given("seq"), hash: given("hash"), slice: given("slice") })
				.where(
					and(
						eq(checkpoints.writer, given("writer")),
						eq(checkpoints.seq, given("before")),
					),
				),
		),
		addTrimmed: compileQuery<Slice | Names<Tables["trimmed"]>>(
			builder
				.insert(trimmed)
				.select(
					sql`select ${sql.join(names.map(whole), sql`, `)} where ${isFirst}`,
				)
				.onConflictDoUpdate({
					target: hour,
					set: Object.fromEntries(
						Object.entries(sums).map(([name, column]) => [
							name,
							sql`${column} + excluded.${sql.identifier(column.name)}`,
						]),
					),
				}),
		),
	};
}

function compileDrops(
	builder: Builder,
	{ checkpoints, entries, references, referenceRuns: runs }: Tables,
) {
	const isFirst = toIsFirst(checkpoints);
	const ofRun = (table: typeof references | typeof runs) =>
		and(
			eq(table.writer, given("writer")),
			lte(table.since, given("until")),
			isFirst,
		);
	return {
		dropEntries: compileQuery<Slice | "until">(
			builder
				.delete(entries)
				.where(
					and(
						eq(entries.writer, given("writer")),
						lte(entries.seq, given("until")),
						isFirst,
					),
				),
		),
		dropReferences: compileQuery<Slice | "until">(
			builder.delete(references).where(ofRun(references)),
		),
		dropRuns: compileQuery<Slice | "until">(
			builder.delete(runs).where(ofRun(runs)),
		),
		lastRun: compileQuery<"writer" | "until">(
			builder
				.select({ since: max(runs.since) })
				.from(runs)
				.where(
					and(
						eq(runs.writer, given("writer")),
						lte(runs.until, given("until")),
						sql`${runs.since} < (select max(since) from ${runs} where writer = ${given("writer")})`,
					),
				),
		),
	};
}

const toIsFirst = (checkpoints: Tables["checkpoints"]): SQL =>
	sql`exists (select 1 from ${checkpoints} where ${checkpoints.writer} = ${whole("writer")} and ${checkpoints.slice} = ${given("slice")})`;

function compileCursors(builder: Builder, { cursors, checkpoints }: Tables) {
	const { exporter, writer, seq, missed } = cursors;
	const columns = { exporter, writer, seq };
	const key = { target: [exporter, writer] };
	return {
		cursors: compileQuery(builder.select(columns).from(cursors)),
		cursorsOf: compileQuery<"exporter">(
			builder
				.select({ writer, seq, missed })
				.from(cursors)
				.where(eq(exporter, given("exporter"))),
		),
		setCursor: compileQuery<"exporter" | "writer" | "seq">(
			builder
				.insert(cursors)
				.values({
					exporter: given("exporter"),
					writer: given("writer"),
					seq: given("seq"),
					missed: 0,
				} as never)
				.onConflictDoUpdate({
					...key,
					set: { seq: sql`excluded.seq` },
					// What another has delivered meanwhile stays delivered.
					setWhere: sql`${seq} < excluded.seq`,
				}),
		),
		dropCursors: compileQuery<"exporter">(
			builder.delete(cursors).where(eq(exporter, given("exporter"))),
		),
		addMissed: compileQuery<Slice | "exporter" | "missed">(
			builder
				.insert(cursors)
				.select(
					sql`select cast(${given("exporter")} as text), ${whole("writer")}, 0, ${whole("missed")} where ${toIsFirst(checkpoints)}`,
				)
				.onConflictDoUpdate({
					...key,
					set: { missed: sql`${missed} + excluded.missed` },
				}),
		),
	};
}

function compileLeases(builder: Builder, { leases }: Tables) {
	const one = eq(leases.name, given("name"));
	return {
		claim: compileQuery<"name" | "by" | "now" | "until">(
			builder
				.insert(leases)
				.values({
					name: given("name"),
					by: given("by"),
					until: given("until"),
				} as never)
				.onConflictDoUpdate({
					target: leases.name,
					set: { by: sql`excluded.by`, until: sql`excluded.until` },
					setWhere: sql`${leases.by} = excluded.by or ${leases.until} < ${given("now")}`,
				}),
		),
		lease: compileQuery<"name">(
			builder.select({ by: leases.by }).from(leases).where(one),
		),
		release: compileQuery<"name" | "by">(
			builder.delete(leases).where(and(one, eq(leases.by, given("by")))),
		),
	};
}
