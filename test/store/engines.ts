import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drizzle as buildPostgres } from "drizzle-orm/pg-proxy";
import { drizzle as buildSqlite } from "drizzle-orm/sqlite-proxy";
import type { Engine } from "../../src/store/engine.ts";
import { migrate, readSqliteVersion } from "../../src/store/migrate.ts";
import { migratePostgres } from "../../src/store/migrate-postgres.ts";
import { sqliteMigrations } from "../../src/store/migrations/sqlite.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { toPostgres } from "../../src/store/postgres-url.ts";
import * as postgresTables from "../../src/store/schema-postgres.ts";
import * as sqliteTables from "../../src/store/schema-sqlite.ts";
import { openSqlite, type WorkerPort } from "../../src/store/sqlite.ts";
import {
	type Builder,
	compileStatements,
	type HotStatements,
} from "../../src/store/statements.ts";
import type { Tables } from "../../src/store/tables.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";

export interface TestStore {
	readonly engine: Engine;
	readonly statements: HotStatements;
	/** A second connection to the same data, as another process would have it. */
	again(): Promise<Engine>;
	stop(): Promise<void>;
}

/** A worker of the real entry file. */
export const openTestWorker = (role: string): WorkerPort =>
	new Worker(
		new URL(`../../src/${role}.ts`, import.meta.url),
	) as unknown as WorkerPort;

async function openTestSqlite(): Promise<TestStore> {
	const folder = mkdtempSync(join(tmpdir(), "tollway-store-"));
	const open = () => openSqlite(join(folder, "tollway.db"), openTestWorker);
	const engine = await open();
	await migrate(engine, {
		migrations: sqliteMigrations,
		readVersion: readSqliteVersion,
	});
	return {
		engine,
		statements: compileStatements(
			buildSqlite(async () => ({ rows: [] })),
			sqliteTables as unknown as Tables,
		),
		again: open,
		stop: async () => {
			await engine.close();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

let databases = 0;

async function openTestPostgres(): Promise<TestStore> {
	const server = await sharePostgres();
	databases += 1;
	const database = `store_${process.pid}_${databases}`;
	await server.createDatabase(database);
	const { host, port, user, password } = server;
	const place = { host, port, user, password, database, maxConnections: 4 };
	const open = () => openPostgres(toPostgres(place, ""), { readFile: String });
	const engine = await open();
	await migratePostgres(engine);
	return {
		engine,
		statements: compileStatements(
			buildPostgres(async () => ({ rows: [] })) as unknown as Builder,
			postgresTables as unknown as Tables,
		),
		again: open,
		stop: () => engine.close(),
	};
}

/** Every engine that this machine can run; one that it cannot is said and counted. */
export const engines: readonly {
	readonly name: string;
	readonly can: boolean;
	readonly open: () => Promise<TestStore>;
}[] = [
	{ name: "SQLite", can: true, open: openTestSqlite },
	{
		name: "PostgreSQL",
		can: needs.postgres() !== null,
		open: openTestPostgres,
	},
];
