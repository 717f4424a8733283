/** The statements behind search.ts. */
import {
	and,
	asc,
	type Column,
	desc,
	gte,
	lt,
	type SQL,
	sql,
} from "drizzle-orm";
import { compileQuery, type Query } from "./compile-query.ts";
import type { Builder } from "./statements.ts";
import type { Tables } from "./tables.ts";

/** `asc`: the oldest first. */
export type Direction = "asc" | "desc";

/** What Entries can be looked for by; null: whatever it is. */
export interface EntryPattern {
	readonly keyId: string | null;
	readonly userId: string | null;
	readonly teamId: string | null;
	readonly endUser: string | null;
	/** That served or, where none did, that was asked for. */
	readonly model: string | null;
	readonly status: "success" | "failure" | null;
	/** Nano-dollars that the operator paid. */
	readonly minNanos: number | null;
	readonly maxNanos: number | null;
}

/** Whatever there is. */
export const anything: EntryPattern = {
	keyId: null,
	userId: null,
	teamId: null,
	endUser: null,
	model: null,
	status: null,
	minNanos: null,
	maxNanos: null,
};

type Bounds = "low" | "high";
type MatchNames = Bounds | "fromMs" | "untilMs" | "count" | keyof EntryPattern;

export interface SearchQueries {
	/** How many ids there are within the bounds, `count` at most, and the last of them in that direction. */
	readonly reach: Readonly<Record<Direction, Query<Bounds | "count">>>;
	/** id, start, duration, nano-dollars that the operator paid, tokens and end user of those that fit, by id. */
	readonly matches: Readonly<Record<Direction, Query<MatchNames>>>;
	/** The same, with all their columns in the order of the table. */
	readonly rows: Readonly<Record<Direction, Query<MatchNames>>>;
}

const given = sql.placeholder;
const orders = { asc, desc } as const;

export function compileSearch(
	builder: Builder,
	{ entries }: Tables,
): SearchQueries {
	const within = toWithin(entries);
	const spent = toSpent(entries);
	const fitting = toFitting(entries);
	const toReach = (direction: Direction) => {
		const reached = builder
			.select({ id: entries.id })
			.from(entries)
			.where(and(...within))
			.orderBy(orders[direction](entries.id))
			.limit(given("count"))
			.as("reached");
		const last = direction === "asc" ? sql`max` : sql`min`;
		return compileQuery<Bounds | "count">(
			builder
				.select({ count: sql`count(*)`, last: sql`${last}(${reached.id})` })
				.from(reached),
		);
	};
	const toMatches = (direction: Direction) =>
		compileQuery<MatchNames>(
			builder
				.select({
					id: entries.id,
					startedAt: entries.startedAt,
					durationMs: entries.durationMs,
					spent,
					tokens: sql`${entries.input} + ${entries.cacheWrite5m} + ${entries.cacheWrite1h} + ${entries.cacheRead} + ${entries.output}`,
					endUser: entries.endUser,
				})
				.from(entries)
				.where(fitting)
				.orderBy(orders[direction](entries.id))
				.limit(given("count")),
		);
	const toRows = (direction: Direction) =>
		compileQuery<MatchNames>(
			builder
				.select()
				.from(entries)
				.where(fitting)
				.orderBy(orders[direction](entries.id))
				.limit(given("count")),
		);
	return {
		reach: { asc: toReach("asc"), desc: toReach("desc") },
		matches: { asc: toMatches("asc"), desc: toMatches("desc") },
		rows: { asc: toRows("asc"), desc: toRows("desc") },
	};
}

const toWithin = (entries: Tables["entries"]) =>
	[gte(entries.id, given("low")), lt(entries.id, given("high"))] as const;

/** What the operator paid. */
const toSpent = (entries: Tables["entries"]) =>
	sql`(case when ${entries.payer} = 'operator' then coalesce(${entries.cost}, 0) else 0 end)`;

const toFitting = (entries: Tables["entries"]) =>
	and(
		...toWithin(entries),
		gte(entries.startedAt, given("fromMs")),
		lt(entries.startedAt, given("untilMs")),
		isOrAny("keyId", entries.keyId),
		isOrAny("userId", entries.userId),
		isOrAny("teamId", entries.teamId),
		isOrAny("endUser", entries.endUser),
		isOrAny(
			"model",
			sql`coalesce(${entries.servedModel}, ${entries.requestedModel}, 'unknown')`,
		),
		isOrAny(
			"status",
			sql`(case when ${entries.status} >= 200 and ${entries.status} < 400 and ${entries.errorType} is null then 'success' else 'failure' end)`,
		),
		// What a correction gives back is less than nothing.
		sql`(cast(${given("minNanos")} as bigint) is null or ${toSpent(entries)} >= cast(${given("minNanos")} as bigint))`,
		sql`(cast(${given("maxNanos")} as bigint) is null or ${toSpent(entries)} <= cast(${given("maxNanos")} as bigint))`,
	);

/** PostgreSQL has to be told of what kind a value is that may be null. */
const isOrAny = (name: keyof EntryPattern, value: Column | SQL): SQL =>
	sql`(cast(${given(name)} as text) is null or ${value} = cast(${given(name)} as text))`;
