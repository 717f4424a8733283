import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Entry } from "../../src/domain/entry.ts";
import { type Engine, StoreError } from "../../src/store/engine.ts";
import {
	openReferenceIndexer,
	type ReferenceIndexer,
} from "../../src/store/reference-indexer.ts";
import type { NameKind } from "../../src/store/reference-pack.ts";
import {
	compileReferences,
	type ReferenceQueries,
} from "../../src/store/reference-queries.ts";
import { findNamed, readTails } from "../../src/store/references.ts";
import { toTestEntry } from "./an-entry.ts";
import { engines, type TestStore } from "./engines.ts";
import { fill, toCompiler } from "./fill.ts";

const { startedMs } = toTestEntry();
const hourMs = 3_600_000;
const run = 4_096;

const numbered = (from: number, count: number): Partial<Entry>[] =>
	Array.from({ length: count }, (_, at) => ({
		messageId: `msg_${from + at}`,
		upstreamRequestId: `req_${from + at}`,
		sessionId: `session-${(from + at) % 100}`,
	}));

describe.each(engines)("references on $name", ({ can, open }) => {
	let store: TestStore;
	let queries: ReferenceQueries;
	const faults: StoreError[] = [];
	const opened: ReferenceIndexer[] = [];
	const openIndexer = (
		nowMs: number,
		{ writer = 1, engine = store.engine as Engine } = {},
	) => {
		const indexer = openReferenceIndexer({
			engine,
			queries: { references: queries },
			writer,
			clock: { now: () => nowMs, monotonic: () => performance.now() },
			onFault: (fault) => faults.push(fault),
		});
		opened.push(indexer);
		return indexer;
	};
	const find = async (kind: NameKind, name: string, count = 100) =>
		(await findNamed(store.engine, queries, { kind, name, count })).map(
			({ writer, seq }) => `${writer}/${seq}`,
		);

	beforeEach(async () => {
		if (!can) return;
		store = await open();
		queries = compileReferences(...toCompiler(store));
	});
	afterEach(async () => {
		if (!can) return;
		for (const indexer of opened.splice(0)) await indexer.close();
		await store.stop();
		expect(faults.splice(0)).toEqual([]);
	});

	test.skipIf(!can)(
		"an Entry is found by its names before anything was indexed",
		async () => {
			await fill(store, numbered(1, 3));
			expect(await find("message", "msg_2")).toEqual(["1/2"]);
			expect(await find("request", "req_3")).toEqual(["1/3"]);
			expect(await find("message", "req_3")).toEqual([]);
			expect(await find("message", "msg_4")).toEqual([]);
		},
	);

	test.skipIf(!can)(
		"a full run is indexed, what is behind it stays to be read, and both are found",
		async () => {
			await fill(store, numbered(1, run + 5));
			expect(await openIndexer(startedMs).run()).toBe(run);
			expect(await readTails(store.engine.read, queries)).toEqual([
				{ writer: 1, indexed: run, written: run + 5 },
			]);
			for (const seq of [1, 2, 77, run - 1, run, run + 1, run + 5]) {
				expect(await find("message", `msg_${seq}`)).toEqual([`1/${seq}`]);
				expect(await find("request", `req_${seq}`)).toEqual([`1/${seq}`]);
			}
			expect(await find("message", "msg_0")).toEqual([]);
		},
		20_000,
	);

	test.skipIf(!can)(
		"once indexed, an Entry is found by its references and not by looking at every one",
		async () => {
			await fill(store, numbered(1, 40));
			await openIndexer(startedMs + 6 * hourMs).run();
			const prefix = store.engine.kind === "postgres" ? "tollway." : "";
			const wipe = (table: string) =>
				store.engine.commit(
					[{ sql: `DELETE FROM ${prefix}${table}`, values: [] }],
					false,
				);
			expect(await find("message", "msg_7")).toEqual(["1/7"]);
			await wipe("refs");
			expect(await find("message", "msg_7")).toEqual([]);
		},
	);

	test.skipIf(!can)(
		"a session has many Entries, the newest first",
		async () => {
			await fill(store, numbered(1, 350));
			await openIndexer(startedMs + 6 * hourMs).run();
			await fill(store, numbered(351, 100), { writer: 1, seq: 351 });
			expect(await find("session", "session-5")).toEqual(
				[405, 305, 205, 105, 5].map((seq) => `1/${seq}`),
			);
			expect(await find("session", "session-5", 2)).toEqual(["1/405", "1/305"]);
		},
	);

	test.skipIf(!can)(
		"a session with more Entries than a row has names is found whole",
		async () => {
			const mine = Array.from({ length: 200 }, () => ({ sessionId: "s" }));
			await fill(store, mine);
			await openIndexer(startedMs + 6 * hourMs).run();
			expect(await find("session", "s", 1_000)).toHaveLength(200);
		},
	);

	test.skipIf(!can)(
		"a session that is called like a message is not found in its place",
		async () => {
			await fill(store, [
				{ messageId: "msg_a", sessionId: "msg_b" },
				{ messageId: "msg_b", sessionId: "msg_a" },
			]);
			expect(await find("message", "msg_b")).toEqual(["1/2"]);
			await openIndexer(startedMs + 6 * hourMs).run();
			expect(await find("message", "msg_b")).toEqual(["1/2"]);
			expect(await find("session", "msg_b")).toEqual(["1/1"]);
		},
	);

	test.skipIf(!can)(
		"an Entry whose reference names another is not answered",
		async () => {
			await fill(store, [{ messageId: "msg_right" }]);
			await openIndexer(startedMs + 6 * hourMs).run();
			const { sql } = queries.entry({ writer: 1, seq: 1 });
			const lying: Engine = {
				...store.engine,
				read: async (asked) =>
					(await store.engine.read(asked)).map((row) =>
						asked.sql === sql
							? row.map((value) => (value === "msg_right" ? "msg_x" : value))
							: row,
					),
			};
			const named = { kind: "message", name: "msg_right", count: 9 } as const;
			expect(await findNamed(lying, queries, named)).toEqual([]);
			expect(await find("message", "msg_right")).toEqual(["1/1"]);
		},
	);

	test.skipIf(!can)(
		"a run that does not fill up is written after six hours, another process's after twelve",
		async () => {
			await fill(store, numbered(1, 3));
			await fill(store, numbered(4, 3), { writer: 2, seq: 1 });
			const indexAt = (hours: number) =>
				openIndexer(startedMs + hours * hourMs).run();
			expect(await indexAt(5.9)).toBe(0);
			expect(await indexAt(6)).toBe(3);
			expect(await readTails(store.engine.read, queries)).toEqual([
				{ writer: 1, indexed: 3, written: 3 },
				{ writer: 2, indexed: 0, written: 3 },
			]);
			expect(await indexAt(11.9)).toBe(0);
			expect(await indexAt(12)).toBe(3);
			expect(await find("message", "msg_5")).toEqual(["2/2"]);
			await fill(store, numbered(7, 1), { writer: 2, seq: 4 });
			expect(await find("message", "msg_7")).toEqual(["2/4"]);
			expect(await indexAt(12)).toBe(1);
			expect(await find("message", "msg_7")).toEqual(["2/4"]);
		},
	);

	test.skipIf(!can)(
		"of two that write the same run, one is first and nothing is there twice",
		async () => {
			await fill(store, numbered(1, 50));
			const nowMs = startedMs + 13 * hourMs;
			const first = openIndexer(nowMs);
			const other = await store.again();
			const late: Engine = {
				...other,
				commit: async (statements, synced) => {
					expect(await first.run()).toBe(50);
					await other.commit(statements, synced);
				},
			};
			const second = openIndexer(nowMs, { engine: late, writer: 9 });
			expect(await second.run()).toBe(0);
			await second.close();
			await other.close();
			expect(await find("message", "msg_50")).toEqual(["1/50"]);
		},
	);

	test.skipIf(!can)(
		"a commit that fails leaves nothing behind, is told, and is done by the next round",
		async () => {
			await fill(store, numbered(1, 50));
			let broken = true;
			const failing: Engine = {
				...store.engine,
				commit: async (statements, synced) => {
					const bad = { sql: "NO SUCH STATEMENT", values: [] };
					const list = broken ? [...statements, bad] : statements;
					await store.engine.commit(list, synced);
				},
			};
			const indexer = openIndexer(startedMs + 7 * hourMs, { engine: failing });
			expect(await indexer.run()).toBe(0);
			expect(await indexer.run()).toBe(0);
			expect(faults.splice(0)).toEqual([expect.any(StoreError)]);
			expect(await find("message", "msg_9")).toEqual(["1/9"]);
			broken = false;
			expect(await indexer.run()).toBe(50);
			expect(await find("message", "msg_9")).toEqual(["1/9"]);
		},
	);

	test.skipIf(!can)("it works by itself, and stops", async () => {
		await fill(store, numbered(1, 3));
		const indexer = openIndexer(startedMs + 7 * hourMs);
		const deadline = performance.now() + 10_000;
		const indexed = async () =>
			(await readTails(store.engine.read, queries))[0]?.indexed;
		while ((await indexed()) !== 3 && performance.now() < deadline) {
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		expect(await indexed()).toBe(3);
		await indexer.close();
		await indexer.close();
	});
});
