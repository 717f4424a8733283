/** What the sums and the ledger are asked for. Money and counts come as text, for a sum may be beyond 2^53. */
import {
	and,
	type Column,
	desc,
	eq,
	gte,
	lt,
	or,
	type SQL,
	sql,
	type Table,
} from "drizzle-orm";
import type { Entry } from "../domain/entry.ts";
import { type Nanos, toNanos } from "../domain/nanos.ts";
import type { SubjectKind } from "../domain/subject.ts";
import type { SqlValue } from "../platform/contract.ts";
import { compileQuery, type Query } from "./compile-query.ts";
import type { Builder } from "./statements.ts";
import type { Tables } from "./tables.ts";

/** Hours since 1970; the first, and the first that no longer counts. */
export type Hours = "from" | "until";

export interface Reports {
	/** Calls and cost of one subject, in one row; both null where it has no sums at all. */
	readonly total: Query<Hours | "dimension" | "id">;
	/** Id, calls and cost of every subject of a kind, the dearest first. */
	readonly byId: Query<Hours | "dimension" | "count">;
	/** Day since 1970, id and cost of every subject of a kind. */
	readonly daysById: Query<Hours | "dimension" | "count">;
	/** Day since 1970, model and cost of one subject. */
	readonly daysByModel: Query<Hours | "dimension" | "id" | "count">;
	/** The hours in which a subject has Entries, the newest first. */
	readonly hours: Query<Hours | "dimension" | "id" | "count">;
	readonly entryById: Query<"id">;
	/** Model and cost of one subject. */
	readonly costByModel: Query<Hours | "dimension" | "id">;
	/**
	 * The model that served, or else was asked for, and what the operator paid for calls and batches of one subject that
	 * started within the times; `low` and `high` bound the ids of calls. `id` of a member is `team\tuser`, of a tag the tag as
	 * JSON has it.
	 */
	readonly spentWithin: Readonly<
		Record<SubjectKind, Query<Exclude<CallNames, "count">>>
	>;
	/** Entries of calls, newest first. `low` and `high` bound their ids, the times their starts. */
	readonly calls: Readonly<Record<EntryFilter, Query<CallNames>>>;
	/** Entries whose id is not made of their time and begins with a letter behind f, newest first: batches, sessions. */
	readonly others: Readonly<Record<EntryFilter, Query<OtherNames>>>;
}

/** By what rows of the ledger can be asked for: dimensions of the sums, with their members of an Entry. */
export const entryFilters = {
	global: null,
	key: "keyId",
	user: "userId",
} as const satisfies Record<string, keyof Entry | null>;

export type EntryFilter = keyof typeof entryFilters;

type OtherNames = "fromMs" | "untilMs" | "id" | "count";
type CallNames = OtherNames | "low" | "high";

const given = sql.placeholder;

export const compileReports = (builder: Builder, tables: Tables): Reports => ({
	...compileSums(builder, tables),
	...compileRows(builder, tables),
	spentWithin: compileSpent(builder, tables),
});

function compileSums(builder: Builder, { rollups }: Tables) {
	const { hour, dimension, id, model } = rollups;
	const calls = toSum(rollups.calls);
	const cost = toSum(rollups.cost);
	const day = sql<number>`${hour} / 24`;
	const ofKind = and(
		sql`${hour} in ${toHours(rollups, hour)}`,
		eq(dimension, given("dimension")),
	);
	const ofOne = and(ofKind, eq(id, given("id")));
	return {
		total: compileQuery<Hours | "dimension" | "id">(
			builder.select({ calls, cost }).from(rollups).where(ofOne),
		),
		costByModel: compileQuery<Hours | "dimension" | "id">(
			builder.select({ model, cost }).from(rollups).where(ofOne).groupBy(model),
		),
		byId: compileQuery<Hours | "dimension" | "count">(
			builder
				.select({ id, calls, cost })
				.from(rollups)
				.where(ofKind)
				.groupBy(id)
				.orderBy(desc(sql`sum(${rollups.cost})`), id)
				.limit(given("count")),
		),
		daysById: compileQuery<Hours | "dimension" | "count">(
			builder
				.select({ day, id, cost })
				.from(rollups)
				.where(ofKind)
				.groupBy(day, id)
				.limit(given("count")),
		),
		daysByModel: compileQuery<Hours | "dimension" | "id" | "count">(
			builder
				.select({ day, model, cost })
				.from(rollups)
				.where(ofOne)
				.groupBy(day, model)
				.limit(given("count")),
		),
		hours: compileQuery<Hours | "dimension" | "id" | "count">(
			builder
				.select({ hour })
				.from(rollups)
				.where(ofOne)
				.groupBy(hour)
				.orderBy(desc(hour))
				.limit(given("count")),
		),
	};
}

