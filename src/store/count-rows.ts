/** The rows of counts and stakes, and what is asked of them: a list always goes as the JSON of its rows, in one value. */
import type { OrphanedStakes } from "../domain/shared-counts.ts";
import type { Subject } from "../domain/subject.ts";
import type { Ask, PostgresEngine } from "./postgres.ts";
import { databaseNowMs } from "./writer-lease.ts";

export interface CountRow extends Subject {
	readonly doc: string;
	readonly until: number;
}

export interface StakeRow {
	readonly id: string;
	readonly doc: string;
}

/** What was locked, and the time when it was. */
export interface Locked {
	readonly counts: readonly (Subject & { readonly doc: string })[];
	readonly stakes: readonly StakeRow[];
	readonly nowMs: number;
}

export interface Changed {
	readonly counts: readonly CountRow[];
	readonly removed: readonly Subject[];
	readonly taken: readonly StakeRow[];
	/** Ids. */
	readonly returned: readonly string[];
}

/** A text, because the driver would write what is declared as JSON as JSON once more. */
const rows = (columns: string) =>
	`json_to_recordset($1::text::json) AS given (${columns})`;

const subjectRows = rows("kind text, id text");
const stakeRows = rows("id text, doc text");

/** In one order everywhere: two processes that lock the same rows in two orders would wait for each other. */
const lockCountsSql = `SELECT c.kind, c.id, c.doc FROM tollway.counts c
WHERE (c.kind, c.id) IN (SELECT kind, id FROM ${subjectRows})
ORDER BY c.kind, c.id FOR UPDATE`;

const lockStakesSql = `SELECT s.id, s.doc FROM tollway.stakes s
WHERE s.id IN (SELECT id FROM ${stakeRows}) ORDER BY s.id FOR UPDATE`;

/** A statement of its own, after the locks: what another process did while they were waited for lies before it. */
const nowSql = `SELECT ${databaseNowMs}`;

const setCountsSql = `UPDATE tollway.counts c SET doc = given.doc, until = given.until
FROM ${rows("kind text, id text, doc text, until bigint")} WHERE c.kind = given.kind AND c.id = given.id`;

const removeCountsSql = `DELETE FROM tollway.counts
WHERE (kind, id) IN (SELECT kind, id FROM ${subjectRows})`;

const addStakesSql = `INSERT INTO tollway.stakes (id, writer, doc)
SELECT id, $2::bigint, doc FROM ${stakeRows}
ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`;

const removeStakesSql = `DELETE FROM tollway.stakes
WHERE id IN (SELECT id FROM ${stakeRows})`;

/** Nothing is to be removed before somebody could use it. */
const newForMs = 60_000;

/** Committed by itself: a row that another process has locked and this one inserts would make the two wait for each other. */
const beginCountsSql = `INSERT INTO tollway.counts (kind, id, doc, until)
SELECT kind, id, doc, ${databaseNowMs} + ${newForMs} FROM ${rows("kind text, id text, doc text")}
ORDER BY kind, id ON CONFLICT DO NOTHING`;

const findCountedSql = `SELECT c.kind, c.id FROM tollway.counts c
WHERE (c.kind, c.id) IN (SELECT kind, id FROM ${subjectRows})`;

const maxOrphans = 1_000;

/** More models than served a batch. */
const maxBatchEntries = 99;

/**
 * While the ledger has a hold of the call, its Entry is still to come. A batch holds what it has taken until it is over; what
 * it came to is the sum of its Entries.
 */
const findOrphansSql = `SELECT s.id, s.doc, coalesce(e.payer, b.payer), coalesce(e.cost, b.cost),
coalesce(e.input + e.output + e.cache_write_5m + e.cache_write_1h, 0), coalesce(e.served_model, e.requested_model)
FROM tollway.stakes s JOIN tollway.writers w ON w.writer = s.writer
LEFT JOIN tollway.entries e ON e.id = s.id
LEFT JOIN LATERAL (
SELECT 'operator' AS payer, coalesce(sum(x.cost) FILTER (WHERE x.payer = 'operator'), 0) AS cost
FROM tollway.batches o CROSS JOIN generate_series(1, ${maxBatchEntries}) n
LEFT JOIN tollway.entries x ON x.id = o.id || '_batch_cost' || CASE n WHEN 1 THEN '' ELSE '_' || n END
WHERE 'batch:' || o.call_id = s.id GROUP BY o.id
) b ON true
WHERE w.lease_until < ${databaseNowMs}
AND NOT EXISTS (SELECT 1 FROM tollway.batches o WHERE 'batch:' || o.call_id = s.id AND o.due_at IS NOT NULL)
AND NOT EXISTS (SELECT 1 FROM tollway.holds h WHERE h.id = s.id AND h.kind = 'call')
ORDER BY s.id LIMIT ${maxOrphans}`;

