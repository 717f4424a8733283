/** Ledgers that a test damages: one is filled as a gateway fills it, and each test has a copy of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drizzle as buildPostgres } from "drizzle-orm/pg-proxy";
import { drizzle as buildSqlite } from "drizzle-orm/sqlite-proxy";
import { makeGroups } from "../../scripts/prefill/make-groups.ts";
import { verifyLedger } from "../../src/app/verify-ledger.ts";
import type { Config } from "../../src/cli/config.ts";
import type { VerifiedLedger } from "../../src/cli/world.ts";
import type { Correction } from "../../src/domain/correction.ts";
import { noNanos, toNanos } from "../../src/domain/nanos.ts";
import { toCorrectionEntry } from "../../src/gateway/reprice/correct.ts";
import { clock, openDatabase, openReadOnly } from "../../src/platform/bun.ts";
import type { SqlValue } from "../../src/platform/contract.ts";
import { openBook } from "../../src/store/book.ts";
import { firstLink, toLink } from "../../src/store/chain.ts";
import type { DatabaseAddress } from "../../src/store/database-url.ts";
import type { Engine } from "../../src/store/engine.ts";
import { toEntryColumns } from "../../src/store/entry-row.ts";
import { migrate, readSqliteVersion } from "../../src/store/migrate.ts";
import { migratePostgres } from "../../src/store/migrate-postgres.ts";
import { sqliteMigrations } from "../../src/store/migrations/sqlite.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { toPostgres } from "../../src/store/postgres-url.ts";
import { compileQueries } from "../../src/store/queries.ts";
import { openReferenceIndexer } from "../../src/store/reference-indexer.ts";
import type { Summed } from "../../src/store/rollup.ts";
import * as postgresTables from "../../src/store/schema-postgres.ts";
import * as sqliteTables from "../../src/store/schema-sqlite.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { type Builder, compileStatements } from "../../src/store/statements.ts";
import type { Tables } from "../../src/store/tables.ts";
import type { Finding } from "../../src/store/verify/findings.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { openTestWorker } from "../store/engines.ts";

export interface Ground {
	/** A copy of its own; `@` in statements stands for where the tables are. */
	copy(): Promise<LedgerCopy>;
	stop(): Promise<void>;
}

export interface LedgerCopy {
	readonly address: DatabaseAddress;
	run(sql: string): Promise<SqlValue[][]>;
	/** What a verification says of it. */
	verify(): Promise<{ findings: Finding[]; verified: VerifiedLedger }>;
	/** Makes the hashes of writer 1 right again, as one would who hides what he did. */
	rechain(): Promise<void>;
	close(): Promise<void>;
}

const none = async () => ({ rows: [] });

interface Kind {
	readonly name: string;
	readonly can: boolean;
	open(): Promise<Ground>;
}

const callCount = 4_500;
/** Of one call: dearer, and as it was again. */
export const firstCorrection = callCount + 1;
export const entryCount = callCount + 2;

const plan = {
	entries: callCount,
	seed: 3,
	days: 2,
	untilMs: Date.UTC(2026, 10, 29),
};

/** What a prefilled ledger has: calls, and behind them the corrections of one of them. */
export function* prefilled(): Iterable<readonly Summed[]> {
	let paid: Summed | undefined;
	for (const group of makeGroups(plan)) {
		paid ??= group.find(isCorrected);
		yield group;
	}
	if (paid) yield toCorrections(paid);
}

const isCorrected = ({ entry: { payer, state, cost, keyId } }: Summed) =>
	payer === "operator" && state === "exact" && keyId !== null && cost !== 0n;

function toCorrections({ entry, model }: Summed): readonly Summed[] {
	const { state, cost: nanos, price, catalog } = entry;
	const was = { state, nanos };
	const dearer = { state, nanos: toNanos((nanos ?? noNanos) + 1_000n) };
	const toOne = (correction: Correction, by: string) => {
		const cost = { ...correction.is, price, notes: [] };
		return {
			entry: toCorrectionEntry({ entry, correction, cost }, entry, by),
			model,
		};
	};
	return [
		toOne({ number: 1, was, is: dearer }, "of another list"),
		toOne({ number: 2, was: dearer, is: was }, catalog ?? ""),
	];
}

