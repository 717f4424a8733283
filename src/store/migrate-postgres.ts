import type { Engine, Statement } from "./engine.ts";
import { type Migration, migrate, readVersionRow } from "./migrate.ts";
import { postgresMigrations } from "./migrations/postgres.ts";

/**
 * Brings the tables in the schema `tollway` to this program's version; other schemas are never looked at. Several
 * processes may start at one time: one does it, the others wait for it. Rejects as `migrate` does.
 */
export async function migratePostgres(engine: Engine): Promise<void> {
	await migrate(engine, {
		migrations: await toMigrations(engine),
		readVersion: readPostgresVersion,
		toGuard,
	});
}

/** For `pg_advisory_xact_lock`: "tollway" in ASCII. Any number will do that nobody else in the database takes. */
const lockNumber = "0x746f6c6c776179";

const toGuard = (version: number): readonly Statement[] => {
	const sql =
		version === 0
			? "to_regclass('tollway.meta') IS NULL"
			: `(SELECT value FROM tollway.meta WHERE name = 'schema') = '${version}'`;
	return [
		{ sql: `SELECT pg_advisory_xact_lock(${BigInt(lockNumber)})`, values: [] },
		// A division by zero where it is not so: the one way to end a transaction from within a question.
		{ sql: `SELECT 1 / CASE WHEN ${sql} THEN 1 ELSE 0 END`, values: [] },
	];
};

/** Whoever may not create schemas can be given one: making it again needs the same right, even with IF NOT EXISTS. */
async function toMigrations(engine: Engine): Promise<readonly Migration[]> {
	const found = await engine.readInOrder({
		sql: "SELECT 1 FROM pg_namespace WHERE nspname = 'tollway'",
		values: [],
	});
	if (found.length === 0) return postgresMigrations;
	return postgresMigrations.map(({ name, statements }) => ({
		name,
		statements: statements.filter((sql) => !sql.startsWith("CREATE SCHEMA ")),
	}));
}

async function readPostgresVersion(engine: Engine): Promise<number> {
	const tables = await engine.readInOrder({
		sql: "SELECT to_regclass('tollway.meta')::text",
		values: [],
	});
	if (tables[0]?.[0] == null) return 0;
	return readVersionRow(engine, "tollway.meta");
}
