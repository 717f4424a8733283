import { drizzle as buildPostgres } from "drizzle-orm/pg-proxy";
import { drizzle as buildSqlite } from "drizzle-orm/sqlite-proxy";
import type { Entry } from "../../src/domain/entry.ts";
import type { Statement } from "../../src/store/engine.ts";
import { toEntryColumns } from "../../src/store/entry-row.ts";
import { toRollups } from "../../src/store/rollup.ts";
import * as postgresTables from "../../src/store/schema-postgres.ts";
import * as sqliteTables from "../../src/store/schema-sqlite.ts";
import type { Builder } from "../../src/store/statements.ts";
import type { Tables } from "../../src/store/tables.ts";
import { toTestEntry } from "./an-entry.ts";
import type { TestStore } from "./engines.ts";

/** What queries are compiled from, of either engine. */
export function toCompiler({ engine }: TestStore): [Builder, Tables] {
	const none = async () => ({ rows: [] });
	return engine.kind === "sqlite"
		? [buildSqlite(none), sqliteTables as unknown as Tables]
		: [
				buildPostgres(none) as unknown as Builder,
				postgresTables as unknown as Tables,
			];
}

/** An id as a call gets it: it begins with the call's start. */
export function toCallId(startedMs: number, number: number): string {
	const time = startedMs.toString(16).padStart(12, "0");
	const tail = number.toString(16).padStart(12, "0");
	return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}`;
}

export interface Filling {
	readonly writer: number;
	/** Of the first Entry. */
	readonly seq: number;
}

/** Entries on the ledger and in its sums, as calls would have left them, but for the chain. */
export async function fill(
	store: TestStore,
	changes: readonly Partial<Entry>[],
	{ writer, seq }: Filling = { writer: 1, seq: 1 },
): Promise<Entry[]> {
	const { engine, statements } = store;
	const entries = changes.map((changed, at) => {
		const startedMs = changed.startedMs ?? toTestEntry().startedMs;
		return toTestEntry({
			id: toCallId(startedMs, writer * 1e6 + seq + at),
			...changed,
		});
	});
	const asks: Statement[] = [
		{ sql: statements.claimWriter, values: [writer, "test", 0, 0, 0] },
		...entries.map((entry, at) => ({
			sql: statements.addEntry,
			values: [writer, seq + at, ...toEntryColumns(entry), "hash"],
		})),
		...toRollups(
			entries.map((entry) => ({ entry, model: entry.servedModel ?? "other" })),
			(_dimension, name) => name,
		).map((values) => ({ sql: statements.addToRollup, values })),
	];
	await engine.commit(asks, false);
	return entries;
}
