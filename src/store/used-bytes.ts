import type { Engine } from "./engine.ts";

/** Pages of the file that hold something. */
const sqliteSql =
	"SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s";

/** Of a row beside its columns: its header, its place in the page, and its entries in two indexes. */
const rowBytes = 150;
const sampled = 500;
/**
 * What is deleted leaves its room to what comes, so the size of the files says nothing: how many Entries there are, by the ends
 * of the chains, times what the newest ones take.
 */
const postgresSql = `SELECT cast(
	(SELECT coalesce(sum(e.last - coalesce(c.seq, 0)), 0) FROM
		(SELECT writer, (SELECT max(seq) FROM tollway.entries WHERE writer = w.writer) AS last FROM tollway.writers w) e
		LEFT JOIN tollway.checkpoints c ON c.writer = e.writer WHERE e.last IS NOT NULL)
	* (SELECT coalesce(avg(pg_column_size(n.*)), 0) + ${rowBytes} FROM (SELECT * FROM tollway.entries ORDER BY id DESC LIMIT ${sampled}) n)
	AS bigint)`;

/** What the database uses: on SQLite all of it, on PostgreSQL its Entries, about. Rejects with StoreError. */
export async function readUsedBytes(engine: Engine): Promise<number> {
	const sql = engine.kind === "sqlite" ? sqliteSql : postgresSql;
	const [row] = await engine.readInOrder({ sql, values: [] });
	return Number(row?.[0] ?? 0);
}
