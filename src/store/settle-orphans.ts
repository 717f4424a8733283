/** Calls of processes that have ended without settling them: whoever finds them puts them on the ledger, and only once. */
import type { Entry } from "../domain/entry.ts";
import { toNanos } from "../domain/nanos.ts";
import type { HeldCall } from "./book.ts";
import { type Engine, StoreError } from "./engine.ts";
import type { Ledger } from "./ledger.ts";
import { databaseNowMs } from "./writer-lease.ts";

export interface OrphanOptions {
	readonly engine: Engine;
	readonly ledger: Ledger;
	readonly toOrphan: (held: HeldCall) => { entry: Entry; model: string };
}

const maxAtOnce = 1_000;

/** The holds of batches end with their batches. */
const findSql = `SELECT h.id, h.started_at, h.nanos, h.detail
FROM tollway.holds h JOIN tollway.writers w ON w.writer = h.writer
WHERE h.kind = 'call' AND w.lease_until < ${databaseNowMs}
ORDER BY h.id LIMIT ${maxAtOnce}`;

/** A hold whose call is on the ledger already was written by a commit that the process did not wait for. */
const dropSql =
	"DELETE FROM tollway.holds WHERE id = $1 AND EXISTS (SELECT 1 FROM tollway.entries WHERE id = $1)";

/**
 * An Entry each, on this process's own chain, for the calls whose process has ended: an estimate, in place of the hold.
 * Of two processes that do it at once one gets a conflict, because an id is unique in the ledger. Rejects with StoreError;
 * can be done again.
 */
export async function settleOrphans(options: OrphanOptions): Promise<void> {
	const { engine, ledger, toOrphan } = options;
	const rows = await engine.readInOrder({ sql: findSql, values: [] });
	await Promise.all(
		rows.map(async ([id, startedMs, nanos, detail]) => {
			const { entry, model } = toOrphan({
				id: String(id),
				kind: "call",
				startedMs: Number(startedMs),
				nanos: toNanos(BigInt(nanos ?? 0)),
				detail: String(detail),
			});
			try {
				await ledger.settle(entry, model);
			} catch (error) {
				if (!isConflict(error)) throw error;
				await engine.readInOrder({ sql: dropSql, values: [entry.id] });
			}
		}),
	);
}

const isConflict = (error: unknown): boolean =>
	error instanceof StoreError && error.fault === "conflict";
