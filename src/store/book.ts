/** Writes groups of holds and Entries, in one transaction each: the chain, the ledger and its sums move together. */
import type { Entry } from "../domain/entry.ts";
import type { Nanos } from "../domain/nanos.ts";
import type { Clock } from "../platform/contract.ts";
import { firstLink, type Link, toLink } from "./chain.ts";
import type { Engine, Statement } from "./engine.ts";
import { toColumn } from "./entry-row.ts";
import { toNewcomers, toRollups } from "./rollup.ts";
import {
	type Brought,
	type Names,
	type NamesOptions,
	openNames,
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
	/** The name that its end user was given when it began, so that limits and sums call them the same; null: none yet. */
	readonly endUser?: string | null;
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
	/** How those are called in the sums whose names clients invent. */
	readonly names: Pick<Names, "toName" | "manage">;
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
	const names = openNames(await readNames(options));
	return {
		names,
		commit: async (group, synced) => {
			const { statements, link, brought } = toStatements(group, last, {
				...options,
				names,
			});
			if (statements.length === 0) return;
			try {
				await options.engine.commit(statements, synced);
			} catch (error) {
				// The commit may be there although its answer never came.
				if (link === last || !(await isLast(options, link))) throw error;
			}
			last = link;
			names.noted(brought);
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
	{ writer, statements: hot, names }: BookOptions & { readonly names: Names },
): { statements: Statement[]; link: Link; brought: readonly Brought[] } {
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
	for (const values of toRollups(settled, names.toName)) {
		statements.push({ sql: hot.addToRollup, values });
	}
	const brought = settled.length === 0 ? [] : names.brought();
	for (const values of toNewcomers(brought)) {
		statements.push({ sql: hot.addToRollup, values });
	}
	statements.push(...along);
	return { statements, link, brought };
}

const hoursPerDay = 24;

/** Tags and customers that have been summed today, who brought them, and those that are managed. */
async function readNames(options: BookOptions): Promise<NamesOptions> {
	const { engine, statements, clock } = options;
	const day = toDayNumber(clock.now());
	const read = async (sql: string, values: readonly number[]) =>
		(await engine.readInOrder({ sql, values: [...values] })).map(
			([first, second]) => [String(first), second] as const,
		);
	const today = [day * hoursPerDay];
	const named = await read(statements.listNames, today);
	const managed = await read(statements.listManaged, []);
	const brought = await read(statements.listNewcomers, today);
	return {
		day,
		known: named.map(([dimension, id]) => toKnown(dimension, String(id))),
		managed: managed.map(([kind, id]) => toKnown(kind, String(id))),
		brought: brought.map(([keyId, count]) => [keyId, Number(count)]),
	};
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
