import type { Entry } from "../../src/domain/entry.ts";
import { toNanos } from "../../src/domain/nanos.ts";
import type { HeldCall } from "../../src/store/book.ts";
import { firstLink, toLink } from "../../src/store/chain.ts";
import { toEntryColumns, toStoredEntry } from "../../src/store/entry-row.ts";
import {
	openPostgresStore,
	type PostgresStoreOptions,
} from "../../src/store/open-postgres.ts";
import {
	type PostgresDatabase,
	toPostgres,
} from "../../src/store/postgres-url.ts";
import type { Store } from "../../src/store/store.ts";
import type { SharedPostgres } from "../postgres.ts";
import { toTestEntry } from "./an-entry.ts";

const patienceMs = 15_000;
const pollMs = 10;

/** For what happens within a database, of which nobody tells. */
export async function waitFor(holds: () => boolean | Promise<boolean>) {
	const deadlineMs = performance.now() + patienceMs;
	while (!(await holds())) {
		if (performance.now() > deadlineMs) throw new Error("it did not happen");
		await Bun.sleep(pollMs);
	}
}

export const toId = (number: number): string =>
	`019a0000-0000-7000-8000-${String(number).padStart(12, "0")}`;

export const toHeld = (
	id: string,
	kind: HeldCall["kind"] = "call",
): HeldCall => ({
	id,
	kind,
	startedMs: toTestEntry().startedMs,
	nanos: toNanos(20_000_000n),
	detail: "{}",
});

export const orphanCost = toNanos(7_000_000n);

const toOrphan = ({ id }: HeldCall): { entry: Entry; model: string } => ({
	entry: toTestEntry({
		id,
		state: "estimated",
		end: "process_ended",
		cost: orphanCost,
	}),
	model: "m",
});

export function toAddress(
	{ host, port, user, password }: SharedPostgres,
	database: string,
): PostgresDatabase {
	const place = { host, port, user, password, database, maxConnections: 3 };
	return toPostgres(place, "DATABASE_URL");
}

export const openTestStore = (
	database: PostgresDatabase,
	options: Partial<PostgresStoreOptions> = {},
): Promise<Store> =>
	openPostgresStore(database, {
		clock: { now: () => Date.now(), monotonic: () => performance.now() },
		host: "test",
		pid: process.pid,
		durability: "always",
		toOrphan,
		onIndexFault: () => {},
		onFault: () => {},
		...options,
	});

/** All of them; throws where a writer's numbers have a gap or its chain does not hold. */
export async function readLedger({ engine }: Store) {
	const rows = await engine.readInOrder({
		sql: "SELECT * FROM tollway.entries ORDER BY writer, seq",
		values: [],
	});
	const stored = rows.map(toStoredEntry);
	let last = firstLink;
	let of = 0;
	for (const { writer, seq, hash, ...entry } of stored) {
		if (writer !== of) [of, last] = [writer, firstLink];
		last = toLink(last, writer, JSON.stringify(toEntryColumns(entry)));
		if (seq !== last.seq || hash !== last.hash) {
			throw new Error(`the chain of writer ${writer} breaks at ${seq}`);
		}
	}
	return stored;
}
