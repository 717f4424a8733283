/** The database that the configuration names, and what the gateway makes of what it finds there. */
import { hostname } from "node:os";
import { getLogger } from "@logtape/logtape";
import type { Config } from "../cli/config.ts";
import type { Entry } from "../domain/entry.ts";
import { toNanos } from "../domain/nanos.ts";
import { toOrphan } from "../gateway/orphan.ts";
import { type TotalsAtStart, toDay } from "../gateway/totals.ts";
import type { Clock, Database, MapFile } from "../platform/contract.ts";
import type { Catalog } from "../pricing/catalog.ts";
import type { HeldCall } from "../store/book.ts";
import type { DatabaseAddress } from "../store/database-url.ts";
import type { StoreError } from "../store/engine.ts";
import { openEmbedded } from "../store/open-embedded.ts";
import type { OpenWorker } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";

/** The runtime's services that a database needs. */
export interface StoreRim {
	readonly clock: Clock;
	readonly openDatabase: (path: string) => Database;
	readonly openWorker: OpenWorker;
	readonly mapFile: MapFile;
}

export interface StoreHooks {
	readonly catalog: () => Catalog;
	/** The database takes everything again. */
	readonly onRecovered: () => void;
	/** Saves an Entry that the database will never take; must not throw. */
	readonly onLost: (entry: Entry, error: unknown) => void;
}

/** Rejects with StoreInUse, StoreError, or the system's error. */
export async function openStore(
	config: Config,
	rim: StoreRim,
	hooks: StoreHooks,
): Promise<Store> {
	const { database, durability } = config;
	const options = {
		...rim,
		pid: process.pid,
		durability,
		toOrphan: (held: HeldCall) => toOrphan(held, hooks.catalog()),
		onFault: (fault: StoreError | null) => {
			tell(fault, database);
			if (fault === null) hooks.onRecovered();
		},
		onIndexFault: ({ fault, message }: StoreError) =>
			getLogger(["tollway", "store"]).warning(
				"Finding calls by upstream's names is slow for now ({fault}: {message}).",
				{ fault, message },
			),
		onLost: hooks.onLost,
	};
	if (database.kind === "sqlite") return openEmbedded(database.path, options);
	// Not before: to load its driver takes a third as long as all that a gateway with a file needs of the store.
	const { openPostgresStore } = await import("../store/open-postgres.ts");
	return openPostgresStore(database, { ...options, host: hostname() });
}

function tell(fault: StoreError | null, { kind }: DatabaseAddress): void {
	const log = getLogger(["tollway", "store"]);
	if (fault === null) {
		log.warning("The database takes everything again.");
		return;
	}
	log.error(
		`The database takes nothing ({fault}: {message}). ${running[kind]}`,
		{ fault: fault.fault, message: fault.message },
	);
}

const running = {
	sqlite: "Calls that run are kept in the journal.",
	postgres: "Calls that end now wait for it for five seconds.",
} as const;

const hourMs = 3_600_000;

/** The end of the last hour in which a call of the ledger began. */
export async function readHorizon({
	engine,
	statements,
}: Store): Promise<number> {
	const question = { sql: statements.lastHour, values: [] };
	const [row] = await engine.readInOrder(question);
	return row?.[0] == null ? 0 : (Number(row[0]) + 1) * hourMs;
}

/** What has been spent so far, by the sums of the ledger. */
export async function readTotals(
	{ engine, statements }: Store,
	clock: Clock,
): Promise<TotalsAtStart> {
	const { startMs } = toDay(clock.now());
	const sumFrom = async (hour: number) => {
		const question = { sql: statements.sumCost, values: ["global", "", hour] };
		const [row] = await engine.readInOrder(question);
		return toNanos(BigInt(row?.[0] ?? 0));
	};
	return {
		todayNanos: await sumFrom(Math.floor(startMs / hourMs)),
		allNanos: await sumFrom(0),
	};
}
