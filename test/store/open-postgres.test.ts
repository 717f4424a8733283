/** Several processes on one PostgreSQL database, as far as one process can play them. */
import { afterEach, describe, expect, test } from "bun:test";
import type { Store } from "../../src/store/store.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { toTestEntry } from "./an-entry.ts";
import { openCuttingProxy } from "./cutting-proxy.ts";
import {
	openTestStore,
	orphanCost,
	readLedger,
	toAddress,
	toHeld,
	toId,
	waitFor,
} from "./postgres-stores.ts";

const server = needs.postgres() && (await sharePostgres());
const leaseMs = 300;
let databases = 0;

describe.skipIf(server === null)("stores on PostgreSQL", () => {
	if (server === null) return;
	const stores: Store[] = [];
	afterEach(async () => {
		for (const store of stores.splice(0)) await store.close();
	});
	const makeDatabase = async () => {
		databases += 1;
		const name = `stores_${process.pid}_${databases}`;
		await server.createDatabase(name);
		return toAddress(server, name);
	};
	const open = async (...given: Parameters<typeof openTestStore>) => {
		const store = await openTestStore(...given);
		stores.push(store);
		return store;
	};
	const ask = async ({ engine }: Store, sql: string) =>
		engine.readInOrder({ sql, values: [] });

	test("five start at one moment on an empty database: each has its number, and the tables are made once", async () => {
		const address = await makeDatabase();
		const five = [1, 2, 3, 4, 5];
		const [store] = await Promise.all(five.map(() => open(address)));
		const rows = await ask(
			store as Store,
			"SELECT writer FROM tollway.writers ORDER BY writer",
		);
		expect(rows).toEqual(five.map((writer) => [writer]));
	});

	test("two write the same sums in two orders: nobody waits for nobody, and nothing is lost", async () => {
		const address = await makeDatabase();
		const pair = [await open(address), await open(address)];
		const tags = ["a", "b", "c", "d", "e"];
		const calls = 120;
		await Promise.all(
			pair.map(async ({ ledger }, which) => {
				for (let round = 0; round < calls; round += 4) {
					await Promise.all(
						[0, 1, 2, 3].map((at) => {
							const id = toId(which * calls + round + at);
							const own = [...tags.slice(at), ...tags.slice(0, at)];
							return ledger.settle(
								toTestEntry({ id, tags: which ? own : own.toReversed() }),
								"m",
							);
						}),
					);
				}
			}),
		);
		const entries = await readLedger(pair[0] as Store);
		expect(entries.map(({ writer }) => writer)).toEqual([
			...Array(calls).fill(1),
			...Array(calls).fill(2),
		]);
		expect(
			await ask(
				pair[0] as Store,
				"SELECT id, calls FROM tollway.rollups WHERE dimension <> 'newcomers' ORDER BY id",
			),
		).toEqual(["", ...tags].map((id) => [id, 2 * calls]));
	});

	/** What a process that ended without a word leaves behind. */
	const leaveBehind = async (store: Store) => {
		await ask(
			store,
			"INSERT INTO tollway.writers VALUES (77, 'gone', 0, 0, 0)",
		);
		const { engine, statements } = store;
		const held = [toHeld(toId(1)), toHeld(toId(2)), toHeld(toId(3), "batch")];
		await engine.commit(
			held.map(({ id, kind, startedMs, nanos, detail }) => ({
				sql: statements.addHold,
				values: [id, 77, kind, startedMs, Number(nanos), detail],
			})),
			false,
		);
	};
	const isTaken = (store: Store) => async () =>
		(await ask(store, "SELECT id FROM tollway.holds WHERE writer = 77"))
			.length < 2;

	test("calls of a process that has ended become estimates, once each, though three look for them", async () => {
		const address = await makeDatabase();
		const finders = await Promise.all(
			[1, 2, 3].map(() => open(address, { leaseMs })),
		);
		const [store] = finders as [Store];
		await store.ledger.hold(toHeld(toId(9)));
		await leaveBehind(store);
		await waitFor(isTaken(store));
		const entries = await readLedger(store);
		expect(
			entries.map(({ id, state, cost, end }) => [id, state, cost, end]).sort(),
		).toEqual([
			[toId(1), "estimated", orphanCost, "process_ended"],
			[toId(2), "estimated", orphanCost, "process_ended"],
		]);
		expect(entries.every(({ writer }) => writer <= 3)).toBe(true);
		// A batch ends with its batch, and a call of somebody who lives is his.
		expect(
			await ask(store, "SELECT id FROM tollway.holds ORDER BY id"),
		).toEqual([[toId(3)], [toId(9)]]);
		expect(await ask(store, "SELECT calls FROM tollway.rollups")).toEqual([
			[2],
		]);
	});

	test("a hold whose call is on the ledger goes, and its Entry stays as it is", async () => {
		const address = await makeDatabase();
		const store = await open(address, { leaseMs });
		const entry = toTestEntry({ id: toId(1) });
		await store.ledger.settle(entry, "m");
		await leaveBehind(store);
		await waitFor(isTaken(store));
		const entries = await readLedger(store);
		expect(entries.map(({ id, state }) => [id, state])).toEqual([
			[toId(1), "exact"],
			[toId(2), "estimated"],
		]);
	});

	test("whoever stops gives its lease up, and its number is never used again", async () => {
		const address = await makeDatabase();
		await (await openTestStore(address)).close();
		const store = await open(address);
		expect(
			await ask(
				store,
				"SELECT writer, lease_until <= seen_at FROM tollway.writers ORDER BY writer",
			),
		).toEqual([
			[1, true],
			[2, false],
		] as unknown as Awaited<ReturnType<typeof ask>>);
	});

	/** A store whose way to the server can be cut. */
	const openCut = async (options: Parameters<typeof openTestStore>[1]) => {
		const address = await makeDatabase();
		const proxy = await openCuttingProxy(server.host, server.port);
		const store = await openTestStore(
			{ ...address, port: proxy.port },
			options,
		);
		stores.push({
			...store,
			close: () => store.close().finally(proxy.stop),
		});
		return { address, proxy, store };
	};

	test.each([
		[1, "at once"],
		[3, "at once"],
		[3, "later"],
	])(
		"commit sent, answer lost, %d calls, the server back %s: one row each, and the chain goes on",
		async (calls, back) => {
			const faults: unknown[] = [];
			const { proxy, store } = await openCut({
				onFault: (fault) => faults.push(fault),
			});
			const settle = (id: string) =>
				store.ledger.settle(toTestEntry({ id }), "m");
			const ids = Array.from({ length: calls }, (_, at) => toId(at));
			proxy.cutAfterCommit();
			const settling = Promise.all(ids.map(settle));
			await proxy.cut();
			const next = settle(toId(99));
			if (back === "later") await waitFor(() => faults.length === 1);
			await proxy.restore();
			await settling;
			await next;
			const entries = await readLedger(store);
			expect(entries.map(({ id }) => id)).toEqual([...ids, toId(99)]);
			expect(await ask(store, "SELECT calls FROM tollway.rollups")).toEqual([
				[calls + 1],
			]);
			// A connection that is there again at once is nothing to tell of.
			if (back === "at once") expect(faults).toEqual([]);
		},
	);

	test("a flush waits for what was settled before it, and for nothing behind it", async () => {
		const { ledger } = await open(await makeDatabase());
		let next = 0;
		let flushed = false;
		const settle = async (): Promise<void> => {
			next += 1;
			await ledger.settle(toTestEntry({ id: toId(next) }), "m");
			// Something always runs.
			if (!flushed) await settle();
		};
		const settling = Promise.all([settle(), settle(), settle()]);
		await ledger.flush();
		flushed = true;
		expect(next).toBeLessThan(100);
		await settling;
	});

	test("connections that break while nobody uses them refuse no call, and nobody is told", async () => {
		const address = await makeDatabase();
		const faults: unknown[] = [];
		const store = await open(address, {
			onFault: (fault) => faults.push(fault),
		});
		await store.ledger.settle(toTestEntry({ id: toId(1) }), "m");
		await server.psql(
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${address.database}'`,
		);
		await store.ledger.hold(toHeld(toId(2)));
		await store.ledger.settle(toTestEntry({ id: toId(2) }), "m");
		expect(await readLedger(store)).toHaveLength(2);
		expect(faults).toEqual([]);
	});

	test("a hold that was refused, and is in the database all the same, does not stay", async () => {
		const { address, proxy, store } = await openCut({});
		const direct = await open(address);
		const count = async () =>
			(await ask(direct, "SELECT 1 FROM tollway.holds")).length;
		proxy.cutAfterCommit();
		await expect(store.ledger.hold(toHeld(toId(1)))).rejects.toThrow();
		expect(await count()).toBe(1);
		await proxy.restore();
		await waitFor(async () => (await count()) === 0);
	});
});
