/** Reads the ledger of a gateway that is running and quiet, as an auditor would: from the file, and only what is new. */
import { Database } from "bun:sqlite";
import { toSumModel } from "../../src/gateway/entry.ts";
import type { SqlValue } from "../../src/platform/contract.ts";
import type { Catalog } from "../../src/pricing/catalog.ts";
import { firstLink, type Link, toLink } from "../../src/store/chain.ts";
import {
	type StoredEntry,
	toEntryColumns,
	toStoredEntry,
} from "../../src/store/entry-row.ts";
import { newcomers, toRollups } from "../../src/store/rollup.ts";

export interface Audit {
	/** The Entries that are new since the last time; what is wrong with them or with the rest goes to `blame`. */
	read(): StoredEntry[];
}

export interface AuditOptions {
	readonly path: string;
	readonly catalog: Catalog;
	/** Told of everything that must not be. */
	readonly blame: (what: Wrong, detail: string) => void;
}

/** What can be wrong with a ledger in itself. */
export const wrongs = {
	chain: "breaks of the chain, numbers missing or twice",
	twice: "Entries twice",
	negative: "negative costs",
	sums: "sums that are not those of the Entries",
	holds: "holds without a call",
	file: "faults of the database file",
} as const;

export type Wrong = keyof typeof wrongs;

interface State {
	readonly options: AuditOptions;
	link: Link;
	readonly ids: Set<string>;
	/** By hour, dimension, id and model; what the table `rollups` must say. */
	readonly sums: Map<string, bigint[]>;
}

export function openAudit(options: AuditOptions): Audit {
	const s: State = {
		options,
		link: firstLink,
		ids: new Set(),
		sums: new Map(),
	};
	return {
		read: () => {
			const database = new Database(options.path, { readonly: true });
			try {
				return readNew(database, s);
			} finally {
				database.close();
			}
		},
	};
}

function readNew(database: Database, s: State): StoredEntry[] {
	// One transaction: what the gateway commits meanwhile is for the next time.
	const read = database.transaction(() => {
		const rows = database
			.query("SELECT * FROM entries WHERE seq >= ? ORDER BY writer, seq")
			.values(s.link.seq) as SqlValue[][];
		const entries = rows.map(toStoredEntry);
		if (s.link.seq > 0) checkLast(entries.shift(), s);
		for (const entry of entries) checkEntry(entry, s);
		checkSums(database, entries, s);
		const holds = database.query("SELECT id FROM holds").values();
		for (const [id] of holds) s.options.blame("holds", String(id));
		return entries;
	});
	return read();
}

/** What was read before must be there still. */
function checkLast(entry: StoredEntry | undefined, { link, options }: State) {
	if (entry?.seq === link.seq && entry.hash === link.hash) return;
	options.blame("chain", `${link.seq} was ${link.hash}, is ${entry?.hash}`);
}

function checkEntry(entry: StoredEntry, s: State): void {
	const { blame } = s.options;
	const columns = JSON.stringify(toEntryColumns(entry));
	s.link = toLink(s.link, entry.writer, columns);
	if (entry.seq !== s.link.seq || entry.hash !== s.link.hash) {
		blame("chain", `${entry.writer}:${entry.seq} behind ${s.link.seq - 1}`);
		s.link = { seq: entry.seq, hash: entry.hash };
	}
	if (s.ids.has(entry.id)) blame("twice", entry.id);
	s.ids.add(entry.id);
	if ((entry.cost ?? 0n) < 0n || entry.held < 0n) blame("negative", entry.id);
}

const keyColumns = 4;

function checkSums(
	database: Database,
	entries: readonly StoredEntry[],
	{ sums, options: { catalog, blame } }: State,
): void {
	const summed = entries.map((entry) => ({
		entry,
		model: toSumModel(entry, catalog),
	}));
	for (const row of toRollups(summed, (_dimension, id) => id)) {
		const key = toKey(row);
		const before = sums.get(key);
		const more = toNumbers(row);
		sums.set(
			key,
			before ? before.map((sum, at) => sum + (more[at] ?? 0n)) : more,
		);
	}
	const rows = database
		.query("SELECT * FROM rollups WHERE dimension <> ?")
		.values(newcomers) as SqlValue[][];
	if (rows.length !== sums.size) {
		blame("sums", `${rows.length} rows instead of ${sums.size}`);
	}
	for (const row of rows) {
		const wanted = String(sums.get(toKey(row)));
		if (wanted === String(toNumbers(row))) continue;
		blame("sums", `${toKey(row)}: ${toNumbers(row)} instead of ${wanted}`);
	}
}

const toKey = (row: readonly SqlValue[]) =>
	JSON.stringify(row.slice(0, keyColumns));
const toNumbers = (row: readonly SqlValue[]) =>
	row.slice(keyColumns).map((value) => BigInt(value ?? 0));

/** SQLite's own check of every page and index; the gateway may be running. */
export function checkFile(path: string, blame: AuditOptions["blame"]): void {
	const database = new Database(path, { readonly: true });
	const rows = database.query("PRAGMA integrity_check").values();
	database.close();
	for (const [row] of rows) if (row !== "ok") blame("file", String(row));
}