/**
 * The hours within the bounds that have sums, found by leaping from one to the next. The sums of an hour lie together, so
 * one subject's are a look into each hour, and nobody else's are read: no second index, which every call would pay for.
 */
export const toHours = (rollups: Table, hour: Column): SQL => sql`(
	with recursive hours(hour) as (
		select min(${hour}) from ${rollups} where ${hour} >= ${given("from")}
		union all
		select (select min(${hour}) from ${rollups} where ${hour} > hours.hour)
		from hours where hours.hour < ${given("until")}
	)
	select hours.hour from hours where hours.hour < ${given("until")}
)`;

export const toSum = (column: Column | SQL) =>
	sql<string | null>`cast(sum(${column}) as text)`;

function compileRows(builder: Builder, { entries }: Tables) {
	const select = (filter: EntryFilter, ...bounds: SQL[]) => {
		const member = entryFilters[filter];
		return builder
			.select()
			.from(entries)
			.where(
				and(
					...bounds,
					gte(entries.startedAt, given("fromMs")),
					lt(entries.startedAt, given("untilMs")),
					member === null ? undefined : eq(entries[member], given("id")),
				),
			);
	};
	const toCalls = (filter: EntryFilter) =>
		compileQuery<CallNames>(
			select(
				filter,
				gte(entries.id, given("low")),
				lt(entries.id, given("high")),
			)
				.orderBy(desc(entries.id))
				.limit(given("count")),
		);
	const toOthers = (filter: EntryFilter) =>
		compileQuery<OtherNames>(
			select(filter, isOther(entries.id))
				.orderBy(desc(entries.startedAt))
				.limit(given("count")),
		);
	return {
		entryById: compileQuery<"id">(
			builder
				.select()
				.from(entries)
				.where(eq(entries.id, given("id"))),
		),
		calls: {
			global: toCalls("global"),
			key: toCalls("key"),
			user: toCalls("user"),
		},
		others: {
			global: toOthers("global"),
			key: toOthers("key"),
			user: toOthers("user"),
		},
	};
}

/** No UUID begins so. */
export const isOther = (id: Column): SQL => sql`${id} >= 'g'`;

/** By whose calls they are. */
function compileSpent(
	builder: Builder,
	{ entries }: Tables,
): Reports["spentWithin"] {
	const model = sql<
		string | null
	>`coalesce(${entries.servedModel}, ${entries.requestedModel})`;
	const toSpent = (ofOne: SQL | undefined) =>
		compileQuery<Exclude<CallNames, "count">>(
			builder
				.select({ model, cost: toSum(entries.cost) })
				.from(entries)
				.where(
					and(
						or(
							and(gte(entries.id, given("low")), lt(entries.id, given("high"))),
							isOther(entries.id),
						),
						gte(entries.startedAt, given("fromMs")),
						lt(entries.startedAt, given("untilMs")),
						ofOne,
						eq(entries.payer, "operator"),
					),
				)
				.groupBy(model),
		);
	return {
		key: toSpent(eq(entries.keyId, given("id"))),
		user: toSpent(eq(entries.userId, given("id"))),
		team: toSpent(eq(entries.teamId, given("id"))),
		member: toSpent(
			sql`${entries.teamId} || ${memberSign} || ${entries.userId} = ${given("id")}`,
		),
		customer: toSpent(eq(entries.endUser, given("id"))),
		// Both engines know `replace`; the tag is in the list where it can be taken out of it.
		tag: toSpent(
			sql`replace(${entries.tags}, ${given("id")}, '') <> ${entries.tags}`,
		),
		global: toSpent(sql`${given("id")} = ''`),
	};
}

/** Between the team and the user of a member's id. */
const memberSign = "\t";

/** A sum of money, as a report gives it. Null: there was nothing to add up. */
export const toSummedNanos = (value: SqlValue | undefined): Nanos =>
	toNanos(BigInt(value ?? 0));
