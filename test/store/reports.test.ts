import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Entry } from "../../src/domain/entry.ts";
import { toNanos } from "../../src/domain/nanos.ts";
import { compileQueries, type Queries } from "../../src/store/queries.ts";
import {
	findEntries,
	type Newest,
	readNewest,
} from "../../src/store/read-entries.ts";
import { openReferenceIndexer } from "../../src/store/reference-indexer.ts";
import { engines, type TestStore } from "./engines.ts";
import { fill, toCallId, toCompiler } from "./fill.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const dayStartMs = Date.UTC(2026, 10, 22);
const at = (day: number, hour = 0, minute = 0) =>
	dayStartMs + day * dayMs + hour * hourMs + minute * 60_000;
const always = { from: 0, until: Number.MAX_SAFE_INTEGER };

describe.each(engines)("reports on $name", ({ can, open }) => {
	let store: TestStore;
	let queries: Queries;
	let next = 1;
	const add = async (...changes: Partial<Entry>[]) => {
		const entries = await fill(store, changes, { writer: 1, seq: next });
		next += entries.length;
		return entries;
	};
	const read = (asked: {
		sql: string;
		values: readonly (string | number | null)[];
	}) => store.engine.read({ ...asked });
	const newest = async (asked: Partial<Newest>) =>
		(
			await readNewest(store.engine, queries, {
				filter: "global",
				id: "",
				fromMs: 0,
				untilMs: at(1_000),
				count: 100,
				...asked,
			})
		).map(({ id }) => id);

	beforeEach(async () => {
		if (!can) return;
		next = 1;
		store = await open();
		queries = compileQueries(...toCompiler(store));
	});
	afterEach(async () => {
		if (can) await store.stop();
	});

	test.skipIf(!can)(
		"sums are of the asked hours and subjects only",
		async () => {
			await add(
				{ startedMs: at(0, 1), endUser: "a", tags: ["x", "y"] },
				{ startedMs: at(0, 1), endUser: "a", tags: ["x"], servedModel: "m" },
				{ startedMs: at(0, 5), endUser: "b", tags: ["y"] },
				{ startedMs: at(3, 0), endUser: "a", cost: null, state: "unpriced" },
				{ startedMs: at(3, 1), endUser: "c", payer: "client" },
			);
			const { total, byId } = queries.reports;
			const customer = { dimension: "customer", ...always };
			expect(await read(total({ ...customer, id: "a" }))).toEqual([
				["3", "26000000"],
			]);
			expect(await read(total({ ...customer, id: "c" }))).toEqual([["1", "0"]]);
			expect(await read(total({ ...customer, id: "nobody" }))).toEqual([
				[null, null],
			]);
			const firstDay = { from: at(0) / hourMs, until: at(1) / hourMs };
			expect(
				await read(byId({ ...firstDay, dimension: "customer", count: 9 })),
			).toEqual([
				["a", "2", "26000000"],
				["b", "1", "13000000"],
			]);
			const fifth = { from: at(0, 5) / hourMs, until: at(0, 6) / hourMs };
			expect(
				await read(byId({ ...fifth, dimension: "tag", count: 9 })),
			).toEqual([["y", "1", "13000000"]]);
			const before = { from: 0, until: at(0, 1) / hourMs };
			expect(
				await read(byId({ ...before, dimension: "tag", count: 9 })),
			).toEqual([]);
		},
	);

	test.skipIf(!can)("a sum beyond 2^53 is exact", async () => {
		const cost = toNanos(BigInt(Number.MAX_SAFE_INTEGER));
		await add(
			...[0, 1, 2].map((day) => ({
				startedMs: at(day),
				cost,
				endUser: "rich",
			})),
		);
		const { total } = queries.reports;
		expect(
			await read(total({ ...always, dimension: "customer", id: "rich" })),
		).toEqual([["3", String(3n * cost)]]);
	});

	test.skipIf(!can)(
		"the newest first, at most as many as asked for",
		async () => {
			const entries = await add(
				{ startedMs: at(0, 0, 1), keyId: "k" },
				{ startedMs: at(0, 0, 2), keyId: "other" },
				{ startedMs: at(0, 7), keyId: "k", userId: "u" },
				{ startedMs: at(9, 7), keyId: "k" },
			);
			const [a, b, c, d] = entries.map(({ id }) => id) as [
				string,
				string,
				string,
				string,
			];
			expect(await newest({})).toEqual([d, c, b, a]);
			expect(await newest({ count: 3 })).toEqual([d, c, b]);
			expect(await newest({ filter: "key", id: "k" })).toEqual([d, c, a]);
			expect(await newest({ filter: "key", id: "k", count: 2 })).toEqual([
				d,
				c,
			]);
			expect(await newest({ filter: "user", id: "u" })).toEqual([c]);
			expect(await newest({ filter: "user", id: "k" })).toEqual([]);
			expect(await newest({ fromMs: at(0, 0, 2), untilMs: at(9, 7) })).toEqual([
				c,
				b,
			]);
		},
	);

	test.skipIf(!can)(
		"a call whose id is a moment older than its start is in its hour all the same",
		async () => {
			const startedMs = at(0, 3);
			const id = toCallId(startedMs - 1, 7);
			await add({ startedMs, id });
			expect(await newest({})).toEqual([id]);
			expect(await newest({ untilMs: startedMs })).toEqual([]);
		},
	);

	test.skipIf(!can)(
		"batches and sessions, whose ids do not begin with their time, are among the others by it",
		async () => {
			const batch = "msgbatch_01_batch_cost";
			const [first, , last] = await add(
				{ startedMs: at(0, 1, 10), keyId: "k" },
				{ startedMs: at(0, 1, 20), keyId: "k", kind: "batch", id: batch },
				{ startedMs: at(0, 1, 30), keyId: "k" },
			);
			const wanted = [last?.id, batch, first?.id] as string[];
			expect(await newest({})).toEqual(wanted);
			expect(await newest({ filter: "key", id: "k" })).toEqual(wanted);
			expect(await newest({ count: 2 })).toEqual(wanted.slice(0, 2));
			expect(await newest({ filter: "key", id: "x" })).toEqual([]);
			expect(await newest({ untilMs: at(0, 1, 20) })).toEqual(wanted.slice(2));
		},
	);

	test.skipIf(!can)(
		"an Entry is found by every name it has, indexed or not",
		async () => {
			const [entry] = await add({
				messageId: "msg_abc",
				upstreamRequestId: "req_abc",
				sessionId: "session-1",
			});
			const id = String(entry?.id);
			const own = `req_tollway_${id.replaceAll("-", "")}`;
			const find = async (name: string) =>
				(await findEntries(store.engine, queries, name)).map((row) => row.id);
			const check = async () => {
				for (const name of [id, id.toUpperCase(), own, "msg_abc", "req_abc"])
					expect(await find(name)).toEqual([id]);
				for (const name of [
					toCallId(at(0), 99),
					"msg_abcd",
					"req_ab",
					"session-1",
					"",
					"%",
					"msg_%",
					"' OR 1=1 --",
				])
					expect(await find(name)).toEqual([]);
			};
			await check();
			const indexer = openReferenceIndexer({
				engine: store.engine,
				queries,
				writer: 1,
				clock: { now: () => at(9), monotonic: () => 0 },
				onFault: (fault) => {
					throw fault;
				},
			});
			expect(await indexer.run()).toBe(1);
			await indexer.close();
			await check();
		},
	);
});