const maxSwept = 500;

/** A slice of the table in its order: without an index, which every change of a row would have to move. */
const sweepSql = `WITH slice AS (
SELECT kind, id, until FROM tollway.counts WHERE (kind, id) > ($1, $2) ORDER BY kind, id LIMIT ${maxSwept}
), gone AS (
DELETE FROM tollway.counts WHERE (kind, id) IN (
SELECT c.kind, c.id FROM tollway.counts c JOIN slice USING (kind, id)
WHERE c.until < ${databaseNowMs} ORDER BY c.kind, c.id FOR UPDATE OF c SKIP LOCKED))
SELECT kind, id FROM slice ORDER BY kind DESC, id DESC LIMIT 1`;

const toSubjectRow = ({ kind, id }: Subject) => ({ kind, id });
const toSubjects = (subjects: readonly Subject[]) =>
	JSON.stringify(subjects.map(toSubjectRow));
const toIds = (ids: readonly string[]) =>
	JSON.stringify(ids.map((id) => ({ id })));

const readSubject = (kind: unknown, id: unknown): Subject =>
	({ kind, id }) as Subject;

export async function lockRows(
	ask: Ask,
	subjects: readonly Subject[],
	ids: readonly string[],
): Promise<Locked> {
	const [counts, stakes, now] = await Promise.all([
		ask({ sql: lockCountsSql, values: [toSubjects(subjects)] }),
		ask({ sql: lockStakesSql, values: [toIds(ids)] }),
		ask({ sql: nowSql, values: [] }),
	]);
	return {
		counts: counts.map(([kind, id, doc]) => ({
			...readSubject(kind, id),
			doc: String(doc),
		})),
		stakes: stakes.map(([id, doc]) => ({ id: String(id), doc: String(doc) })),
		nowMs: Number(now[0]?.[0]),
	};
}

export async function writeRows(
	ask: Ask,
	writer: number,
	{ counts, removed, taken, returned }: Changed,
): Promise<void> {
	const write = (sql: string, list: readonly unknown[], value: string) =>
		list.length === 0 ? undefined : ask({ sql, values: [value] });
	const stakes = JSON.stringify(taken);
	await Promise.all([
		write(setCountsSql, counts, JSON.stringify(counts)),
		write(removeCountsSql, removed, toSubjects(removed)),
		taken.length === 0
			? undefined
			: ask({ sql: addStakesSql, values: [stakes, writer] }),
		write(removeStakesSql, returned, toIds(returned)),
	]);
}

export async function beginCounts(
	engine: PostgresEngine,
	counts: readonly (Subject & { readonly doc: string })[],
): Promise<void> {
	const values = [JSON.stringify(counts)];
	await engine.transact((ask) => ask({ sql: beginCountsSql, values }), false);
}

export async function findCounted(
	engine: PostgresEngine,
	subjects: readonly Subject[],
): Promise<readonly Subject[]> {
	const values = [toSubjects(subjects)];
	const found = await engine.read({ sql: findCountedSql, values });
	return found.map(([kind, id]) => readSubject(kind, id));
}

export async function findOrphanedStakes(
	engine: PostgresEngine,
): Promise<readonly OrphanedStakes[]> {
	const found = await engine.read({ sql: findOrphansSql, values: [] });
	return found.map(([id, doc, payer, cost, tokens, model]) => ({
		id: String(id),
		stakes: String(doc),
		actual:
			payer === null
				? null
				: {
						nanos: payer === "operator" ? BigInt(cost ?? 0) : 0n,
						tokens: Number(tokens),
						model: model === null ? null : String(model),
					},
	}));
}

/** @returns where the slice ended; null: the table did */
export async function sweepCounts(
	engine: PostgresEngine,
	{ kind, id }: { readonly kind: string; readonly id: string },
): Promise<Subject | null> {
	const values = [kind, id];
	const [last] = await engine.transact(
		(ask) => ask({ sql: sweepSql, values }),
		false,
	);
	return last === undefined ? null : readSubject(last[0], last[1]);
}
