import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Entry } from "../../src/domain/entry.ts";
import { toNanos } from "../../src/domain/nanos.ts";
import { openBook } from "../../src/store/book.ts";
import { firstLink, toLink } from "../../src/store/chain.ts";
import { claimOnlyWriter } from "../../src/store/claim-writer.ts";
import { openDirectLedger } from "../../src/store/direct-ledger.ts";
import type { Engine, StoreError } from "../../src/store/engine.ts";
import { toEntryColumns, toStoredEntry } from "../../src/store/entry-row.ts";
import type { Durability, Ledger } from "../../src/store/ledger.ts";
import { toTestEntry } from "./an-entry.ts";
import { engines, type TestStore } from "./engines.ts";

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const { startedMs } = toTestEntry();
const hour = Math.floor(startedMs / 3_600_000);

const toText = (entry: Entry) => JSON.stringify(toEntryColumns(entry));

const toId = (number: number) =>
	`019a0000-0000-7000-8000-${String(number).padStart(12, "0")}`;

const toHeld = (id: string) => ({
	id,
	kind: "call" as const,
	startedMs,
	nanos: toNanos(20_000_000n),
	detail: "{}",
});

describe.each(engines)("the ledger on $name", ({ name, can, open }) => {
	let store: TestStore;
	let ledger: Ledger;
	const faults: (StoreError | null)[] = [];
	const openOn = async (engine: Engine, durability: Durability = "off") => {
		const { statements } = store;
		const writer = await claimOnlyWriter(engine, {
			statements,
			name: "test",
			nowMs: 0,
			leaseUntilMs: 0,
		});
		return openDirectLedger({
			book: await openBook({ engine, statements, writer, clock }),
			statements,
			durability,
			clock,
			onFault: (fault) => faults.push(fault),
		});
	};
	const prefix = name === "PostgreSQL" ? "tollway." : "";
	const read = (sql: string) =>
		store.engine.read({ sql: sql.replaceAll("@", prefix), values: [] });
	const readEntries = async () =>
		(await read("SELECT * FROM @entries ORDER BY writer, seq")).map(
			toStoredEntry,
		);
	const settle = async (changed: Partial<Entry>) => {
		const entry = toTestEntry(changed);
		await ledger.hold(toHeld(entry.id));
		await ledger.settle(entry, entry.servedModel ?? "other");
		return entry;
	};

	beforeEach(async () => {
		if (!can) return;
		faults.length = 0;
		store = await open();
		ledger = await openOn(store.engine);
	});
	afterEach(async () => {
		if (!can) return;
		await ledger.close();
		await store.stop();
	});

	test.skipIf(!can)("an Entry comes back as it was", async () => {
		const entry = await settle({
			keyId: "key-1",
			userId: "u",
			teamId: "t",
			endUser: "Zoë 🦊",
			tags: ["a", "b"],
			metadata: '{"x":1}',
			sessionId: "s",
			usageRest: '{"new":true}',
			streamed: true,
			errorType: "overloaded_error",
			corrects: "nothing",
		});
		const [stored] = await readEntries();
		const { writer, seq, hash, ...rest } = stored as NonNullable<typeof stored>;
		expect(rest).toEqual(entry);
		expect([writer, seq]).toEqual([1, 1]);
		expect(hash).toBe(toLink(firstLink, 1, toText(entry)).hash);
	});

	test.skipIf(!can)(
		"an unpriced Entry has no cost, not a cost of 0",
		async () => {
			await settle({ cost: null, state: "unpriced" });
			const [stored] = await readEntries();
			expect(stored?.cost).toBeNull();
			expect(await read("SELECT cost, unpriced FROM @rollups")).toEqual([
				[0, 1],
			]);
		},
	);

	test.skipIf(!can)("a hold is there until its call is settled", async () => {
		await ledger.hold(toHeld(toId(1)));
		expect(await read("SELECT id, nanos FROM @holds")).toEqual([
			[toId(1), 20_000_000],
		]);
		await ledger.settle(toTestEntry({ id: toId(1) }), "m");
		expect(await read("SELECT id FROM @holds")).toEqual([]);
	});

	test.skipIf(!can)(
		"many at a time: no number is missing, none twice, and the chain holds",
		async () => {
			const ids = Array.from({ length: 200 }, (_, at) => toId(at + 1));
			await Promise.all(ids.map((id) => settle({ id, tags: ["x", "y"] })));
			const stored = await readEntries();
			expect(stored.map(({ seq }) => seq)).toEqual(ids.map((_, at) => at + 1));
			expect(new Set(stored.map(({ id }) => id))).toEqual(new Set(ids));
			let last = firstLink;
			for (const { writer, seq: _seq, hash, ...entry } of stored) {
				last = toLink(last, writer, toText(entry));
				expect(hash).toBe(last.hash);
			}
			expect(
				await read(
					"SELECT hour, dimension, id, model, calls, cost FROM @rollups WHERE dimension <> 'newcomers' ORDER BY dimension, id",
				),
			).toEqual([
				[hour, "global", "", "claude-sonnet-5-5", 200, 2_600_000_000],
				[hour, "tag", "x", "claude-sonnet-5-5", 200, 2_600_000_000],
				[hour, "tag", "y", "claude-sonnet-5-5", 200, 2_600_000_000],
			]);
			// How many names were new, for the next start: each once, and of no money.
			expect(
				await read(
					"SELECT id, calls, cost FROM @rollups WHERE dimension = 'newcomers'",
				),
			).toEqual([["", 2, 0]]);
		},
	);

	test.skipIf(!can)("the chain goes on after a restart", async () => {
		await settle({ id: toId(1) });
		await ledger.close();
		ledger = await openOn(store.engine);
		await settle({ id: toId(2) });
		const [first, second] = await readEntries();
		expect(second?.seq).toBe(2);
		const link = { seq: 1, hash: String(first?.hash) };
		const entry = toTestEntry({ id: toId(2) });
		expect(second?.hash).toBe(toLink(link, 1, toText(entry)).hash);
	});

	test.skipIf(!can)(
		"what the operator does not pay is counted and costs nothing",
		async () => {
			await settle({ id: toId(1), payer: "client" });
			await settle({ id: toId(2) });
			expect(await read("SELECT calls, input, cost FROM @rollups")).toEqual([
				[2, 2_000, 13_000_000],
			]);
		},
	);

	test.skipIf(!can)(
		"one Entry that cannot be kept does not take the others with it",
		async () => {
			await settle({ id: toId(1) });
			const outcomes = await Promise.allSettled([
				ledger.settle(toTestEntry({ id: toId(2) }), "m"),
				ledger.settle(toTestEntry({ id: toId(1) }), "m"),
				ledger.settle(toTestEntry({ id: toId(3) }), "m"),
			]);
			expect(outcomes.map(({ status }) => status)).toEqual([
				"fulfilled",
				"rejected",
				"fulfilled",
			]);
			expect((outcomes[1] as PromiseRejectedResult).reason.fault).toBe(
				"conflict",
			);
			const stored = await readEntries();
			expect(stored.map(({ id, seq }) => [id, seq])).toEqual([
				[toId(1), 1],
				[toId(2), 2],
				[toId(3), 3],
			]);
			expect(faults).toEqual([]);
		},
	);

	test.skipIf(!can)(
		"an amount that a column cannot hold is refused, not rounded",
		async () => {
			const beyond = toNanos(BigInt(Number.MAX_SAFE_INTEGER) + 1n);
			expect(() => ledger.settle(toTestEntry({ cost: beyond }), "m")).toThrow();
			expect(await readEntries()).toEqual([]);
		},
	);

	test.skipIf(!can).each(["always", "interval", "off"] as const)(
		"committed with durability %s, it is there for others",
		async (durability) => {
			await ledger.close();
			ledger = await openOn(store.engine, durability);
			await settle({});
			const other = await store.again();
			const rows = await other.read({
				sql: `SELECT count(*) FROM ${prefix}entries`,
				values: [],
			});
			await other.close();
			expect(rows).toEqual([[1]]);
		},
	);
});
