import type { Entry } from "../domain/entry.ts";
import type { Book, HeldCall, Settled } from "./book.ts";
import { markName } from "./database-feed.ts";
import type { Engine } from "./engine.ts";
import { toEntryColumns } from "./entry-row.ts";
import { isAfter, type Journal, readMark, toMarkText } from "./journal.ts";
import { type Journaled, readLeft } from "./journal-record.ts";
import type { HotStatements } from "./statements.ts";

export interface RecoverOptions {
	readonly engine: Engine;
	readonly statements: HotStatements;
	readonly book: Book;
	readonly toOrphan: (held: HeldCall) => { entry: Entry; model: string };
}

const maxGroup = 1_000;

/**
 * Brings into the database what the process before left in the journal: Entries that it does not have, then an Entry for
 * each call whose end nobody saw. Can be interrupted anywhere and done again. Rejects with StoreError.
 */
export async function recover(
	journal: Journal,
	options: RecoverOptions,
): Promise<void> {
	const mark = readMark((await readMeta(options, markName)) ?? "0:0");
	const { entries, open } = readLeft(journal.left);
	const missing = entries.filter((entry) => isAfter(entry.mark, mark));
	for (let at = 0; at < missing.length; at += maxGroup) {
		await replay(missing.slice(at, at + maxGroup), options);
	}
	await settleOrphans(open, options);
	await journal.begin(missing.at(-1)?.mark ?? mark);
}

async function replay(
	group: readonly Journaled[],
	{ book, statements }: RecoverOptions,
): Promise<void> {
	const settled = group.map((journaled) => journaled.settled);
	const last = group.at(-1) as Journaled;
	const values = [markName, toMarkText(last.mark)];
	const along = [{ sql: statements.setMeta, values }];
	await book.commit({ holds: [], settled, dropsHolds: false, along }, true);
}

async function settleOrphans(
	open: readonly HeldCall[],
	options: RecoverOptions,
): Promise<void> {
	const settled: Settled[] = [];
	for (const held of open) {
		// A recovery that was itself interrupted may have done so already.
		if (await isThere(options, held.id)) continue;
		const { entry, model } = options.toOrphan(held);
		const columns = JSON.stringify(toEntryColumns(entry));
		settled.push({ entry, model, columns });
	}
	if (settled.length === 0) return;
	const group = { holds: [], settled, dropsHolds: false, along: [] };
	await options.book.commit(group, true);
}

async function isThere(
	{ engine, statements }: RecoverOptions,
	id: string,
): Promise<boolean> {
	const sql = statements.findEntry;
	return (await engine.readInOrder({ sql, values: [id] })).length > 0;
}

async function readMeta(
	{ engine, statements }: RecoverOptions,
	name: string,
): Promise<string | null> {
	const sql = statements.readMeta;
	const [row] = await engine.readInOrder({ sql, values: [name] });
	return row ? String(row[0]) : null;
}
