import type { Entry } from "../domain/entry.ts";
import type { Book, HeldCall, Settled } from "./book.ts";
import { type Engine, type StoreError, toStoreError } from "./engine.ts";
import { toEntryColumns } from "./entry-row.ts";
import { isAfter, type Journal, toMarkText, zeroMark } from "./journal.ts";
import { type Journaled, readLeft } from "./journal-record.ts";
import { isRecorded, markName, readRecordedMark } from "./recorded.ts";
import type { HotStatements } from "./statements.ts";

export interface RecoverOptions {
	readonly engine: Engine;
	readonly statements: HotStatements;
	readonly book: Book;
	readonly toOrphan: (held: HeldCall) => { entry: Entry; model: string };
	/** An Entry that no database will ever take: to be saved elsewhere. */
	readonly onLost: (entry: Entry, fault: StoreError) => void;
}

const maxGroup = 1_000;

/**
 * Brings into the database what the process before left in the journal: Entries that it does not have, then an Entry for
 * each call whose end nobody saw. Can be interrupted anywhere and done again. Rejects with StoreError.
 */
export async function recover(
	{ journal, holds }: { readonly journal: Journal; readonly holds: Journal },
	options: RecoverOptions,
): Promise<void> {
	const mark = await readRecordedMark(options);
	// Holds first: an Entry ends the hold that was there before it.
	const { entries, open } = readLeft([...holds.left, ...journal.left]);
	const missing = entries.filter((entry) => isAfter(entry.mark, mark));
	for (let at = 0; at < missing.length; at += maxGroup) {
		await replay(missing.slice(at, at + maxGroup), options);
	}
	await settleOrphans(open, options);
	await journal.begin(missing.at(-1)?.mark ?? mark);
	await holds.begin(zeroMark);
}

async function replay(
	group: readonly Journaled[],
	options: RecoverOptions,
): Promise<void> {
	try {
		await commit(group, options);
	} catch (error) {
		if (toStoreError(error).fault !== "conflict") throw error;
		for (const journaled of group) await replayOne(journaled, options);
	}
}

/** The database itself may have taken it, because the journal had failed; or no database ever will. */
async function replayOne(
	journaled: Journaled,
	options: RecoverOptions,
): Promise<void> {
	const { entry } = journaled.settled;
	await options.book.reread();
	if (await isRecorded(options, entry.id)) return;
	try {
		await commit([journaled], options);
	} catch (error) {
		const fault = toStoreError(error);
		if (fault.fault !== "conflict") throw fault;
		options.onLost(entry, fault);
	}
}

function commit(
	group: readonly Journaled[],
	{ book, statements }: RecoverOptions,
): Promise<void> {
	const settled = group.map((journaled) => journaled.settled);
	const { mark } = group.at(-1) as Journaled;
	const values = [markName, toMarkText(mark)];
	const along = [{ sql: statements.setMeta, values }];
	return book.commit({ holds: [], settled, dropsHolds: false, along }, true);
}

async function settleOrphans(
	open: readonly HeldCall[],
	options: RecoverOptions,
): Promise<void> {
	const settled: Settled[] = [];
	for (const held of open) {
		// A recovery that was itself interrupted may have done so already.
		if (await isRecorded(options, held.id)) continue;
		const { entry, model } = options.toOrphan(held);
		const columns = JSON.stringify(toEntryColumns(entry));
		settled.push({ entry, model, columns });
	}
	if (settled.length === 0) return;
	const group = { holds: [], settled, dropsHolds: false, along: [] };
	await options.book.commit(group, true);
}
