/** What the tables of batches and of their requests are asked and told. */
import { and, count, eq, getTableColumns, inArray, lt, sql } from "drizzle-orm";
import { compileQuery, type Query } from "./compile-query.ts";
import type { Builder } from "./statements.ts";
import type { Tables } from "./tables.ts";

type Names<Table extends { readonly $inferInsert: object }> =
	keyof Table["$inferInsert"] & string;

export interface BatchQueries {
	readonly add: Query<Names<Tables["batches"]>>;
	/** `by` has some of those that are due and that nobody looks at. */
	readonly claim: Query<"by" | "until" | "now" | "count">;
	/** All columns of those that `by` has. */
	readonly claimed: Query<"by" | "now">;
	/** All columns of one; of those that are not over. */
	readonly read: Query<"id">;
	readonly listOpen: Query;
	readonly renew: Query<"id" | "by" | "until">;
	/** What it is now, of one that `by` has. Nobody has it any more. */
	readonly change: Query<"id" | "by" | "state" | "dueAt" | "tries">;
	/** It is due now, if it is due at all. */
	readonly hasten: Query<"id" | "now">;
	/** Nobody has any. */
	readonly freeAll: Query;
	/** When the next one is due; null: there is none. */
	readonly nextDue: Query;
	readonly addItem: Query<Names<Tables["batchItems"]>>;
	readonly countItems: Query<"batch">;
	/** By model, state, price and notes: how many requests, their cost and their counts as text, in the order of the table. */
	readonly sums: Query<"batch">;
}

const given = (name: string) => sql`${sql.placeholder(name)}`;

const toGivens = (columns: object) =>
	Object.fromEntries(Object.keys(columns).map((name) => [name, given(name)]));

export function compileBatches(builder: Builder, tables: Tables): BatchQueries {
	return { ...compileOwn(builder, tables), ...compileItems(builder, tables) };
}

function compileOwn(builder: Builder, { batches }: Tables) {
	const { id, dueAt, leaseBy, leaseUntil } = batches;
	const isFree = lt(leaseUntil, given("now"));
	const due = builder
		.select({ id })
		.from(batches)
		.where(and(sql`${dueAt} <= ${given("now")}`, isFree))
		.orderBy(dueAt)
		.limit(sql.placeholder("count"));
	const one = eq(id, given("id"));
	const isOurs = and(one, eq(leaseBy, given("by")));
	return {
		add: compileQuery<Names<Tables["batches"]>>(
			builder
				.insert(batches)
				.values(toGivens(getTableColumns(batches)) as never)
				.onConflictDoNothing(),
		),
		claim: compileQuery<"by" | "until" | "now" | "count">(
			builder
				.update(batches)
				.set({ leaseBy: given("by"), leaseUntil: given("until") })
				// Twice: who waited for another's claim judges again, and by this alone.
				.where(and(inArray(id, due), isFree)),
		),
		claimed: compileQuery<"by" | "now">(
			builder
				.select()
				.from(batches)
				.where(and(sql`${dueAt} <= ${given("now")}`, eq(leaseBy, given("by")))),
		),
		read: compileQuery<"id">(builder.select().from(batches).where(one)),
		listOpen: compileQuery(
			builder.select().from(batches).where(sql`${dueAt} >= 0`),
		),
		renew: compileQuery<"id" | "by" | "until">(
			builder
				.update(batches)
				.set({ leaseUntil: given("until") })
				.where(isOurs),
		),
		change: compileQuery<"id" | "by" | "state" | "dueAt" | "tries">(
			builder
				.update(batches)
				.set({
					state: given("state"),
					dueAt: given("dueAt"),
					tries: given("tries"),
					leaseBy: sql`''`,
					leaseUntil: sql`0`,
				})
				.where(isOurs),
		),
		hasten: compileQuery<"id" | "now">(
			builder
				.update(batches)
				.set({ dueAt: given("now") })
				.where(and(one, sql`${dueAt} > ${given("now")}`)),
		),
		freeAll: compileQuery(
			builder.update(batches).set({ leaseBy: sql`''`, leaseUntil: sql`0` }),
		),
		nextDue: compileQuery(
			builder.select({ dueAt: sql`min(${dueAt})` }).from(batches),
		),
	};
}

function compileItems(builder: Builder, { batchItems }: Tables) {
	const { batch, customId, model, state, cost, price, notes, ...counts } =
		getTableColumns(batchItems);
	const ofBatch = eq(batch, given("batch"));
	const sums = Object.fromEntries(
		Object.entries({ cost, ...counts }).map(([name, column]) => [
			name,
			sql`cast(sum(${column}) as text)`,
		]),
	);
	return {
		addItem: compileQuery<Names<Tables["batchItems"]>>(
			builder
				.insert(batchItems)
				.values(toGivens(getTableColumns(batchItems)) as never)
				.onConflictDoNothing(),
		),
		countItems: compileQuery<"batch">(
			builder.select({ items: count() }).from(batchItems).where(ofBatch),
		),
		sums: compileQuery<"batch">(
			builder
				.select({ model, state, price, notes, items: count(), ...sums })
				.from(batchItems)
				.where(ofBatch)
				.groupBy(model, state, price, notes)
				.orderBy(model, state, price, notes),
		),
	};
}