/** As writer 1. */
async function fill(
	engine: Engine,
	groups: Iterable<readonly Summed[]>,
): Promise<void> {
	const [builder, tables] =
		engine.kind === "sqlite"
			? ([buildSqlite(none), sqliteTables as unknown as Tables] as const)
			: ([
					buildPostgres(none) as unknown as Builder,
					postgresTables as unknown as Tables,
				] as const);
	const statements = compileStatements(builder, tables);
	await engine.commit(
		[{ sql: statements.claimWriter, values: [1, "test", 0, 0, 0] }],
		false,
	);
	const book = await openBook({
		engine,
		statements,
		writer: 1,
		clock: { ...clock, now: () => plan.untilMs },
	});
	for (const group of groups) {
		const settled = group.map((one) => ({
			...one,
			columns: JSON.stringify(toEntryColumns(one.entry)),
		}));
		const nothing = { holds: [], dropsHolds: false, along: [] };
		await book.commit({ ...nothing, settled }, false);
	}
	const indexer = openReferenceIndexer({
		engine,
		queries: compileQueries(builder, tables),
		writer: 1,
		clock,
		onFault: (fault) => {
			throw fault;
		},
	});
	await indexer.run();
	await indexer.close();
}

function toCopy(
	address: DatabaseAddress,
	engine: Engine,
	place: string,
): LedgerCopy {
	const run = (sql: string) =>
		engine.readInOrder({ sql: sql.replaceAll("@", place), values: [] });
	return {
		address,
		run,
		verify: async () => {
			const findings: Finding[] = [];
			const prices = { unknownModel: "dearest", factor: "1", path: null };
			const verified = await verifyLedger(
				{ database: address, prices } as Config,
				{ clock, openDatabase, openReadOnly },
				{
					onFinding: (finding) => findings.push(finding),
					onProgress: () => {},
				},
			);
			return { findings, verified };
		},
		rechain: async () => {
			const rows = await run(
				"SELECT * FROM @entries WHERE writer = 1 ORDER BY seq",
			);
			let link = firstLink;
			const hashes: string[] = [];
			for (const row of rows) {
				link = toLink(link, 1, JSON.stringify(row.slice(2, -1)));
				if (row.at(-1) === link.hash) continue;
				hashes.push(`(${row[1]}, '${link.hash}')`);
			}
			await run(
				`WITH right_ones(seq, hash) AS (VALUES ${hashes.join(", ")}) UPDATE @entries SET hash = right_ones.hash FROM right_ones WHERE writer = 1 AND @entries.seq = right_ones.seq`,
			);
		},
		close: engine.close,
	};
}

async function openFile(groups: Iterable<readonly Summed[]>): Promise<Ground> {
	const folder = mkdtempSync(join(tmpdir(), "tollway-damage-"));
	const base = join(folder, "base.db");
	const engine = await openSqlite(base, openTestWorker);
	await migrate(engine, {
		migrations: sqliteMigrations,
		readVersion: readSqliteVersion,
	});
	await fill(engine, groups);
	await engine.close();
	let copies = 0;
	return {
		copy: async () => {
			copies += 1;
			const path = join(folder, `copy-${copies}.db`);
			// With what still stands in its log.
			const whole = openDatabase(base);
			whole.exec(`VACUUM INTO '${path}'`);
			whole.close();
			const own = await openSqlite(path, openTestWorker);
			return toCopy({ kind: "sqlite", path }, own, "");
		},
		stop: async () => rmSync(folder, { recursive: true, force: true }),
	};
}

let servers = 0;

async function openServer(
	groups: Iterable<readonly Summed[]>,
): Promise<Ground> {
	const server = await sharePostgres();
	servers += 1;
	const base = `damage_${process.pid}_${servers}`;
	await server.createDatabase(base);
	const { host, port, user, password } = server;
	const toAddress = (database: string) =>
		toPostgres({ host, port, user, password, database, maxConnections: 1 }, "");
	const engine = await openPostgres(toAddress(base), { readFile: String });
	await migratePostgres(engine);
	await fill(engine, groups);
	await engine.close();
	let copies = 0;
	return {
		copy: async () => {
			copies += 1;
			const name = `${base}_${copies}`;
			await server.psql(
				`CREATE DATABASE ${name} TEMPLATE ${base} OWNER ${user}`,
			);
			const address = toAddress(name);
			const own = await openPostgres(address, {
				readFile: String,
				unhurried: true,
			});
			return toCopy(address, own, "tollway.");
		},
		stop: async () => {},
	};
}

/** @param groups what is on the ledger */
export const listGrounds = (
	groups: () => Iterable<readonly Summed[]>,
): readonly Kind[] => [
	{ name: "SQLite", can: true, open: () => openFile(groups()) },
	{
		name: "PostgreSQL",
		can: needs.postgres() !== null,
		open: () => openServer(groups()),
	},
];
