import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { drizzle } from "drizzle-orm/sqlite-proxy";
import type { Entry } from "../domain/entry.ts";
import type { Clock, Database, MapFile } from "../platform/contract.ts";
import { type HeldCall, openBook } from "./book.ts";
import { claimOnlyWriter, onlyWriter } from "./claim-writer.ts";
import { type Engine, StoreError } from "./engine.ts";
import { openJournal } from "./journal.ts";
import { type JournalFileOptions, openJournalFile } from "./journal-file.ts";
import { openJournaledLedger } from "./journaled-ledger.ts";
import type { Durability } from "./ledger.ts";
import { takeLock } from "./lock.ts";
import { migrate, readSqliteVersion } from "./migrate.ts";
import { sqliteMigrations } from "./migrations/sqlite.ts";
import { type OpenHolds, openHolds } from "./open-holds.ts";
import { openProbe } from "./probe.ts";
import { compileQueries } from "./queries.ts";
import { recover } from "./recover.ts";
import { openReferenceIndexer } from "./reference-indexer.ts";
import * as tables from "./schema-sqlite.ts";
import { type OpenWorker, openSqlite } from "./sqlite.ts";
import { compileStatements } from "./statements.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

export interface EmbeddedOptions {
	readonly openDatabase: (path: string) => Database;
	readonly openWorker: OpenWorker;
	readonly mapFile: MapFile;
	readonly clock: Clock;
	readonly pid: number;
	readonly durability: Durability;
	/** What becomes of a call whose end nobody saw, and its model as the sums name it. */
	readonly toOrphan: (held: HeldCall) => { entry: Entry; model: string };
	readonly onFault: (fault: StoreError | null) => void;
	/** Entries are found by upstream's names more slowly until it works again. */
	readonly onIndexFault: (fault: StoreError) => void;
	readonly onLost: (entry: Entry, fault: StoreError) => void;
}

/** Of each of two files: five thousand Entries, until they are in the database. */
const journalBytes = 4 * 1024 * 1024;
/** Of each of two files: five thousand calls at a time. */
const holdsBytes = 2 * 1024 * 1024;

/**
 * Opens the database file, makes it where there is none (readable by its owner only), and brings the ledger up to where
 * the process before left it. Rejects with StoreInUse naming the other process, with StoreError, or with the system's
 * error.
 */
export async function openEmbedded(
	path: string,
	options: EmbeddedOptions,
): Promise<Store> {
	mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
	const unlock = takeLock(path, {
		open: options.openDatabase,
		pid: options.pid,
	});
	try {
		// The log and the index of the log get the rights of the database.
		closeSync(openSync(path, "a", 0o600));
		const engine = await openSqlite(path, options.openWorker);
		try {
			return await openOn(path, { engine, unlock, options });
		} catch (error) {
			await engine.close();
			throw error;
		}
	} catch (error) {
		unlock();
		throw toStartError(path, error);
	}
}

async function openOn(
	path: string,
	opened: {
		readonly engine: Engine;
		readonly unlock: () => void;
		readonly options: EmbeddedOptions;
	},
): Promise<Store> {
	const { engine, unlock, options } = opened;
	const { clock, durability } = options;
	await migrate(engine, {
		migrations: sqliteMigrations,
		readVersion: readSqliteVersion,
	});
	const builder = drizzle(async () => ({ rows: [] }));
	const statements = compileStatements(builder, tables as unknown as Tables);
	const queries = compileQueries(builder, tables as unknown as Tables);
	const writer = onlyWriter;
	const open = openHolds();
	// All that can be found damaged is read before anything is written.
	const journals = openJournals(path, open, options);
	const book = await openBook({ engine, statements, writer, clock });
	await claimOnlyWriter(engine, {
		statements,
		name: `process ${options.pid}`,
		nowMs: clock.now(),
		leaseUntilMs: clock.now(),
	});
	await recover(journals, { ...options, engine, statements, book });
	const ledger = openJournaledLedger({
		...options,
		engine,
		statements,
		book,
		...journals,
		open,
		durability,
	});
	const indexer = openReferenceIndexer({
		engine,
		queries,
		writer,
		clock,
		onFault: options.onIndexFault,
	});
	return {
		engine,
		statements,
		queries,
		ledger,
		openCounts: null,
		names: book.names,
		probe: openProbe(ledger, book, clock),
		close: async () => {
			await indexer.close();
			await ledger.close();
			await engine.close();
			unlock();
		},
	};
}

/** Holds stand apart from Entries: they are never synced, so they can be written through memory. */
function openJournals(
	path: string,
	open: OpenHolds,
	{ durability, mapFile }: EmbeddedOptions,
) {
	const openPair = (name: string, options: JournalFileOptions) =>
		[
			openJournalFile(`${path}.${name}-a`, options),
			openJournalFile(`${path}.${name}-b`, options),
		] as const;
	const synced = durability === "always";
	const journal = openJournal({
		files: openPair("journal", {
			bytes: journalBytes,
			map: synced ? null : mapFile,
			defers: synced,
		}),
		toCarried: () => [],
	});
	const holds = openJournal({
		files: openPair("holds", {
			bytes: holdsBytes,
			map: mapFile,
			defers: false,
		}),
		toCarried: () => open.payloads(),
	});
	return { journal, holds };
}

function toStartError(path: string, error: unknown): unknown {
	if (!(error instanceof StoreError) || error.fault !== "corrupt") return error;
	return new StoreError(
		"corrupt",
		`${path} is damaged (${error.message}). Nothing was changed. Put a backup in its place, with its -wal file if it has one; or, to begin anew, move ${path} and everything beside it that begins with its name to another folder.`,
		{ cause: error },
	);
}
