/** Batches that upstream runs, and what their requests have come to: rows of two tables. */
import type { TruthState } from "../domain/entry.ts";
import { type Nanos, toNanos } from "../domain/nanos.ts";
import type { TokenCounts } from "../domain/usage.ts";
import type { SqlValue } from "../platform/contract.ts";
import type { Engine } from "./engine.ts";
import { toColumn } from "./entry-row.ts";
import { toOwnerStatement } from "./owners.ts";
import type { Queries } from "./queries.ts";

/**
 * `open`: upstream works on it, or its results are to be read. `missing`: the last time upstream did not know it. `settled`:
 * what it came to is on the ledger. `gone`: upstream has lost or deleted it, and what stands on the ledger is an estimate.
 */
export type BatchState = "open" | "missing" | "settled" | "gone";

export interface Batch {
	/** `msgbatch_…`. */
	readonly id: string;
	readonly callId: string;
	readonly state: BatchState;
	/** Since 1970. */
	readonly createdMs: number;
	/** How often it has been looked at in this state. */
	readonly tries: number;
	/** As in the table. */
	readonly owner: string | null;
	readonly held: Nanos;
	readonly heldInput: Nanos;
	/** JSON, as of a hold. */
	readonly detail: string;
}

/** One request that upstream charges for, priced. */
export interface BatchItem extends TokenCounts {
	readonly customId: string;
	/** Empty: nobody knows. */
	readonly model: string;
	readonly state: TruthState;
	/** Null: unpriced. */
	readonly cost: Nanos | null;
	readonly price: string;
	readonly notes: string;
	readonly thinking: number;
	readonly webSearches: number;
}

/** Requests that are alike in all but their counts, summed. */
export interface BatchSum extends Omit<BatchItem, "customId" | "cost"> {
	readonly items: number;
	/** Of those that have a price; nano-dollars. */
	readonly cost: bigint;
}

/** What it is now, and when it is to be looked at again; null: never. */
export interface BatchChange {
	readonly state: BatchState;
	readonly dueMs: number | null;
	readonly tries: number;
}

export interface Lease {
	/** Of one claim; unique. */
	readonly by: string;
	readonly nowMs: number;
	readonly untilMs: number;
}

/** All of it rejects with StoreError. */
export interface Batches {
	/** Nothing happens if it is there. Its owner is known from then on, too. It is safe from a power cut then where Entries are. */
	add(batch: Batch, dueMs: number): Promise<void>;
	/** Takes at most `count` of those that are due and that nobody else has. */
	claim(lease: Lease, count: number): Promise<readonly Batch[]>;
	/** Keeps it for longer. */
	renew(batch: string, lease: Lease): Promise<void>;
	/** Writes down what requests came to, each once. */
	addItems(batch: string, items: readonly BatchItem[]): Promise<void>;
	countItems(batch: string): Promise<number>;
	sums(batch: string): Promise<readonly BatchSum[]>;
	/** Gives it back. Nothing happens if somebody else has it. */
	change(batch: string, by: string, change: BatchChange): Promise<void>;
	/** Null: there is no such batch. */
	find(id: string): Promise<Batch | null>;
	/** Those that are neither settled nor gone. */
	listOpen(): Promise<readonly Batch[]>;
	/** It is due now, unless it is over. */
	hasten(id: string, nowMs: number): Promise<void>;
	/** Whoever had some has them no longer: for a process that has the database to itself. */
	freeAll(): Promise<void>;
	/** Whether the ledger has an Entry of that id. */
	isRecorded(entryId: string): Promise<boolean>;
	/** When the next one is due; null: there is none. */
	nextDueMs(): Promise<number | null>;
}

export interface BatchesOptions {
	readonly engine: Engine;
	readonly queries: Pick<Queries, "batches" | "owners" | "reports">;
	/** Whether a commit waits for the disk. */
	readonly synced: boolean;
}

export function openBatches({
	engine,
	queries: { batches: queries, owners, reports },
	synced,
}: BatchesOptions): Batches {
	return {
		add: (batch, dueMs) =>
			engine.commit(
				[
					queries.add(toRow(batch, dueMs)),
					...(batch.owner === null
						? []
						: [
								toOwnerStatement(
									{ owners },
									{ kind: "batches", id: batch.id },
									{ ...batch, owner: batch.owner },
								),
							]),
				],
				synced,
			),
		claim: async ({ by, nowMs, untilMs }, count) => {
			const asked = { by, until: untilMs, now: nowMs, count };
			await engine.commit([queries.claim(asked)], false);
			const question = queries.claimed({ by, now: nowMs });
			return (await engine.readInOrder(question)).map(toBatch);
		},
		renew: (id, { by, untilMs }) =>
			engine.commit([queries.renew({ id, by, until: untilMs })], false),
		addItems: (batch, items) =>
			engine.commit(
				items.map((item) => queries.addItem(toItemRow(batch, item))),
				false,
			),
		countItems: async (batch) => {
			const [row] = await engine.readInOrder(queries.countItems({ batch }));
			return Number(row?.[0] ?? 0);
		},
		sums: async (batch) =>
			(await engine.readInOrder(queries.sums({ batch }))).map(toSum),
		change: (id, by, { state, dueMs, tries }) =>
			engine.commit(
				[queries.change({ id, by, state, dueAt: dueMs, tries })],
				synced,
			),
		find: async (id) => {
			const [row] = await engine.readInOrder(queries.read({ id }));
			return row === undefined ? null : toBatch(row);
		},
		listOpen: async () =>
			(await engine.readInOrder(queries.listOpen({}))).map(toBatch),
		hasten: (id, nowMs) =>
			engine.commit([queries.hasten({ id, now: nowMs })], false),
		freeAll: () => engine.commit([queries.freeAll({})], false),
		isRecorded: async (id) =>
			(await engine.readInOrder(reports.entryById({ id }))).length > 0,
		nextDueMs: async () => {
			const [row] = await engine.readInOrder(queries.nextDue({}));
			const due = row?.[0] ?? null;
			return due === null ? null : Number(due);
		},
	};
}

const toRow = (batch: Batch, dueMs: number) => ({
	id: batch.id,
	callId: batch.callId,
	state: batch.state,
	createdAt: batch.createdMs,
	dueAt: dueMs,
	tries: batch.tries,
	leaseUntil: 0,
	leaseBy: "",
	owner: batch.owner,
	held: toColumn(batch.held),
	heldInput: toColumn(batch.heldInput),
	detail: batch.detail,
});

const toBatch = (row: readonly SqlValue[]): Batch => ({
	id: String(row[0]),
	callId: String(row[1]),
	state: String(row[2]) as BatchState,
	createdMs: Number(row[3]),
	tries: Number(row[5]),
	owner: row[8] === null ? null : String(row[8]),
	held: toNanos(BigInt(row[9] ?? 0)),
	heldInput: toNanos(BigInt(row[10] ?? 0)),
	detail: String(row[11]),
});

const toItemRow = (batch: string, item: BatchItem) => ({
	...item,
	batch,
	cost: item.cost === null ? null : toColumn(item.cost),
});

const toSum = (row: readonly SqlValue[]): BatchSum => {
	const count = (at: number) => Number(row[at] ?? 0);
	return {
		model: String(row[0]),
		state: String(row[1]) as TruthState,
		price: String(row[2]),
		notes: String(row[3]),
		items: count(4),
		cost: BigInt(row[5] ?? 0),
		input: count(6),
		output: count(7),
		cacheWrite5m: count(8),
		cacheWrite1h: count(9),
		cacheRead: count(10),
		thinking: count(11),
		webSearches: count(12),
	};
};
