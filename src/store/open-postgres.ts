import { readFileSync } from "node:fs";
import { drizzle } from "drizzle-orm/pg-proxy";
import type { Entry } from "../domain/entry.ts";
import type { Clock } from "../platform/contract.ts";
import { type HeldCall, openBook } from "./book.ts";
import { openDirectLedger } from "./direct-ledger.ts";
import type { StoreError } from "./engine.ts";
import { keepLease } from "./keep-lease.ts";
import type { Durability } from "./ledger.ts";
import { migratePostgres } from "./migrate-postgres.ts";
import { openPostgres, type PostgresEngine } from "./postgres.ts";
import { toServerError } from "./postgres-start.ts";
import type { PostgresDatabase } from "./postgres-url.ts";
import { openProbe } from "./probe.ts";
import { compileQueries } from "./queries.ts";
import { openReferenceIndexer } from "./reference-indexer.ts";
import * as tables from "./schema-postgres.ts";
import { settleOrphans } from "./settle-orphans.ts";
import { openSharedPlace } from "./shared-counts.ts";
import { type Builder, compileStatements } from "./statements.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { claimNewWriter } from "./writer-lease.ts";

export interface PostgresStoreOptions {
	readonly clock: Clock;
	/** For people who look into the table of writers. */
	readonly host: string;
	readonly pid: number;
	readonly durability: Durability;
	/** What becomes of a call whose process has ended, and its model as the sums name it. */
	readonly toOrphan: (held: HeldCall) => { entry: Entry; model: string };
	readonly onFault: (fault: StoreError | null) => void;
	/** Names of calls are indexed later than they should be. */
	readonly onIndexFault: (fault: StoreError) => void;
	/** How long this process may be silent until others settle its calls. */
	readonly leaseMs?: number;
}

const leaseDefaultMs = 15_000;

const readFile = (path: string) => readFileSync(path, "utf8");

/**
 * Makes or brings up to date the tables in the schema `tollway`, and opens the ledger under a number of its own. Rejects
 * with StoreError, whose message is a sentence for the operator; then nothing is left open.
 */
export async function openPostgresStore(
	database: PostgresDatabase,
	options: PostgresStoreOptions,
): Promise<Store> {
	try {
		const unhurried = await openPostgres(database, {
			readFile,
			unhurried: true,
		});
		await migratePostgres(unhurried).finally(unhurried.close);
		const engine = await openPostgres(database, { readFile });
		try {
			return await openOn(engine, options);
		} catch (error) {
			await engine.close();
			throw error;
		}
	} catch (error) {
		throw toServerError(database, error);
	}
}

async function openOn(
	engine: PostgresEngine,
	options: PostgresStoreOptions,
): Promise<Store> {
	const { clock, host, pid, leaseMs = leaseDefaultMs } = options;
	const builder = drizzle(async () => ({ rows: [] })) as unknown as Builder;
	const statements = compileStatements(builder, tables as unknown as Tables);
	const queries = compileQueries(builder, tables as unknown as Tables);
	const name = `${host}, process ${pid}`;
	const lease = await claimNewWriter(engine, { name, leaseMs });
	const { writer } = lease;
	const book = await openBook({ engine, statements, writer, clock });
	const ledger = openDirectLedger({ ...options, book, statements });
	const synced = options.durability === "always";
	const counts = openSharedPlace({ engine, writer, synced, clock });
	const stopKeeping = keepLease({
		lease,
		leaseMs,
		clock,
		look: async () => {
			await settleOrphans({ engine, ledger, toOrphan: options.toOrphan });
			// What their calls have come to is on the ledger now.
			await counts.look();
		},
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
		openCounts: counts.open,
		names: book.names,
		probe: openProbe(ledger, book, clock),
		close: async () => {
			await indexer.close();
			await stopKeeping();
			await ledger.close();
			// Without it the lease ends by itself.
			await lease.release().catch(() => {});
			await engine.close();
		},
	};
}
