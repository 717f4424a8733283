/**
 * Several processes write one PostgreSQL database, each under a number of its own that nobody ever gets again: its chain
 * has one author. While it lives it renews its lease; the holds of a process whose lease has ended are anybody's to settle.
 */
import { type Engine, StoreError } from "./engine.ts";

export interface WriterLease {
	readonly writer: number;
	/** Rejects with StoreError. */
	renew(): Promise<void>;
	/** Nobody is to wait for this process. */
	release(): Promise<void>;
}

export interface LeaseOptions {
	/** For people: host and process. */
	readonly name: string;
	readonly leaseMs: number;
}

/** The database's clock: those of several machines differ. */
export const databaseNowMs =
	"(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

const claimSql = `INSERT INTO tollway.writers (writer, name, started_at, lease_until, seen_at)
SELECT coalesce(max(writer), 0) + 1, $1, ${databaseNowMs}, ${databaseNowMs} + $2::bigint, ${databaseNowMs} FROM tollway.writers
RETURNING writer`;

const renewSql = `UPDATE tollway.writers SET lease_until = ${databaseNowMs} + $2::bigint, seen_at = ${databaseNowMs}
WHERE writer = $1::bigint`;

/** As many processes may start at the same moment and want the same number. */
const maxAttempts = 100;

/** Takes the next number. Rejects with StoreError. */
export async function claimNewWriter(
	engine: Engine,
	{ name, leaseMs }: LeaseOptions,
): Promise<WriterLease> {
	const writer = await claim(engine, [name, leaseMs], maxAttempts);
	const setLease = async (ms: number) => {
		await engine.readInOrder({ sql: renewSql, values: [writer, ms] });
	};
	return {
		writer,
		renew: () => setLease(leaseMs),
		release: () => setLease(0),
	};
}

async function claim(
	engine: Engine,
	values: readonly (string | number)[],
	attempts: number,
): Promise<number> {
	try {
		const [row] = await engine.readInOrder({ sql: claimSql, values });
		return Number(row?.[0]);
	} catch (error) {
		const isTaken = error instanceof StoreError && error.fault === "conflict";
		if (!isTaken || attempts === 1) throw error;
		return claim(engine, values, attempts - 1);
	}
}
