import { type Engine, type Statement, StoreError } from "./engine.ts";

/** One step from one version of the tables to the next. */
export interface Migration {
	readonly name: string;
	readonly statements: readonly string[];
}

export interface MigrateOptions {
	readonly migrations: readonly Migration[];
	/** The version of a database that has no table yet is 0; otherwise how many migrations it has had. */
	readonly readVersion: (engine: Engine) => Promise<number>;
	/** What comes first in the transaction: it waits for other processes, and fails when one of them was quicker. */
	readonly toGuard?: (version: number) => readonly Statement[];
}

/** The name in the table `meta` under which the number of migrations is kept. */
const versionName = "schema";

/**
 * Brings the tables to this program's version: all missing steps in one transaction, or none of them.
 * Rejects with StoreError; `broken` with a sentence when a newer program has been here.
 */
export async function migrate(
	engine: Engine,
	options: MigrateOptions,
): Promise<void> {
	const { migrations, readVersion, toGuard } = options;
	const version = await readVersion(engine);
	if (version > migrations.length) {
		throw new StoreError(
			"broken",
			`The database was changed by a newer Tollway (version ${version} of its tables; this one knows ${migrations.length}). Start the newer one again, or restore a backup from before.`,
		);
	}
	const missing = migrations.slice(version);
	if (missing.length === 0) return;
	const steps: Statement[] = missing
		.flatMap(({ statements }) => statements)
		.map((sql) => ({ sql, values: [] }));
	steps.unshift(...(toGuard?.(version) ?? []));
	const qualified = engine.kind === "postgres" ? "tollway.meta" : "meta";
	steps.push(
		{
			sql: `DELETE FROM ${qualified} WHERE name = '${versionName}'`,
			values: [],
		},
		{
			sql: `INSERT INTO ${qualified} (name, value) VALUES ('${versionName}', '${migrations.length}')`,
			values: [],
		},
	);
	try {
		await engine.commit(steps, true);
	} catch (error) {
		if ((await readVersion(engine)) === version) throw error;
		// Another process was quicker.
		await migrate(engine, options);
	}
}

export async function readSqliteVersion(engine: Engine): Promise<number> {
	const tables = await engine.readInOrder({
		sql: "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'",
		values: [],
	});
	if (tables.length === 0) return 0;
	return readVersionRow(engine, "meta");
}

/** @param table `meta`, qualified */
export async function readVersionRow(
	engine: Engine,
	table: string,
): Promise<number> {
	const rows = await engine.readInOrder({
		sql: `SELECT value FROM ${table} WHERE name = '${versionName}'`,
		values: [],
	});
	return Number(rows[0]?.[0] ?? 0);
}
