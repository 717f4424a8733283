/**
 * What a verification must remember of a whole ledger, however long that is: temporary tables, which SQLite keeps in a file
 * of its own that is gone with the process.
 */
import type { Database, SqlValue } from "../../platform/contract.ts";

/** The columns of the table `rollups` that are added up. */
export const sumColumns = [
	"calls",
	"failures",
	"input",
	"output",
	"cache_write_5m",
	"cache_write_1h",
	"cache_read",
	"web_searches",
	"cost",
	"estimated",
	"unpriced",
] as const;

/** Two sums of one name: what the Entries say, and what stands there. Null: there is none. */
export interface SumPair {
	readonly hour: number;
	readonly dimension: string;
	readonly id: string;
	readonly model: string;
	/** In the order of `sumColumns`. */
	readonly wanted: readonly bigint[] | null;
	readonly stored: readonly bigint[] | null;
	/** Calls in `wanted` of which nobody knows any more under which name their model was summed. */
	readonly movable: number;
}

export interface Scratch {
	/** Rows as `toRollups` makes them. */
	want(rows: readonly SqlValue[][], movable: readonly SqlValue[][]): void;
	/** Rows of the table `rollups`. */
	store(rows: readonly SqlValue[][]): void;
	/** Pairs that are not the same, those of an hour and a dimension together. */
	differences(): Iterable<readonly SumPair[]>;
	/** How many tags and customers are summed from one hour to before another. */
	countNames(fromHour: number, untilHour: number): number;
	name(hash: number, writer: number, seq: number): void;
	/** Places (writer, seq) of names with the same hash, those of a hash together. */
	sameNames(): Iterable<readonly (readonly [number, number])[]>;
	/** Before the first row, and after the last. */
	begin(): void;
	end(): void;
	close(): void;
}

const keyColumns = "hour, dimension, id, model";
const columns = sumColumns.join(", ");
const definition = `hour INTEGER, dimension TEXT, id TEXT, model TEXT, ${sumColumns
	.map((name) => `${name} INTEGER`)
	.join(", ")}, movable INTEGER DEFAULT 0, PRIMARY KEY (${keyColumns})`;
const toMarks = (count: number) => Array.from({ length: count }, () => "?");

const tables = [
	"PRAGMA temp_store = FILE",
	`CREATE TEMP TABLE wanted (${definition}) WITHOUT ROWID`,
	`CREATE TEMP TABLE stored (${definition}) WITHOUT ROWID`,
	"CREATE TEMP TABLE names (hash INTEGER, writer INTEGER, seq INTEGER)",
];

const keyCount = 4;
const rowMarks = toMarks(keyCount + sumColumns.length).join(", ");
const addSql = `INSERT INTO wanted (${keyColumns}, ${columns}) VALUES (${rowMarks}) ON CONFLICT DO UPDATE SET ${sumColumns
	.map((name) => `${name} = wanted.${name} + excluded.${name}`)
	.join(", ")}`;
const storeSql = `INSERT INTO stored (${keyColumns}, ${columns}) VALUES (${rowMarks})`;
const moveSql =
	"UPDATE wanted SET movable = movable + ? WHERE hour = ? AND dimension = ? AND id = ? AND model = ?";

const asText = (table: string) =>
	sumColumns.map((name) => `CAST(${table}.${name} AS TEXT)`).join(", ");
const isSameKey =
	"s.hour = w.hour AND s.dimension = w.dimension AND s.id = w.id AND s.model = w.model";
const isOther = sumColumns
	.map((name) => `s.${name} IS NOT w.${name}`)
	.join(" OR ");
const differSql = `CREATE TEMP TABLE differences AS
SELECT w.hour AS hour, w.dimension AS dimension, w.id AS id, w.model AS model FROM wanted w LEFT JOIN stored s ON ${isSameKey} WHERE ${isOther}
UNION ALL
SELECT s.hour, s.dimension, s.id, s.model FROM stored s LEFT JOIN wanted w ON ${isSameKey} WHERE w.hour IS NULL`;
const groupsSql =
	"SELECT DISTINCT hour, dimension FROM differences WHERE (hour, dimension) > (?, ?) ORDER BY hour, dimension LIMIT 1000";
