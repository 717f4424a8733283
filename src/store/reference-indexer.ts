/** Writes the references of the ledger behind it, in bulk: calls never pay for an index in random order. */
import type { Clock, SqlValue } from "../platform/contract.ts";
import type { Asked } from "./compile-query.ts";
import { type Engine, StoreError, toStoreError } from "./engine.ts";
import type { Queries } from "./queries.ts";
import {
	type NameKind,
	nameMembers,
	packNames,
	runEntries,
	toNameHash,
	toNameNumber,
} from "./reference-pack.ts";
import { readTails, type Tail } from "./references.ts";

export interface ReferenceIndexerOptions {
	readonly engine: Engine;
	readonly queries: Pick<Queries, "references">;
	/** This process's own. Another's Entries are left to it, and taken over when it must be gone. */
	readonly writer: number;
	readonly clock: Clock;
	/** Once, until it works again; it tries with every round. Must not throw. */
	readonly onFault: (fault: StoreError) => void;
}

export interface ReferenceIndexer {
	/** Does what is due, or waits for the round that is on its way. Resolves with how many Entries now have references. */
	run(): Promise<number>;
	/** After the run that is on its way. */
	close(): Promise<void>;
}

const everyMs = 2_000;
/** A run that does not fill up is written after this: until then every lookup reads its Entries themselves. */
const staleMs = 6 * 3_600_000;
/** Entries that are read at once; more would hold the event loop for longer than a millisecond. */
const sliceEntries = 512;

export function openReferenceIndexer(
	options: ReferenceIndexerOptions,
): ReferenceIndexer {
	let running: Promise<number> | null = null;
	const life = { closing: false };
	let failing = false;
	const run = (): Promise<number> => {
		running ??= indexDue(options, life)
			.then((done) => {
				failing = false;
				return done;
			})
			.catch((error) => {
				if (!failing) options.onFault(toStoreError(error));
				failing = true;
				return 0;
			})
			.finally(() => {
				running = null;
			});
		return running;
	};
	const timer = setInterval(run, everyMs);
	return {
		run,
		close: async () => {
			life.closing = true;
			clearInterval(timer);
			await running;
		},
	};
}

async function indexDue(
	options: ReferenceIndexerOptions,
	life: { readonly closing: boolean },
): Promise<number> {
	let done = 0;
	const { engine } = options;
	const { references: queries } = options.queries;
	// Small questions go to the thread that writes: the one that reads is not started before there is something to do.
	for (const tail of await readTails(engine.readInOrder, queries)) {
		let { indexed } = tail;
		while (!life.closing) {
			const count = await toDueCount(options, { ...tail, indexed });
			if (count === 0) break;
			if (!(await indexRun(options, tail.writer, indexed, count))) break;
			indexed += count;
			done += count;
		}
	}
	return done;
}

/** How many Entries the next run of this writer has; 0: it must fill up first. */
async function toDueCount(
	{ engine, queries, clock, writer: own }: ReferenceIndexerOptions,
	{ writer, indexed, written }: Tail,
): Promise<number> {
	const waiting = written - indexed;
	if (waiting <= 0) return 0;
	// Another process that lives would have done it by then.
	const patience = writer === own ? 1 : 2;
	const count = Math.min(waiting, runEntries);
	if (waiting >= patience * runEntries) return count;
	const query = queries.references.startAfter({ writer, after: indexed });
	const [row] = await engine.readInOrder(query);
	const ageMs = clock.now() - Number(row?.[0] ?? Number.POSITIVE_INFINITY);
	return ageMs >= patience * staleMs ? count : 0;
}

/** One transaction. False: another process was first. */
async function indexRun(
	{ engine, queries: { references: queries } }: ReferenceIndexerOptions,
	writer: number,
	after: number,
	count: number,
): Promise<boolean> {
	const since = after + 1;
	const numbers: number[] = [];
	for (let done = 0; done < count; done += sliceEntries) {
		const rows = await engine.read(
			queries.names({
				writer,
				after: after + done,
				count: Math.min(sliceEntries, count - done),
			}),
		);
		for (const row of rows) addNumbers(numbers, row, since);
	}
	const statements: Asked[] = [
		queries.addRun({ writer, since, until: after + count }),
	];
	for (const row of packNames(Float64Array.from(numbers).sort())) {
		statements.push(queries.addRow({ writer, since, ...row }));
	}
	try {
		await engine.commit(statements, false);
		return true;
	} catch (error) {
		if (error instanceof StoreError && error.fault === "conflict") return false;
		throw error;
	}
}

const kinds = Object.keys(nameMembers) as NameKind[];

/** @param row seq and the names in the order of the kinds */
function addNumbers(
	numbers: number[],
	row: readonly SqlValue[],
	since: number,
): void {
	const place = Number(row[0]) - since;
	for (const [at, kind] of kinds.entries()) {
		const name = row[at + 1];
		if (typeof name !== "string") continue;
		numbers.push(toNameNumber(toNameHash(kind, name), place));
	}
}
