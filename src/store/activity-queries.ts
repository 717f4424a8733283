/** The statements behind activity.ts. */
import { and, type Column, eq, gte, lt, or, type SQL, sql } from "drizzle-orm";
import { compileQuery, type Query } from "./compile-query.ts";
import { type Hours, isOther, toHours, toSum } from "./reports.ts";
import type { Builder } from "./statements.ts";
import type { Tables } from "./tables.ts";

/** By what days are summed; all but `global` are a column of the ledger. */
export type ActivityDimension =
	| "global"
	| "key"
	| "user"
	| "team"
	| "customer"
	| "tag";

type EdgeNames = "low" | "high" | "fromMs" | "untilMs" | "splitMs" | "count";

/** Rows: a place, id, model, and then the sums in the order of `UsedSums`, as text. */
export interface ActivityQueries {
	/**
	 * The place is the day since 1970, in a zone that is so many minutes ahead of UTC. Hours in which a day begins there,
	 * unless at their start, are left out.
	 */
	readonly all: Query<Hours | "dimension" | "minutes" | "count">;
	readonly one: Query<Hours | "dimension" | "id" | "minutes" | "count">;
	/** Out of the ledger. The place is 1 from `splitMs` on, 0 before; the id of tags is the JSON of their list. */
	readonly edge: Readonly<Record<ActivityDimension, Query<EdgeNames>>>;
}

const given = sql.placeholder;

/** Their expressions hold placeholders, of which no two are the same to PostgreSQL: so they are named by their number. */
const byPlaceIdModel = [sql`1`, sql`2`, sql`3`] as const;

export const compileActivity = (
	builder: Builder,
	tables: Tables,
): ActivityQueries => ({
	...compileHours(builder, tables),
	edge: compileEdges(builder, tables),
});

function compileHours(builder: Builder, { rollups }: Tables) {
	const { hour, dimension, id, model } = rollups;
	const minute = sql`(${hour} * 60 + ${given("minutes")})`;
	const select = (ofOne?: SQL) =>
		builder
			.select({
				place: sql`${minute} / 1440`,
				id,
				model,
				calls: toSum(rollups.calls),
				failures: toSum(rollups.failures),
				input: toSum(rollups.input),
				output: toSum(rollups.output),
				cacheWrite5m: toSum(rollups.cacheWrite5m),
				cacheWrite1h: toSum(rollups.cacheWrite1h),
				cacheRead: toSum(rollups.cacheRead),
				cost: toSum(rollups.cost),
			})
			.from(rollups)
			.where(
				and(
					sql`${hour} in ${toHours(rollups, hour)}`,
					eq(dimension, given("dimension")),
					sql`${minute} % 1440 <= 1380`,
					ofOne,
				),
			)
			.groupBy(...byPlaceIdModel)
			.limit(given("count"));
	return {
		all: compileQuery<Hours | "dimension" | "minutes" | "count">(select()),
		one: compileQuery<Hours | "dimension" | "id" | "minutes" | "count">(
			select(eq(id, given("id"))),
		),
	};
}

function compileEdges(
	builder: Builder,
	{ entries }: Tables,
): ActivityQueries["edge"] {
	const { status, startedAt, payer } = entries;
	const count = (condition: SQL) =>
		toSum(sql`case when ${condition} then 1 else 0 end`);
	const isCall = sql`${entries.kind} <> 'correction'`;
	const isFailure = sql`(${status} < 200 or ${status} >= 400)`;
	const isPaid = sql`${payer} = 'operator'`;
	const toEdge = (id: Column | SQL) =>
		compileQuery<EdgeNames>(
			builder
				.select({
					place: sql`case when ${startedAt} >= ${given("splitMs")} then 1 else 0 end`,
					id: sql`${id}`,
					model: sql`coalesce(${entries.servedModel}, 'other')`,
					calls: count(isCall),
					failures: count(sql`${isCall} and ${isFailure}`),
					input: toSum(entries.input),
					output: toSum(entries.output),
					cacheWrite5m: toSum(entries.cacheWrite5m),
					cacheWrite1h: toSum(entries.cacheWrite1h),
					cacheRead: toSum(entries.cacheRead),
					cost: toSum(
						sql`case when ${isPaid} then coalesce(${entries.cost}, 0) else 0 end`,
					),
				})
				.from(entries)
				.where(
					and(
						or(
							and(gte(entries.id, given("low")), lt(entries.id, given("high"))),
							isOther(entries.id),
						),
						gte(startedAt, given("fromMs")),
						lt(startedAt, given("untilMs")),
						sql`${id} is not null`,
					),
				)
				.groupBy(...byPlaceIdModel)
				.limit(given("count")),
		);
	return {
		global: toEdge(sql`''`),
		key: toEdge(entries.keyId),
		user: toEdge(entries.userId),
		team: toEdge(entries.teamId),
		customer: toEdge(entries.endUser),
		tag: toEdge(entries.tags),
	};
}
