/** What the table of owners is asked and told. */
import { and, count, eq, sql } from "drizzle-orm";
import { compileQuery, type Query } from "./compile-query.ts";
import type { Builder } from "./statements.ts";
import type { Tables } from "./tables.ts";

export interface OwnerQueries {
	/** Nothing happens if it has an owner. */
	readonly add: Query<"kind" | "id" | "owner" | "createdAt">;
	/** A row if it is theirs. */
	readonly isOf: Query<"kind" | "id" | "owner">;
	/** How many of a kind are theirs. */
	readonly count: Query<"kind" | "owner">;
	readonly remove: Query<"kind" | "id">;
}

const given = (name: string) => sql`${sql.placeholder(name)}`;

export function compileOwners(
	builder: Builder,
	{ owners }: Tables,
): OwnerQueries {
	const one = and(eq(owners.kind, given("kind")), eq(owners.id, given("id")));
	const theirs = eq(owners.owner, given("owner"));
	return {
		add: compileQuery<"kind" | "id" | "owner" | "createdAt">(
			builder
				.insert(owners)
				.values({
					kind: given("kind"),
					id: given("id"),
					owner: given("owner"),
					createdAt: given("createdAt"),
				} as never)
				.onConflictDoNothing(),
		),
		isOf: compileQuery<"kind" | "id" | "owner">(
			builder.select({ id: owners.id }).from(owners).where(and(one, theirs)),
		),
		count: compileQuery<"kind" | "owner">(
			builder
				.select({ objects: count() })
				.from(owners)
				.where(and(theirs, eq(owners.kind, given("kind")))),
		),
		remove: compileQuery<"kind" | "id">(builder.delete(owners).where(one)),
	};
}
