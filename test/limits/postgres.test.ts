/** Keepers in PostgreSQL whose process dies, or whose connection is lost: each amount counts once, and nothing stays held. */
import { afterEach, describe, expect, test } from "bun:test";
import type { Limit } from "../../src/domain/limit.ts";
import type { Subject } from "../../src/domain/subject.ts";
import type { Reservation, Reserved } from "../../src/limits/counter.ts";
import {
	openPostgresCounter,
	type PostgresCounterOptions,
} from "../../src/limits/postgres.ts";
import type { Store } from "../../src/store/store.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { toTestEntry } from "../store/an-entry.ts";
import { openCuttingProxy } from "../store/cutting-proxy.ts";
import {
	openTestStore,
	orphanCost,
	toHeld,
	waitFor,
} from "../store/postgres-stores.ts";
import {
	ask,
	minute,
	newSubject,
	openDatabase,
	plainModels,
	toLimit,
	unending,
} from "./keepers.ts";

const server = needs.postgres() && (await sharePostgres());
/** Of those who look after the dead. */
const leaseMs = 300;
const foreverMs = 3_600_000;

describe.skipIf(server === null)("keepers in PostgreSQL", () => {
	if (server === null) return;
	const stores: Store[] = [];
	afterEach(async () => {
		for (const store of stores.splice(0)) await store.close();
	});

	const open = async (
		database: Parameters<typeof openTestStore>[0],
		options: Parameters<typeof openTestStore>[1] = {},
		knowing: Partial<PostgresCounterOptions> = {},
	) => {
		const store = await openTestStore(database, options);
		stores.push(store);
		const { openCounts } = store;
		if (openCounts === null) throw new Error("it shares nothing");
		const counter = openPostgresCounter({
			onSpent: () => {},
			openCounts,
			clock: { now: () => Date.now(), monotonic: () => performance.now() },
			readSpent: async () => 0n,
			findReset: () => null,
			models: plainModels,
			horizonMs: 0,
			...knowing,
			onFault: (error) => {
				throw error;
			},
		});
		return { store, counter };
	};

	const read = ({ engine }: Store, sql: string) =>
		engine.read({ sql, values: [] });

	interface CellText {
		readonly periods?: readonly [number, number, string, string][];
		readonly buckets?: readonly [number, number][];
		readonly running?: number;
	}

	/** What stands in the database: of the budget, of calls at a time, of tokens, and how many calls have taken something. */
	const readCounts = async (store: Store, { id }: Subject) => {
		const [row] = await read(
			store,
			`SELECT doc FROM tollway.counts WHERE id = '${id}'`,
		);
		const doc = JSON.parse(String(row?.[0] ?? '{"cells":{}}'));
		const seen = { settled: 0, held: 0, running: 0, tokens: 0, stakes: 0 };
		for (const cell of Object.values<CellText>(doc.cells)) {
			for (const [, , settled, held] of cell.periods ?? []) {
				seen.settled += Number(settled);
				seen.held += Number(held);
			}
			seen.running += Number(cell.running ?? 0);
			for (const [, amount] of cell.buckets ?? []) seen.tokens += amount;
		}
		const stakes = await read(store, "SELECT id FROM tollway.stakes");
		return { ...seen, stakes: stakes.length };
	};

	const toLimits = (subject: Subject, ceiling = 1_000_000_000n): Limit[] => [
		toLimit(subject, "nanos", unending, ceiling),
		toLimit(subject, "concurrent", unending, 100n),
		toLimit(subject, "tokens", minute, 1_000_000n),
	];

	const nanos = 20_000_000;
	const wanted = { nanos: BigInt(nanos), tokens: 9_000 };
	/** Of `toTestEntry`. */
	const entry = { nanos: 13_000_000, tokens: 3_800 };

	test("of a process that died each call counts once: by its Entry, by its orphan's, or by what it held", async () => {
		const address = await openDatabase();
		const dying = await open(address, { leaseMs: foreverMs });
		const finders = await Promise.all(
			[1, 2, 3].map(() => open(address, { leaseMs })),
		);
		const [{ store }] = finders as [(typeof finders)[0]];
		const subject = newSubject();
		const ids = ["a recorded", "b held", "c neither", "d alive"];
		const reservations: (Reservation | null)[] = [];
		for (const id of ids) {
			const { counter } =
				id === "d alive" ? (finders[1] as typeof dying) : dying;
			const asked = await ask(counter, toLimits(subject), wanted, { id });
			reservations.push(asked.reservation);
		}
		await dying.store.ledger.hold(toHeld("b held"));
		await dying.store.ledger.settle(toTestEntry({ id: "a recorded" }), "m");
		const four = { settled: 0, held: 4 * nanos, running: 4, stakes: 4 };
		expect(await readCounts(store, subject)).toMatchObject(four);
		await read(
			store,
			"UPDATE tollway.writers SET lease_until = 0 WHERE writer = 1",
		);
		await waitFor(async () => (await readCounts(store, subject)).stakes === 1);
		const rest = {
			settled: entry.nanos + Number(orphanCost) + nanos,
			held: nanos,
			running: 1,
			// Of the alive and of the unknown what they asked for.
			tokens: 2 * entry.tokens + 2 * wanted.tokens,
			stakes: 1,
		};
		expect(await readCounts(store, subject)).toEqual(rest);
		// It was not dead: what it has to say comes too late.
		for (const reservation of reservations.slice(0, 3)) {
			reservation?.end({ nanos: 1n, tokens: 1 });
		}
		await dying.counter.close();
		expect(await readCounts(store, subject)).toEqual(rest);
		reservations[3]?.end({ nanos: 5n, tokens: 5 });
		await (finders[1] as typeof dying).counter.close();
		expect(await readCounts(store, subject)).toMatchObject({
			settled: rest.settled + 5,
			held: 0,
			running: 0,
			stakes: 0,
		});
	}, 30_000);

	/** A keeper whose way to the server can be cut, with its budget read; and somebody who looks past it. */
	const openCut = async (ceiling?: bigint) => {
		const address = await openDatabase();
		const proxy = await openCuttingProxy(server.host, server.port);
		const { store } = await open(address, { leaseMs: foreverMs });
		const { counter, store: cut } = await open(
			{ ...address, port: proxy.port },
			{ leaseMs: foreverMs },
		);
		stores.splice(stores.indexOf(cut), 1, {
			...cut,
			close: () => cut.close().finally(proxy.stop),
		});
		const subject = newSubject();
		const limits = toLimits(subject, ceiling);
		const first = await ask(counter, limits, wanted);
		first.reservation?.end({ nanos: 0n, tokens: 0 });
		await waitFor(async () => (await readCounts(store, subject)).stakes === 0);
		return { proxy, store, counter, subject, limits };
	};

	test("admission committed, answer lost: whoever was let in has taken once, and nobody else", async () => {
		const { proxy, store, counter, subject, limits } = await openCut(
			BigInt(3 * nanos),
		);
		proxy.cutAfterCommit();
		const asking = Promise.all(
			[1, 2, 3, 4, 5].map(() => ask(counter, limits, wanted)),
		);
		await proxy.cut();
		await proxy.restore();
		const all = await asking;
		expect(all.map(({ refusal }) => refusal?.reason ?? "let in")).toEqual([
			...(["let in", "let in", "let in", "held", "held"] as const),
		]);
		const three = { held: 3 * nanos, running: 3, stakes: 3 };
		expect(await readCounts(store, subject)).toMatchObject(three);
		proxy.stop();
		for (const { reservation } of all) {
			reservation?.end({ nanos: 7n, tokens: 7 });
		}
		await proxy.restore();
		await counter.close();
		expect(await readCounts(store, subject)).toEqual({
			...{ settled: 21, held: 0, running: 0, tokens: 21, stakes: 0 },
		});
	}, 30_000);

	test("end committed, answer lost: it counts once", async () => {
		const { proxy, store, counter, subject, limits } = await openCut();
		const all = await Promise.all(
			[1, 2, 3].map(() => ask(counter, limits, wanted)),
		);
		proxy.cutAfterCommit();
		for (const { reservation } of all) {
			reservation?.end({ nanos: 7n, tokens: 7 });
		}
		await proxy.cut();
		await proxy.restore();
		await counter.close();
		expect(await readCounts(store, subject)).toEqual({
			...{ settled: 21, held: 0, running: 0, tokens: 21, stakes: 0 },
		});
	}, 30_000);

	test("admission committed, answer lost, the server away for longer: refused, and given back when it is there", async () => {
		const { proxy, store, counter, subject, limits } = await openCut();
		proxy.cutAfterCommit();
		const asking: Promise<Reserved>[] = [1, 2, 3].map(() =>
			ask(counter, limits, wanted),
		);
		const all = await Promise.allSettled(asking);
		expect(all.map(toFault)).toEqual(Array(3).fill("unreachable"));
		expect(await readCounts(store, subject)).toMatchObject({ stakes: 3 });
		expect(await readFault(ask(counter, limits, wanted))).toBe("unreachable");
		await proxy.restore();
		await waitFor(async () => (await readCounts(store, subject)).stakes === 0);
		expect(await readCounts(store, subject)).toMatchObject({
			...{ settled: 0, held: 0, running: 0 },
		});
		const again = await ask(counter, limits, wanted);
		expect(again.refusal).toBeNull();
	}, 30_000);

	test("another process keeps the row for a while: it is waited for, and nobody is refused", async () => {
		const address = await openDatabase();
		const { counter } = await open(address);
		const limits = toLimits(newSubject());
		await ask(counter, limits, wanted);
		const locked = server.psql(
			"BEGIN; SELECT 1 FROM tollway.counts FOR UPDATE; SELECT pg_sleep(1); COMMIT;",
			address.database,
		);
		await waitFor(async () => {
			const waits = await server.psql(
				"SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
			);
			return waits !== "";
		});
		const began = performance.now();
		expect((await ask(counter, limits, wanted)).refusal).toBeNull();
		expect(performance.now() - began).toBeGreaterThan(200);
		await locked;
	});

	test("what cannot be written down takes nobody with it", async () => {
		const { counter } = await open(await openDatabase());
		const fine = newSubject();
		const broken = { kind: "key", id: "no \0 text" } as const;
		const [refused, taken] = await Promise.allSettled([
			ask(counter, toLimits(broken), wanted),
			ask(counter, toLimits(fine), wanted),
		]);
		expect(toFault(refused as PromiseSettledResult<Reserved>)).toBe("conflict");
		expect(taken).toMatchObject({ status: "fulfilled" });
	});

	test("what an operator says to one process holds in another that has not heard of it", async () => {
		const address = await openDatabase();
		const spent = new Map([
			[0, 90n],
			[1_000, 5n],
			[2_000, 7n],
		]);
		let isAway = false;
		const openHearing = async () => {
			const heard = { ms: 0, reads: 0 };
			const { counter } = await open(address, undefined, {
				findReset: () => heard.ms || null,
				readSpent: async () => {
					heard.reads += 1;
					if (isAway) throw new Error("the database is away");
					return spent.get(heard.ms) ?? 0n;
				},
			});
			return { heard, counter };
		};
		const [told, other] = await Promise.all([openHearing(), openHearing()]);
		const subject = newSubject();
		const limits = [toLimit(subject, "nanos", unending, 100n)];
		const refusalOf = async ({ counter }: typeof told, nanos: bigint) =>
			(await ask(counter, limits, { nanos })).refusal;
		expect(await refusalOf(told, 11n)).toMatchObject({ used: 90n });
		told.heard.ms = 1_000;
		isAway = true;
		const restated = told.counter.restate(subject, 5n as never);
		expect(String(await restated.catch((error) => error))).toContain("away");
		isAway = false;
		// It would read what is no longer true, and waits for whoever knows better.
		const waiting = refusalOf(other, 94n);
		expect(await refusalOf(told, 101n)).toMatchObject({ used: 5n });
		expect(await waiting).toBeNull();
		expect(other.heard.reads).toBe(0);
		// Whoever has heard of more than is counted reads anew, even if nobody came to tell.
		other.heard.ms = 2_000;
		const after = { used: 7n, held: 94n };
		expect(await refusalOf(other, 1n)).toMatchObject(after);
		expect(await refusalOf(told, 1n)).toMatchObject(after);
	}, 30_000);

	test("counts that say nothing any more are removed; what is held stays", async () => {
		const { counter, store } = await open(await openDatabase(), { leaseMs });
		const subjects = [newSubject(), newSubject()] as const;
		const second = {
			kind: "scheduled",
			schedule: {
				duration: { count: 1, unit: "s" },
				timeZone: "UTC",
				resetMinute: 0,
				anchorMs: 0,
			},
		} as const;
		const [past, held] = await Promise.all(
			subjects.map((subject) =>
				ask(counter, [toLimit(subject, "nanos", second, 100n)], { nanos: 9n }),
			),
		);
		past?.reservation?.end({ nanos: 9n, tokens: 0 });
		const left = async () => {
			const rows = await read(store, "SELECT id FROM tollway.counts");
			return rows.map(([id]) => id);
		};
		await waitFor(async () => (await left()).length === 1);
		expect(await left()).toEqual([subjects[1].id]);
		held?.reservation?.end({ nanos: 9n, tokens: 0 });
		await waitFor(async () => (await left()).length === 0);
	}, 30_000);
});

const toFault = (settled: PromiseSettledResult<Reserved>) =>
	settled.status === "rejected" ? settled.reason.fault : "none";

const readFault = async (asking: Promise<Reserved>) =>
	toFault((await Promise.allSettled([asking]))[0]);
