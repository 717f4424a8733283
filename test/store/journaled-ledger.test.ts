import { afterEach, expect, test } from "bun:test";
import { openBook } from "../../src/store/book.ts";
import { claimOnlyWriter } from "../../src/store/claim-writer.ts";
import { type Engine, StoreError } from "../../src/store/engine.ts";
import { toStoredEntry } from "../../src/store/entry-row.ts";
import { openJournal } from "../../src/store/journal.ts";
import { openJournaledLedger } from "../../src/store/journaled-ledger.ts";
import type { Ledger } from "../../src/store/ledger.ts";
import { openHolds } from "../../src/store/open-holds.ts";
import { recover } from "../../src/store/recover.ts";
import { toTestEntry } from "./an-entry.ts";
import { engines, type TestStore } from "./engines.ts";
import { copyDisk, type FakeDisk, openFakeDisk } from "./journal-disk.ts";

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const journalBytes = 2_000_000;
const patienceMs = 10_000;
const io = new StoreError("io", "the disk failed");

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const one of undo.splice(0).reverse()) await one();
});

const toId = (number: number) =>
	`019a0000-0000-7000-8000-${String(number).padStart(12, "0")}`;

const toHeld = (number: number) => ({
	id: toId(number),
	kind: "call" as const,
	startedMs: toTestEntry().startedMs,
	nanos: toTestEntry().held,
	detail: '{"held":1}',
});

/** What the database does before a commit, by its values; `lose`: it answers that it failed. */
type Interfere = (values: string) => Promise<"commit" | "lose">;

interface Disks {
	readonly journal: FakeDisk;
	readonly holds: FakeDisk;
}

const openDisks = (): Disks => ({
	journal: openFakeDisk(journalBytes),
	holds: openFakeDisk(journalBytes),
});

const copyDisks = ({ journal, holds }: Disks): Disks => ({
	journal: copyDisk(journal),
	holds: copyDisk(holds),
});

interface World {
	readonly store: TestStore;
	readonly disk: Disks;
	readonly ledger: Ledger;
	interfere: Interfere;
	readonly faults: (string | null)[];
	readonly lost: string[];
}

async function openStore(): Promise<TestStore> {
	const store = await (engines[0] as (typeof engines)[number]).open();
	undo.push(store.stop);
	return store;
}

const commit: Interfere = async () => "commit";
const fail: Interfere = () => Promise.reject(io);

/** A process, on the disk and the database that one before it left. */
async function openWorld(
	store: TestStore,
	disk: Disks,
	interfere: Interfere = commit,
): Promise<World> {
	const { statements } = store;
	const control = { interfere };
	const engine: Engine = {
		...store.engine,
		commit: async (asked, synced) => {
			const values = asked.map((statement) => String(statement.values));
			const what = await control.interfere(values.join());
			await store.engine.commit(asked, synced);
			if (what === "lose") throw new StoreError("io", "the answer was lost");
		},
	};
	const faults: (string | null)[] = [];
	const lost: string[] = [];
	const names = { statements, name: "test", nowMs: 0, leaseUntilMs: 0 };
	const writer = await claimOnlyWriter(engine, names);
	const book = await openBook({ engine, statements, writer, clock });
	const open = openHolds();
	const journal = openJournal({ files: disk.journal, toCarried: () => [] });
	const holds = openJournal({
		files: disk.holds,
		toCarried: () => open.payloads(),
	});
	const onLost = ({ id }: { id: string }) => void lost.push(id);
	const toOrphan = ({ id }: { id: string }) => ({
		entry: toTestEntry({ id, end: "process_ended", state: "estimated" }),
		model: "m",
	});
	const journals = { journal, holds };
	await recover(journals, { engine, statements, book, toOrphan, onLost });
	const ledger = openJournaledLedger({
		engine,
		statements,
		book,
		...journals,
		open,
		durability: "always",
		clock,
		onFault: (fault) => faults.push(fault?.fault ?? null),
		onLost,
	});
	undo.push(() => {
		control.interfere = commit;
		return ledger.close();
	});
	return Object.assign(control, { store, disk, ledger, faults, lost });
}

async function call({ ledger }: World, number: number): Promise<void> {
	await ledger.hold(toHeld(number));
	await ledger.settle(toTestEntry({ id: toId(number) }), "m");
}

async function readIds({ store }: World): Promise<string[]> {
	const sql = "SELECT * FROM entries ORDER BY seq";
	const rows = await store.engine.readInOrder({ sql, values: [] });
	return rows.map((row) => toStoredEntry(row).id);
}

