/** Writes groups of holds and Entries, in one transaction each: the chain, the ledger and its sums move together. */
import type { Entry } from "../domain/entry.ts";
import type { Nanos } from "../domain/nanos.ts";
import type { Clock } from "../platform/contract.ts";
import { firstLink, type Link, toLink } from "./chain.ts";
import type { Engine, Statement } from "./engine.ts";
import { toColumn } from "./entry-row.ts";
import { toRollups } from "./rollup.ts";
import {
	type NamesOptions,
	openNames,
	type ToName,
	toDayNumber,
	toKnown,
} from "./rollup-names.ts";
import type { HotStatements } from "./statements.ts";

/** Money that is reserved for a call, and what its Entry is made of if nobody sees its end. */
export interface HeldCall {
	readonly id: string;
	readonly kind: "call" | "batch";
	readonly startedMs: number;
	readonly nanos: Nanos;
	/** JSON. */
	readonly detail: string;
}

/** An Entry on its way into the ledger. */
export interface Settled {
	readonly entry: Entry;
	/** As the sums name it: the catalog's name, or `other` for one that it does not know. */
	readonly model: string;
	/** `toEntryColumns`, as JSON: written once, for the journal, the hash and the database. */
	readonly columns: string;
}

export interface Group {
	readonly holds: readonly HeldCall[];
	readonly settled: readonly Settled[];
	/** The holds of these Entries are in the table of holds, and end with them. */
	readonly dropsHolds: boolean;
	/** What moves in the same transaction. */
	readonly along: readonly Statement[];
}

export interface Book {
	/** All or nothing. Rejects with StoreError; what was committed although its answer was lost counts as committed. */
	commit(group: Group, synced: boolean): Promise<void>;
	/** A commit of nothing but the writer's own row: with it, all before it is synced. */
	touch(synced: boolean): Promise<void>;
	/** Takes up the chain again where the database has it. */
	reread(): Promise<void>;
	/** Whether this writer's part of the ledger has an Entry. Rejects with StoreError. */
	has(id: string): Promise<boolean>;
}

export interface BookOptions {
	readonly engine: Engine;
	readonly statements: HotStatements;
	readonly writer: number;
	readonly clock: Clock;
}

/** Continues the chain of `writer` where it ended. */
export async function openBook(options: BookOptions): Promise<Book> {
	let last = await readLastLink(options);
	const toName = openNames(await readNames(options));
	return {
		commit: async (group, synced) => {
			const { statements, link } = toStatements(group, last, {
				...options,
				toName,
			});
			if (statements.length === 0) return;
			try {
				await options.engine.commit(statements, synced);
			} catch (error) {
				// The commit may be there although its answer never came.
				if (link === last || !(await isLast(options, link))) throw error;
			}
			last = link;
		},
		touch: (synced) => {
			const { engine, statements, writer, clock } = options;
			const values = [clock.now(), writer];
			return engine.commit([{ sql: statements.touchWriter, values }], synced);
		},
		reread: async () => {
			last = await readLastLink(options);
		},
		has: async (id) => {
			const { engine, statements, writer } = options;
			const sql = statements.findEntry;
			const [row] = await engine.readInOrder({ sql, values: [id] });
			return row !== undefined && Number(row[0]) === writer;
		},
	};
}

function toStatements(
	{ holds, settled, dropsHolds, along }: Group,
	last: Link,
	{
		writer,
		statements: hot,
		toName,
	}: BookOptions & { readonly toName: ToName },
): { statements: Statement[]; link: Link } {
	const statements: Statement[] = [];
	for (const { id, kind, startedMs, nanos, detail } of holds) {
		const values = [id, writer, kind, startedMs, toColumn(nanos), detail];
		statements.push({ sql: hot.addHold, values });
	}
	let link = last;
	for (const { entry, columns } of settled) {
		const { seq, hash, row } = toLink(link, writer, columns);
		link = { seq, hash };
		statements.push({ sql: hot.addEntry, values: row, last: hash });
		if (dropsHolds) statements.push({ sql: hot.dropHold, values: [entry.id] });
	}
	for (const values of toRollups(settled, toName)) {
		statements.push({ sql: hot.addToRollup, values });
	}
	statements.push(...along);
	return { statements, link };
}

const hoursPerDay = 24;

/** Tags and customers that have been summed today. */
async function readNames(options: BookOptions): Promise<NamesOptions> {
	const { engine, statements, clock } = options;
	const day = toDayNumber(clock.now());
	const question = { sql: statements.listNames, values: [day * hoursPerDay] };
	const rows = await engine.readInOrder(question);
	const known = rows.map(([dimension, id]) =>
		toKnown(String(dimension), String(id)),
	);
	return { day, known };
}

async function readLastLink(options: BookOptions): Promise<Link> {
	const { engine, statements, writer } = options;
	const sql = statements.lastEntries;
	const [row] = await engine.readInOrder({ sql, values: [writer, 1] });
	return row ? { seq: Number(row[0]), hash: String(row[1]) } : firstLink;
}

async function isLast(options: BookOptions, link: Link): Promise<boolean> {
	try {
		return (await readLastLink(options)).hash === link.hash;
	} catch {
		return false; // the reason is the one that the commit already failed for
	}
}
