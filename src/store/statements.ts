import {
	and,
	type Column,
	desc,
	eq,
	getTableColumns,
	gte,
	type SQL,
	sql,
	type Table,
} from "drizzle-orm";
import type { SqliteRemoteDatabase } from "drizzle-orm/sqlite-proxy";
import { newcomers } from "./rollup.ts";
import type { Tables } from "./tables.ts";

/** What builds SQL. Both engines' builders have the same methods; the types are SQLite's. */
export type Builder = SqliteRemoteDatabase;

/** The statements of every call, as text: building one anew takes longer than running it. */
export interface HotStatements {
	/** Values: all columns, in the order of the table. */
	readonly addEntry: string;
	readonly addHold: string;
	/** Values: id. */
	readonly dropHold: string;
	/** Values: writer, how many. Gives seq and hash, newest first. */
	readonly lastEntries: string;
	/** Values: all columns, in the order of the table. */
	readonly claimWriter: string;
	/** Values: now, writer. */
	readonly touchWriter: string;
	/** Values: all columns, in the order of the table. */
	readonly addToRollup: string;
	/** Values: dimension, id, hour. Gives the cost from that hour on; null where there is none. */
	readonly sumCost: string;
	/** Gives the last hour that has sums; null where none has. */
	readonly lastHour: string;
	/** Values: hour. Gives dimension and id of the tags and customers that were summed from that hour on. */
	readonly listNames: string;
	/** Values: hour. Gives keys, and how many new names each has brought from that hour on. */
	readonly listNewcomers: string;
	/** Gives kind and id of the tags and customers that operators manage. */
	readonly listManaged: string;
	/** Values: name, value. */
	readonly setMeta: string;
	/** Values: name. Gives value. */
	readonly readMeta: string;
	/** Values: id. Gives its writer if the ledger has it. */
	readonly findEntry: string;
}

export const compileStatements = (
	builder: Builder,
	tables: Tables,
): HotStatements =>
	toLazy({
		...compileLedger(builder, tables),
		...compileSums(builder, tables),
		...compileWriters(builder, tables),
		...compileMeta(builder, tables),
		...compileManaged(builder, tables),
	});

type Makers = { readonly [Name in keyof HotStatements]: () => string };

/** Each text is made when it is first asked for: all of them at once are a tenth of the time to start. */
function toLazy(makers: Makers): HotStatements {
	const made: Record<string, string> = {};
	const lazy = {};
	for (const [name, make] of Object.entries(makers)) {
		const get = () => {
			made[name] ??= make();
			return made[name];
		};
		Object.defineProperty(lazy, name, { get, enumerable: true });
	}
	return lazy as HotStatements;
}

/** Of all columns, in the order of the table. */
const insert = <T extends Tables[keyof Tables]>(builder: Builder, table: T) =>
	builder
		.insert(table)
		.values(toPlaceholders(table) as unknown as T["$inferInsert"]);

const compileLedger = (builder: Builder, { entries, holds }: Tables) => ({
	addEntry: () => insert(builder, entries).toSQL().sql,
	// A commit whose answer was lost is tried again.
	addHold: () => insert(builder, holds).onConflictDoNothing().toSQL().sql,
	dropHold: () =>
		builder
			.delete(holds)
			.where(eq(holds.id, sql.placeholder("id")))
			.toSQL().sql,
	lastEntries: () =>
		builder
			.select({ seq: entries.seq, hash: entries.hash })
			.from(entries)
			.where(eq(entries.writer, sql.placeholder("writer")))
			.orderBy(desc(entries.seq))
			.limit(sql.placeholder("count"))
			.toSQL().sql,
	findEntry: () =>
		builder
			.select({ writer: entries.writer })
			.from(entries)
			.where(eq(entries.id, sql.placeholder("id")))
			.toSQL().sql,
});

function compileSums(builder: Builder, { rollups }: Tables) {
	const { hour, dimension, id, model, ...sums } = getTableColumns(rollups);
	return {
		addToRollup: () =>
			insert(builder, rollups)
				.onConflictDoUpdate({
					target: [hour, dimension, id, model],
					set: toAdded(sums),
				})
				.toSQL().sql,
		sumCost: () =>
			builder
				.select({ cost: sql`sum(${rollups.cost})` })
				.from(rollups)
				.where(
					and(
						eq(dimension, sql.placeholder("dimension")),
						eq(id, sql.placeholder("id")),
						gte(hour, sql.placeholder("hour")),
					),
				)
				.toSQL().sql,
		lastHour: () =>
			builder
				.select({ hour: sql`max(${hour})` })
				.from(rollups)
				.toSQL().sql,
		listNames: () =>
			builder
				.selectDistinct({ dimension, id })
				.from(rollups)
				.where(
					and(
						gte(hour, sql.placeholder("hour")),
						sql`${dimension} in ('tag', 'customer')`,
					),
				)
				.toSQL().sql,
		listNewcomers: () =>
			builder
				.select({ id, count: sql`sum(${rollups.calls})` })
				.from(rollups)
				.where(
					and(
						gte(hour, sql.placeholder("hour")),
						sql`${dimension} = ${sql.raw(`'${newcomers}'`)}`,
					),
				)
				.groupBy(id)
				.toSQL().sql,
	};
}

const compileWriters = (builder: Builder, { writers }: Tables) => ({
	claimWriter: () =>
		insert(builder, writers)
			.onConflictDoUpdate({
				target: writers.writer,
				set: toGiven(getTableColumns(writers)),
			})
			.toSQL().sql,
	touchWriter: () =>
		builder
			.update(writers)
			.set({ seenAt: sql`${sql.placeholder("now")}` })
			.where(eq(writers.writer, sql.placeholder("writer")))
			.toSQL().sql,
});

const compileManaged = (builder: Builder, { objects }: Tables) => ({
	listManaged: () =>
		builder
			.select({ kind: objects.kind, id: objects.id })
			.from(objects)
			.where(sql`${objects.kind} in ('tag', 'customer')`)
			.toSQL().sql,
});

const compileMeta = (builder: Builder, { meta }: Tables) => ({
	setMeta: () =>
		insert(builder, meta)
			.onConflictDoUpdate({
				target: meta.name,
				set: toGiven({ value: meta.value }),
			})
			.toSQL().sql,
	readMeta: () =>
		builder
			.select({ value: meta.value })
			.from(meta)
			.where(eq(meta.name, sql.placeholder("name")))
			.toSQL().sql,
});

const toPlaceholders = (table: Table): Record<string, SQL> =>
	Object.fromEntries(
		Object.keys(getTableColumns(table)).map((name) => [
			name,
			sql`${sql.placeholder(name)}`,
		]),
	);

/** `name = excluded.name`, for each. */
const toGiven = (columns: Readonly<Record<string, Column>>) =>
	Object.fromEntries(
		Object.entries(columns).map(([name, column]) => [
			name,
			sql`excluded.${sql.identifier(column.name)}`,
		]),
	);

/** `calls = rollups.calls + excluded.calls`, for each. */
const toAdded = (columns: Readonly<Record<string, Column>>) =>
	Object.fromEntries(
		Object.entries(columns).map(([name, column]) => [
			name,
			sql`${column} + excluded.${sql.identifier(column.name)}`,
		]),
	);