async function until(condition: () => boolean | Promise<boolean>) {
	const deadline = performance.now() + patienceMs;
	while (!(await condition())) {
		if (performance.now() > deadline) throw new Error("it never came true");
		await Bun.sleep(5);
	}
}

const numbers = (count: number) =>
	Array.from({ length: count }, (_, index) => index);

test("replaying twice is replaying once", async () => {
	const store = await openStore();
	const first = await openWorld(store, openDisks());
	first.interfere = fail;
	await Promise.all(numbers(20).map((number) => call(first, number)));
	await first.ledger.hold(toHeld(20));
	const left = copyDisks(first.disk);
	const second = await openWorld(store, copyDisks(left));
	const ids = await readIds(second);
	expect(ids).toEqual(numbers(21).map(toId));
	const third = await openWorld(store, copyDisks(left));
	expect(await readIds(third)).toEqual(ids);
});

test("what was synced together survives between the two commits that take it", async () => {
	const store = await openStore();
	const world = await openWorld(store, openDisks());
	const { promise: gate, resolve: pass } = Promise.withResolvers<void>();
	let commits = 0;
	world.interfere = async () => {
		await gate;
		commits += 1;
		// The process ends behind the first of the large groups.
		return commits > 2 ? Promise.reject(io) : "commit";
	};
	await call(world, 0);
	await Promise.all(numbers(2_500).map((number) => call(world, number + 1)));
	pass();
	await until(() => commits > 2);
	const next = await openWorld(store, copyDisks(world.disk));
	expect(new Set(await readIds(next)).size).toBe(2_501);
	expect(next.lost).toEqual([]);
});

test("the journal cannot be synced: the database takes the Entries, new calls are refused until there is a new journal", async () => {
	const store = await openStore();
	const world = await openWorld(store, openDisks());
	await world.ledger.hold(toHeld(7));
	const [a, b] = world.disk.journal;
	a.fault = b.fault = io;
	await call(world, 1);
	expect(world.faults).toEqual(["io"]);
	expect(() => world.ledger.hold(toHeld(3))).toThrow("the disk failed");
	a.fault = b.fault = null;
	await until(() => world.ledger.fault() === null);
	expect(world.faults).toEqual(["io", null]);
	await call(world, 2);
	const next = await openWorld(store, copyDisks(world.disk));
	expect((await readIds(next)).sort()).toEqual([1, 2, 7].map(toId));
});

test("Entries that stand in a failed journal and in the database do not keep the next process from starting", async () => {
	const store = await openStore();
	const world = await openWorld(store, openDisks());
	const [a, b] = world.disk.journal;
	a.sync = b.sync = () => Promise.reject(io);
	await call(world, 1);
	expect(await readIds(world)).toEqual([toId(1)]);
	expect(world.faults).toEqual(["io"]);
	expect(() => world.ledger.hold(toHeld(2))).toThrow("the disk failed");
	const next = await openWorld(store, copyDisks(world.disk));
	expect(await readIds(next)).toEqual([toId(1)]);
	await call(next, 3);
	await until(async () => (await readIds(next)).length === 2);
});

test("a commit whose answer was lost is not made again", async () => {
	const store = await openStore();
	const world = await openWorld(store, openDisks());
	let lost = 0;
	world.interfere = async () => (lost++ < 3 ? "lose" : "commit");
	await Promise.all(numbers(50).map((number) => call(world, number)));
	await until(() => world.ledger.waiting() === 0);
	expect(await readIds(world)).toEqual(numbers(50).map(toId));
	expect(world.lost).toEqual([]);
});

test("an Entry that no database takes is told, and the others are recorded", async () => {
	const poison: Interfere = async (values) => {
		if (!values.includes(toId(3))) return "commit";
		throw new StoreError("conflict", "it does not fit");
	};
	const others = [0, 1, 2, 4, 5].map(toId);
	const store = await openStore();
	const world = await openWorld(store, openDisks());
	world.interfere = fail;
	await Promise.all(numbers(6).map((number) => call(world, number)));
	// Also by a process that finds them at its start.
	const other = await openStore();
	const next = await openWorld(other, copyDisks(world.disk), poison);
	expect(next.lost).toEqual([toId(3)]);
	expect(await readIds(next)).toEqual(others);
	world.interfere = poison;
	await until(() => world.ledger.waiting() === 0);
	expect(world.lost).toEqual([toId(3)]);
	expect(await readIds(world)).toEqual(others);
});
