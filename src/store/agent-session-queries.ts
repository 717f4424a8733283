/** What the table of managed agents' sessions is asked and told. */
import { and, eq, getTableColumns, isNull, sql } from "drizzle-orm";
import { compileQuery, type Query } from "./compile-query.ts";
import type { Builder } from "./statements.ts";
import type { Tables } from "./tables.ts";

type Names = Tables["agentSessions"]["$inferInsert"];

export interface AgentSessionQueries {
	/** Nothing happens if it is there. */
	readonly add: Query<keyof Names & string>;
	/** Whose it is, where that was not known. */
	readonly own: Query<"id" | "callId" | "createdAt" | "detail">;
	/** All columns. */
	readonly read: Query<"id">;
	/** One Entry more, if it still has as many as before. */
	readonly advance: Query<"id" | "entries" | "seen" | "before">;
}

const given = (name: string) => sql`${sql.placeholder(name)}`;

export function compileAgentSessions(
	builder: Builder,
	{ agentSessions }: Tables,
): AgentSessionQueries {
	const { id, callId, entries } = agentSessions;
	const one = eq(id, given("id"));
	const columns = Object.keys(getTableColumns(agentSessions));
	return {
		add: compileQuery<keyof Names & string>(
			builder
				.insert(agentSessions)
				.values(
					Object.fromEntries(
						columns.map((name) => [name, given(name)]),
					) as never,
				)
				.onConflictDoNothing(),
		),
		own: compileQuery<"id" | "callId" | "createdAt" | "detail">(
			builder
				.update(agentSessions)
				.set({
					callId: given("callId"),
					createdAt: given("createdAt"),
					detail: given("detail"),
				})
				.where(and(one, isNull(callId))),
		),
		read: compileQuery<"id">(builder.select().from(agentSessions).where(one)),
		advance: compileQuery<"id" | "entries" | "seen" | "before">(
			builder
				.update(agentSessions)
				.set({ entries: given("entries"), seen: given("seen") })
				.where(and(one, eq(entries, given("before")))),
		),
	};
}
