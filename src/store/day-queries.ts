/** The statements behind day-tallies.ts. */
import { and, asc, eq, gt, gte, lt, or, type SQL, sql } from "drizzle-orm";
import { compileQuery, type Query } from "./compile-query.ts";
import { toSum } from "./reports.ts";
import type { Builder } from "./statements.ts";
import type { Tables } from "./tables.ts";

/** `low` and `high` bound the ids of calls, the times their starts. */
export type DayNames = "low" | "high" | "fromMs" | "untilMs";

/** What the operator paid for calls that started within the times. */
export interface DayQueries {
	/**
	 * Calls that are of one model: model, state, the day since 1970 on which they ended, their number, the tokens in the order
	 * of TokenCounts, web searches, cost, and what was held beyond it; sums as text.
	 */
	readonly sums: Query<DayNames>;
	/** The others, whole, by id: of several models, or partly free. */
	readonly mixed: Query<DayNames | "after" | "count">;
}

const given = sql.placeholder;
const dayMs = 86_400_000;

export function compileDays(builder: Builder, { entries }: Tables): DayQueries {
	const { id, startedAt, durationMs, usageRest, stopReason, cost, held } =
		entries;
	const paid = and(
		or(
			and(gte(id, given("low")), lt(id, given("high"))),
			// No call's id begins so: batches have upstream's.
			gte(id, "g"),
		),
		gte(startedAt, given("fromMs")),
		lt(startedAt, given("untilMs")),
		eq(entries.payer, "operator"),
	);
	const isMixed: SQL = sql`(coalesce(${usageRest}, '') like '%"iterations":[%' or coalesce(${stopReason}, '') = 'refusal')`;
	const saysSomething: SQL = sql`(${cost} is null or ${cost} <> 0 or ${entries.input} + ${entries.output} + ${entries.cacheRead} + ${entries.cacheWrite5m} + ${entries.cacheWrite1h} > 0)`;
	const room: SQL = sql`case when ${held} > ${cost} then ${held} - ${cost} else 0 end`;
	return {
		sums: compileQuery<DayNames>(
			builder
				.select({
					model: sql`coalesce(${entries.servedModel}, ${entries.requestedModel}, '')`,
					state: entries.state,
					endDay: sql`(${startedAt} + ${durationMs}) / ${sql.raw(String(dayMs))}`,
					calls: toSum(
						sql`case when ${entries.kind} = 'correction' then 0 else 1 end`,
					),
					input: toSum(entries.input),
					output: toSum(entries.output),
					cacheWrite5m: toSum(entries.cacheWrite5m),
					cacheWrite1h: toSum(entries.cacheWrite1h),
					cacheRead: toSum(entries.cacheRead),
					webSearches: toSum(entries.webSearches),
					cost: toSum(cost),
					room: toSum(room),
				})
				.from(entries)
				.where(and(paid, saysSomething, sql`not ${isMixed}`))
				.groupBy(sql`1`, sql`2`, sql`3`),
		),
		mixed: compileQuery<DayNames | "after" | "count">(
			builder
				.select()
				.from(entries)
				.where(and(paid, isMixed, gt(id, given("after"))))
				.orderBy(asc(id))
				.limit(given("count")),
		),
	};
}
