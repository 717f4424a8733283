/** The statements behind charged.ts. */
import {
	and,
	asc,
	eq,
	getTableColumns,
	gt,
	gte,
	lt,
	lte,
	sql,
} from "drizzle-orm";
import { compileQuery, type Query } from "./compile-query.ts";
import type { Builder } from "./statements.ts";
import type { Tables } from "./tables.ts";

export interface ChargedQueries {
	/** Entries that are no corrections, by their ids: all columns. The last id is one of them. */
	readonly page: Query<"low" | "last" | "fromMs" | "untilMs">;
	/** Corrections whose ids lie between: all columns, by id. */
	readonly corrections: Query<"after" | "high" | "count">;
	/** Models under which a subject has sums in an hour. */
	readonly sumModels: Query<"hour" | "dimension" | "id">;
	/** Requests of a batch that one model served, by custom id: the columns of the table but for the batch. */
	readonly items: Query<"batch" | "model" | "after" | "count">;
}

const given = sql.placeholder;

export const compileCharged = (
	builder: Builder,
	tables: Tables,
): ChargedQueries => ({
	...compileEntries(builder, tables),
	...compileItems(builder, tables),
});

const compileEntries = (builder: Builder, { entries, rollups }: Tables) => ({
	page: compileQuery<"low" | "last" | "fromMs" | "untilMs">(
		builder
			.select()
			.from(entries)
			.where(
				and(
					gte(entries.id, given("low")),
					lte(entries.id, given("last")),
					gte(entries.startedAt, given("fromMs")),
					lt(entries.startedAt, given("untilMs")),
					sql`${entries.kind} <> 'correction'`,
				),
			)
			.orderBy(asc(entries.id)),
	),
	corrections: compileQuery<"after" | "high" | "count">(
		builder
			.select()
			.from(entries)
			.where(
				and(
					gt(entries.id, given("after")),
					lt(entries.id, given("high")),
					sql`${entries.kind} = 'correction'`,
				),
			)
			.orderBy(asc(entries.id))
			.limit(given("count")),
	),
	sumModels: compileQuery<"hour" | "dimension" | "id">(
		builder
			.select({ model: rollups.model })
			.from(rollups)
			.where(
				and(
					eq(rollups.hour, given("hour")),
					eq(rollups.dimension, given("dimension")),
					eq(rollups.id, given("id")),
				),
			),
	),
});

function compileItems(builder: Builder, { batchItems }: Tables) {
	const { batch, ...columns } = getTableColumns(batchItems);
	const { model, customId } = columns;
	return {
		items: compileQuery<"batch" | "model" | "after" | "count">(
			builder
				.select(columns)
				.from(batchItems)
				.where(
					and(
						eq(batch, given("batch")),
						eq(model, given("model")),
						gt(customId, given("after")),
					),
				)
				.orderBy(asc(customId))
				.limit(given("count")),
		),
	};
}
