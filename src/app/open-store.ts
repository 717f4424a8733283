/** The database that the configuration names, and what the gateway makes of what it finds there. */
import { getLogger } from "@logtape/logtape";
import type { Config } from "../cli/config.ts";
import type { Entry } from "../domain/entry.ts";
import { toNanos } from "../domain/nanos.ts";
import { toOrphan } from "../gateway/orphan.ts";
import { type TotalsAtStart, toDay } from "../gateway/totals.ts";
import type { Clock, Database, MapFile } from "../platform/contract.ts";
import type { Catalog } from "../pricing/catalog.ts";
import { requireFile } from "../store/database-url.ts";
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
export function openStore(
	config: Config,
	rim: StoreRim,
	hooks: StoreHooks,
): Promise<Store> {
	return openEmbedded(requireFile(config.database), {
		...rim,
		pid: process.pid,
		durability: config.durability,
		toOrphan: (held) => toOrphan(held, hooks.catalog()),
		onFault: (fault) => {
			tell(fault);
			if (fault === null) hooks.onRecovered();
		},
		onIndexFault: ({ fault, message }) =>
			getLogger(["tollway", "store"]).warning(
				"Finding calls by upstream's names is slow for now ({fault}: {message}).",
				{ fault, message },
			),
		onLost: hooks.onLost,
	});
}

function tell(fault: StoreError | null): void {
	const log = getLogger(["tollway", "store"]);
	if (fault === null) {
		log.warning("The database takes everything again.");
		return;
	}
	log.error(
		"The database takes nothing ({fault}: {message}). Calls that run are kept in the journal.",
		{ fault: fault.fault, message: fault.message },
	);
}

const hourMs = 3_600_000;

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
