import { and, eq, gt, sql } from "drizzle-orm";
import { compileQuery, type Query } from "./compile-query.ts";
import type { Builder } from "./statements.ts";
import type { Tables } from "./tables.ts";

export interface ObjectQueries {
	/** Adds it, or says anew what it says. */
	readonly put: Query<"kind" | "id" | "alias" | "doc">;
	readonly remove: Query<"kind" | "id">;
	/** Kind, id and doc of all. */
	readonly list: Query;
	/** Its doc. */
	readonly read: Query<"kind" | "id">;
	readonly note: Query<
		"id" | "at" | "actor" | "action" | "kind" | "object" | "doc"
	>;
	/** Id, kind and object of the changes behind an id. */
	readonly changes: Query<"after">;
}

const given = (name: string) => sql`${sql.placeholder(name)}`;

export function compileObjects(
	builder: Builder,
	{ objects, changes }: Tables,
): ObjectQueries {
	const { kind, id, alias, doc } = objects;
	const one = and(eq(kind, given("kind")), eq(id, given("id")));
	return {
		put: compileQuery(
			builder
				.insert(objects)
				.values({
					kind: given("kind"),
					id: given("id"),
					alias: given("alias"),
					doc: given("doc"),
				})
				.onConflictDoUpdate({
					target: [kind, id],
					set: {
						alias: sql`excluded.${sql.identifier(alias.name)}`,
						doc: sql`excluded.${sql.identifier(doc.name)}`,
					},
				}),
		),
		remove: compileQuery(builder.delete(objects).where(one)),
		list: compileQuery(
			builder.select({ kind, id, doc }).from(objects).orderBy(kind, id),
		),
		read: compileQuery(builder.select({ doc }).from(objects).where(one)),
		note: compileQuery(
			builder.insert(changes).values({
				id: given("id"),
				at: given("at"),
				actor: given("actor"),
				action: given("action"),
				kind: given("kind"),
				object: given("object"),
				doc: given("doc"),
			}),
		),
		changes: compileQuery(
			builder
				.select({
					id: changes.id,
					kind: changes.kind,
					object: changes.object,
				})
				.from(changes)
				.where(gt(changes.id, given("after")))
				.orderBy(changes.id),
		),
	};
}
