/** The one place where a prefilled database touches the store: a ledger in a file, written as the gateway writes it. */
import { statSync } from "node:fs";
import { drizzle } from "drizzle-orm/sqlite-proxy";
import { openDatabase } from "../../src/platform/bun.ts";
import { openBook } from "../../src/store/book.ts";
import { claimOnlyWriter } from "../../src/store/claim-writer.ts";
import type { StoreError } from "../../src/store/engine.ts";
import { toEntryColumns } from "../../src/store/entry-row.ts";
import { migrate, readSqliteVersion } from "../../src/store/migrate.ts";
import { sqliteMigrations } from "../../src/store/migrations/sqlite.ts";
import { compileQueries } from "../../src/store/queries.ts";
import { openReferenceIndexer } from "../../src/store/reference-indexer.ts";
import * as schema from "../../src/store/schema-sqlite.ts";
import { openSqlite, type WorkerPort } from "../../src/store/sqlite.ts";
import { compileStatements } from "../../src/store/statements.ts";
import type { Tables } from "../../src/store/tables.ts";
import type { Call } from "./calls.ts";

export interface LedgerFile {
	/** In one transaction, behind what is there. Resolves when the next may come; a power cut is not waited for. */
	add(group: readonly Call[]): Promise<void>;
	/** Resolves when a power cut cannot undo it. */
	close(): Promise<void>;
}

/**
 * Makes a ledger in a new file, with writer 1, whose chain a gateway goes on with.
 * @param startMs its clock stands there, and then at the end of the newest Entry
 */
export async function openLedgerFile(
	path: string,
	startMs: number,
): Promise<LedgerFile> {
	let nowMs = startMs;
	const clock = { now: () => nowMs, monotonic: () => performance.now() };
	const engine = await openSqlite(path, openWorker);
	await migrate(engine, {
		migrations: sqliteMigrations,
		readVersion: readSqliteVersion,
	});
	const builder = drizzle(async () => ({ rows: [] }));
	const tables = schema as unknown as Tables;
	const statements = compileStatements(builder, tables);
	const writer = await claimOnlyWriter(engine, {
		statements,
		name: "prefill",
		nowMs,
		leaseUntilMs: nowMs,
	});
	const book = await openBook({ engine, statements, writer, clock });
	let indexFault: StoreError | null = null;
	const indexer = openReferenceIndexer({
		engine,
		queries: compileQueries(builder, tables),
		writer,
		clock,
		onFault: (fault) => {
			indexFault = fault;
		},
	});
	let running = Promise.resolve();
	return {
		add: async (group) => {
			const settled = group.map((call) => ({
				...call,
				columns: JSON.stringify(toEntryColumns(call.entry)),
			}));
			// While this one is written, the caller makes the next.
			await running;
			running = book.commit({ ...nothingElse, settled }, false);
			nowMs = group.reduce(
				(last, { entry }) => Math.max(last, entry.startedMs + entry.durationMs),
				nowMs,
			);
		},
		close: async () => {
			await running;
			await indexer.run();
			await indexer.close();
			if (indexFault !== null) throw indexFault;
			await book.touch(true);
			await engine.close();
		},
	};
}

const nothingElse = { holds: [], dropsHolds: false, along: [] } as const;

const openWorker = (role: string) =>
	new Worker(
		new URL(`../../src/${role}.ts`, import.meta.url),
	) as unknown as WorkerPort;

export interface FileSize {
	readonly entries: number;
	/** Of the whole file: indexes, sums and all. */
	readonly bytes: number;
	readonly bytesPerEntry: number;
	/** Bytes by table and index. */
	readonly tables: Readonly<Record<string, number>>;
}

const foldWithinMs = 30_000;
const lookEveryMs = 20;

/**
 * Folds the log into the file, if there is one. Rejects when somebody else is at it, and with the runtime's error for what
 * is no ledger.
 */
export async function measureFile(path: string): Promise<FileSize> {
	const database = openDatabase(path);
	try {
		const read = (sql: string) => database.prepare(sql).rows([]);
		const isFolded = () =>
			read("PRAGMA wal_checkpoint(TRUNCATE)")[0]?.[0] === 0;
		// The thread that has just written the file may be folding it itself, and SQLite does not wait for that.
		const deadline = performance.now() + foldWithinMs;
		while (!isFolded()) {
			if (performance.now() > deadline) throw new Error(`${path} is in use`);
			await Bun.sleep(lookEveryMs);
		}
		const entries = Number(read("SELECT count(*) FROM entries")[0]?.[0]);
		const sizes = read(
			"SELECT name, pgsize FROM dbstat WHERE aggregate = 1 ORDER BY pgsize DESC",
		);
		const bytes = statSync(path).size;
		return {
			entries,
			bytes,
			bytesPerEntry: bytes / entries,
			tables: Object.fromEntries(sizes),
		};
	} finally {
		database.close();
	}
}
