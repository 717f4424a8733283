/** What a verification asks of the database, in both engines' words. */
import {
	and,
	asc,
	eq,
	getTableColumns,
	gt,
	lte,
	max,
	min,
	type SQL,
	sql,
} from "drizzle-orm";
import { compileQuery } from "../compile-query.ts";
import type { Builder } from "../statements.ts";
import type { Tables } from "../tables.ts";

const given = sql.placeholder;

export type AuditQueries = ReturnType<typeof compileAudit>;

export const compileAudit = (builder: Builder, tables: Tables) => ({
	...compileEntries(builder, tables),
	...compileSums(builder, tables),
	...compileReferences(builder, tables),
	/** Writer, seq and hash of where each trimmed chain begins. */
	checkpoints: compileQuery(
		builder
			.select({
				writer: tables.checkpoints.writer,
				seq: tables.checkpoints.seq,
				hash: tables.checkpoints.hash,
			})
			.from(tables.checkpoints)
			.orderBy(asc(tables.checkpoints.writer)),
	),
	/** What was deleted, by hour: the hour, how many Entries, then as the sums; money as text. */
	trimmed: compileQuery(compileTrimmed(builder, tables)),
	/** Id, writer, nanos and until when the writer's lease lasts; null: no such writer. By id. */
	holds: compileQuery<"after" | "count">(
		builder
			.select({
				id: tables.holds.id,
				writer: tables.holds.writer,
				nanos: tables.holds.nanos,
				lease: tables.writers.leaseUntil,
			})
			.from(tables.holds)
			.leftJoin(tables.writers, eq(tables.writers.writer, tables.holds.writer))
			.where(gt(tables.holds.id, given("after")))
			.orderBy(asc(tables.holds.id))
			.limit(given("count")),
	),
	/** How many migrations the tables have had. */
	version: compileQuery(
		builder
			.select({ value: tables.meta.value })
			.from(tables.meta)
			.where(eq(tables.meta.name, "schema")),
	),
});

const compileEntries = (builder: Builder, { entries, writers }: Tables) => ({
	/** Writer, first and last seq. */
	ends: compileQuery(
		builder
			.select({
				writer: entries.writer,
				first: min(entries.seq),
				last: max(entries.seq),
			})
			.from(entries)
			.groupBy(entries.writer)
			.orderBy(asc(entries.writer)),
	),
	writers: compileQuery(
		builder.select({ writer: writers.writer }).from(writers),
	),
	/** All columns, in the order of the table and of the chain. */
	entries: compileQuery<"writer" | "after" | "until" | "count">(
		builder
			.select()
			.from(entries)
			.where(
				and(
					eq(entries.writer, given("writer")),
					gt(entries.seq, given("after")),
					lte(entries.seq, given("until")),
				),
			)
			.orderBy(asc(entries.seq))
			.limit(given("count")),
	),
	/** Its id and upstream's, which a damaged index may have twice. */
	namesAt: compileQuery<"writer" | "seq">(
		builder
			.select({ id: entries.id, request: entries.upstreamRequestId })
			.from(entries)
			.where(
				and(eq(entries.writer, given("writer")), eq(entries.seq, given("seq"))),
			),
	),
	/** All columns of one. */
	byId: compileQuery<"id">(
		builder
			.select()
			.from(entries)
			.where(eq(entries.id, given("id"))),
	),
});

function compileSums(builder: Builder, { rollups }: Tables) {
	const { hour, dimension, id, model, cost, estimated, ...rest } = rollups;
	const text = (column: typeof cost): SQL => sql`cast(${column} as text)`;
	return {
		/** All columns, in the order of the table; money as text. */
		sums: compileQuery<"hour" | "dimension" | "id" | "model" | "count">(
			builder
				.select({
					...{ hour, dimension, id, model },
					calls: rest.calls,
					failures: rest.failures,
					input: rest.input,
					output: rest.output,
					cacheWrite5m: rest.cacheWrite5m,
					cacheWrite1h: rest.cacheWrite1h,
					cacheRead: rest.cacheRead,
					webSearches: rest.webSearches,
					cost: sql`${text(cost)}`.as("cost_text"),
					estimated: sql`${text(estimated)}`.as("estimated_text"),
					unpriced: rest.unpriced,
				})
				.from(rollups)
				.where(
					sql`(${hour}, ${dimension}, ${id}, ${model}) > (${given("hour")}, ${given("dimension")}, ${given("id")}, ${given("model")})`,
				)
				.orderBy(asc(hour), asc(dimension), asc(id), asc(model))
				.limit(given("count")),
		),
	};
}

function compileTrimmed(builder: Builder, { trimmed }: Tables) {
	const { cost, estimated, unpriced, ...counts } = getTableColumns(trimmed);
	return builder
		.select({
			...counts,
			cost: sql`cast(${cost} as text)`.as("cost_text"),
			estimated: sql`cast(${estimated} as text)`.as("estimated_text"),
			unpriced,
		})
		.from(trimmed)
		.orderBy(asc(trimmed.hour));
}

const compileReferences = (
	builder: Builder,
	{ references, referenceRuns: runs }: Tables,
) => ({
	/** Writer, since and until of every run. */
	runs: compileQuery(
		builder.select().from(runs).orderBy(asc(runs.writer), asc(runs.since)),
	),
	/** First and names of the rows of one run. */
	packed: compileQuery<"writer" | "since">(
		builder
			.select({ first: references.first, names: references.names })
			.from(references)
			.where(
				and(
					eq(references.writer, given("writer")),
					eq(references.since, given("since")),
				),
			)
			.orderBy(asc(references.first)),
	),
});