const pairsSql = `SELECT d.id, d.model, w.hour IS NOT NULL, s.hour IS NOT NULL, COALESCE(w.movable, 0), ${asText("w")}, ${asText("s")}
FROM differences d
LEFT JOIN wanted w ON w.hour = d.hour AND w.dimension = d.dimension AND w.id = d.id AND w.model = d.model
LEFT JOIN stored s ON s.hour = d.hour AND s.dimension = d.dimension AND s.id = d.id AND s.model = d.model
WHERE d.hour = ? AND d.dimension = ? ORDER BY d.id, d.model`;
const namesSql =
	"SELECT COUNT(*) FROM (SELECT DISTINCT dimension, id FROM stored WHERE hour >= ? AND hour < ? AND dimension IN ('tag', 'customer'))";
const sameSql =
	"SELECT hash, writer, seq FROM names WHERE hash IN (SELECT hash FROM names GROUP BY hash HAVING COUNT(*) > 1) ORDER BY hash, writer, seq LIMIT 100000";

/** @param database a new one in memory */
export function openScratch(database: Database): Scratch {
	for (const sql of tables) database.exec(sql);
	const statement = (sql: string) => database.prepare(sql);
	const add = statement(addSql);
	const move = statement(moveSql);
	const keep = statement(storeSql);
	const name = statement("INSERT INTO names VALUES (?, ?, ?)");
	return {
		want: (rows, movable) => {
			for (const row of rows) add.run(row);
			for (const [hour, dimension, id, model, calls] of movable) {
				move.run([calls, hour, dimension, id, model] as SqlValue[]);
			}
		},
		store: (rows) => {
			for (const row of rows) keep.run(row);
		},
		differences: () => listDifferences(database),
		countNames: (from, until) =>
			Number(statement(namesSql).rows([from, until])[0]?.[0]),
		name: (hash, writer, seq) => name.run([hash, writer, seq]),
		sameNames: () => listSame(statement(sameSql).rows([])),
		begin: () => database.exec("BEGIN"),
		end: () => database.exec("COMMIT"),
		close: () => database.close(),
	};
}

function* listDifferences(database: Database): Iterable<readonly SumPair[]> {
	database.exec(differSql);
	database.exec("CREATE INDEX temp.by_hour ON differences (hour, dimension)");
	const groups = database.prepare(groupsSql);
	const pairs = database.prepare(pairsSql);
	let after: SqlValue[] = [Number.MIN_SAFE_INTEGER, ""];
	for (;;) {
		const page = groups.rows(after);
		for (const [hour, dimension] of page) {
			const rows = pairs.rows([hour ?? 0, dimension ?? ""]);
			yield rows.map((row) => ({
				hour: Number(hour),
				dimension: String(dimension),
				...toPair(row),
			}));
		}
		if (page.length === 0) return;
		after = page.at(-1) as SqlValue[];
	}
}

function toPair(row: readonly SqlValue[]) {
	const [id, model, isWanted, isStored, movable, ...sums] = row;
	const count = sumColumns.length;
	const read = (is: SqlValue | undefined, from: number) =>
		is === 1
			? sums.slice(from, from + count).map((text) => toWhole(text ?? 0))
			: null;
	return {
		id: String(id),
		model: String(model),
		wanted: read(isWanted, 0),
		stored: read(isStored, count),
		movable: Number(movable),
	};
}

/** A damaged sum may be no whole number. */
const toWhole = (value: SqlValue): bigint =>
	/^-?\d+$/.test(String(value)) ? BigInt(String(value)) : -1n;

function* listSame(
	rows: readonly SqlValue[][],
): Iterable<readonly (readonly [number, number])[]> {
	let places: (readonly [number, number])[] = [];
	let last: SqlValue | undefined;
	for (const [hash, writer, seq] of rows) {
		if (hash !== last && places.length > 0) {
			yield places;
			places = [];
		}
		last = hash;
		places.push([Number(writer), Number(seq)]);
	}
	if (places.length > 0) yield places;
}
