/** The ledger that the configuration names, verified with the prices that it names. */
import { existsSync } from "node:fs";
import { drizzle as buildPostgres } from "drizzle-orm/pg-proxy";
import { drizzle as buildSqlite } from "drizzle-orm/sqlite-proxy";
import type { Config } from "../cli/config.ts";
import type { VerifiedLedger, VerifyHooks } from "../cli/world.ts";
import { toSumModel } from "../gateway/entry.ts";
import { toCostAgain } from "../gateway/recharge.ts";
import type { Clock, Database } from "../platform/contract.ts";
import { loadPrices } from "../pricing/load-prices.ts";
import { toDatabaseText } from "../store/database-url.ts";
import { StoreError } from "../store/engine.ts";
import { postgresMigrations } from "../store/migrations/postgres.ts";
import { sqliteMigrations } from "../store/migrations/sqlite.ts";
import * as postgresTables from "../store/schema-postgres.ts";
import * as sqliteTables from "../store/schema-sqlite.ts";
import type { Builder } from "../store/statements.ts";
import type { Tables } from "../store/tables.ts";
import {
	type AuditDatabase,
	openAuditFile,
	openAuditServer,
} from "../store/verify/audit-database.ts";
import {
	type AuditQueries,
	compileAudit,
} from "../store/verify/audit-queries.ts";
import { openFindings } from "../store/verify/findings.ts";
import { openScratch } from "../store/verify/scratch.ts";
import { verify } from "../store/verify/verify.ts";

export interface VerifyRim {
	readonly clock: Clock;
	readonly openDatabase: (path: string) => Database;
	readonly openReadOnly: (path: string) => Database;
}

/** Rejects with StoreError, with the system's error, or with an Error that has a line per mistake in the prices. */
export async function verifyLedger(
	config: Config,
	rim: VerifyRim,
	hooks: VerifyHooks,
): Promise<VerifiedLedger> {
	const { catalog, problems } = loadPrices(config.prices);
	if (problems) throw new Error(problems.join("\n"));
	const database = await openAudit(config, rim);
	const findings = openFindings(hooks.onFinding);
	const scratch = openScratch(rim.openDatabase(":memory:"));
	try {
		const queries = toQueries(database.kind);
		await requireVersion(database, queries, config);
		const verified = await verify({
			...{ database, queries, scratch, findings },
			clock: rim.clock,
			prices: {
				catalog: catalog.version,
				toCostAgain: (entry) => toCostAgain(entry, catalog),
			},
			toSumModel: (entry) => toSumModel(entry, catalog),
			onProgress: hooks.onProgress,
		});
		const ok = !findings.isBad();
		const counts = findings.counts();
		return { ...verified, ok, counts, unchecked: toUnchecked(config) };
	} finally {
		scratch.close();
		await database.close();
	}
}

async function openAudit(
	{ database }: Config,
	{ openReadOnly }: VerifyRim,
): Promise<AuditDatabase> {
	if (database.kind === "postgres") return openAuditServer(database);
	if (existsSync(database.path)) {
		return openAuditFile(database.path, openReadOnly);
	}
	throw new StoreError(
		"broken",
		`there is no database ${database.path}. Give this command the TOLLWAY_DATA_DIR or DATABASE_URL of the gateway.`,
	);
}

const none = async () => ({ rows: [] });

const toQueries = (kind: AuditDatabase["kind"]): AuditQueries =>
	kind === "sqlite"
		? compileAudit(buildSqlite(none), sqliteTables as unknown as Tables)
		: compileAudit(
				buildPostgres(none) as unknown as Builder,
				postgresTables as unknown as Tables,
			);

/** Of another version's tables nothing could be said. */
async function requireVersion(
	{ kind, read }: AuditDatabase,
	queries: AuditQueries,
	{ database }: Config,
): Promise<void> {
	const known = kind === "sqlite" ? sqliteMigrations : postgresMigrations;
	const rows = await read(queries.version({})).catch((error: StoreError) => {
		if (error.fault === "broken") return [];
		throw error;
	});
	const version = Number(rows[0]?.[0] ?? 0);
	if (version === known.length) return;
	const name = toDatabaseText(database);
	throw new StoreError(
		"broken",
		version === 0
			? `${name} is no ledger of Tollway.`
			: version < known.length
				? `${name} is of an older Tollway (version ${version} of its tables; this one knows ${known.length}). Start this gateway on it once, or verify it with the older one.`
				: `${name} is of a newer Tollway (version ${version} of its tables; this one knows ${known.length}). Verify it with that one.`,
	);
}

const toUnchecked = ({ database }: Config): string | null =>
	database.kind === "sqlite"
		? `Calls that stand only in the journal beside the database (${database.path}.journal-a and -b) are not checked: a running gateway brings them into it within a second, a stopped one with its next start.`
		: null;
