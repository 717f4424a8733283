/** The oldest Entries go in slices; chain, sums, names and exporters get along with it, and a damaged rest is found. */
import {
	afterEach,
	beforeEach,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import type { Entry } from "../../src/domain/entry.ts";
import { openDatabase } from "../../src/platform/bun.ts";
import { readActivity } from "../../src/store/activity.ts";
import { openBook } from "../../src/store/book.ts";
import { claimOnlyWriter } from "../../src/store/claim-writer.ts";
import { openCursors } from "../../src/store/cursors.ts";
import { toEntryColumns } from "../../src/store/entry-row.ts";
import { compileQueries } from "../../src/store/queries.ts";
import { openReferenceIndexer } from "../../src/store/reference-indexer.ts";
import { findNamed } from "../../src/store/references.ts";
import { type RetentionOptions, trim } from "../../src/store/retention.ts";
import { readUsedBytes } from "../../src/store/used-bytes.ts";
import { compileAudit } from "../../src/store/verify/audit-queries.ts";
import {
	type FindingName,
	openFindings,
} from "../../src/store/verify/findings.ts";
import { openScratch } from "../../src/store/verify/scratch.ts";
import { verify } from "../../src/store/verify/verify.ts";
import { toTestEntry } from "./an-entry.ts";
import { engines, type TestStore } from "./engines.ts";
import { toCallId, toCompiler } from "./fill.ts";

setDefaultTimeout(60_000);

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const firstMs = Date.UTC(2026, 0, 1, 0, 30);
const nowMs = firstMs + 100 * dayMs;
const clock = { now: () => nowMs, monotonic: () => 0 };
const count = 300;
/** The first 200 are of three days long ago, the others of now. */
const old = 200;
const group = 100;

describe.each([...engines])("retention on $name", ({ name, can, open }) => {
	let store: TestStore;
	beforeEach(async () => {
		if (!can) return;
		store = await open();
		await record(0, count);
	});
	afterEach(() => store?.stop());
	const prefix = name === "PostgreSQL" ? "tollway." : "";
	const change = (sql: string) =>
		store.engine.commit(
			[{ sql: sql.replaceAll("@", prefix), values: [] }],
			false,
		);
	const read = async (sql: string) =>
		store.engine.readInOrder({ sql: sql.replaceAll("@", prefix), values: [] });
	const queries = () => compileQueries(...toCompiler(store));

	async function record(from: number, until: number): Promise<void> {
		const { engine, statements } = store;
		const common = { statements, name: "test", nowMs: 0, leaseUntilMs: 0 };
		const writer = await claimOnlyWriter(engine, common);
		const book = await openBook({ engine, statements, writer, clock });
		for (let at = from; at < until; at += group) {
			const settled = Array.from({ length: group }, (_, more) => {
				const entry = toEntry(at + more);
				const columns = JSON.stringify(toEntryColumns(entry));
				return { entry, model: "claude-sonnet-5-5", columns };
			});
			const empty = { holds: [], dropsHolds: false, along: [] };
			await book.commit({ ...empty, settled }, false);
		}
		const indexer = openReferenceIndexer({
			...{ engine, queries: queries(), writer, onFault: console.error },
			clock: { ...clock, now: () => nowMs + 10 * dayMs },
		});
		await indexer.run();
		await indexer.close();
	}

	function toEntry(at: number): Entry {
		const startedMs =
			at < old ? firstMs + at * 20 * 60_000 : nowMs - (count - at) * 60_000;
		return toTestEntry({
			...{ id: toCallId(startedMs, at), startedMs, keyId: `k${at % 3}` },
			...{ sessionId: `s${at}`, messageId: null, upstreamRequestId: null },
			...{ tags: ["docs"], userId: "ada" },
		});
	}

	const run = (options: Partial<RetentionOptions> = {}) =>
		trim({
			...{ engine: store.engine, queries: queries(), clock },
			newId: () => crypto.randomUUID(),
			...{ maxAgeMs: 50 * dayMs, maxBytes: null, graceMs: dayMs, pauseMs: 0 },
			neededSinceMs: async () => nowMs - 32 * dayMs,
			signal: new AbortController().signal,
			...options,
		});

	async function audit(): Promise<readonly FindingName[]> {
		const found: FindingName[] = [];
		const { engine } = store;
		const scratch = openScratch(openDatabase(":memory:"));
		await verify({
			database: {
				kind: engine.kind,
				read: engine.readInOrder,
				snapshot: (use) => use(engine.readInOrder),
				close: async () => {},
			},
			queries: compileAudit(...toCompiler(store)),
			scratch,
			clock,
			prices: { catalog: "none", toCostAgain: () => null },
			toSumModel: ({ servedModel }) => String(servedModel),
			findings: openFindings(({ kind }) => found.push(kind)),
			onProgress: () => {},
		});
		scratch.close();
		return [...new Set(found)].sort();
	}

	const countEntries = async () =>
		Number((await read("SELECT count(*) FROM @entries"))[0]?.[0]);

	test.skipIf(!can)(
		"what is too old goes, and all that is left is found to be right",
		async () => {
			const sums = await read(
				"SELECT * FROM @rollups ORDER BY hour, dimension, id, model",
			);
			expect(await audit()).toEqual([]);
			expect(await run()).toEqual({
				entries: old,
				missed: 0,
				isOverSize: false,
			});
			expect(await countEntries()).toBe(count - old);
			expect(await audit()).toEqual([]);
			expect(
				await read(
					"SELECT * FROM @rollups ORDER BY hour, dimension, id, model",
				),
			).toEqual(sums);
			const named = (session: number) =>
				findNamed(store.engine, queries().references, {
					...{ kind: "session", name: `s${session}`, count: 10 },
				});
			expect(await named(3)).toEqual([]);
			expect(await named(old + 3)).toHaveLength(1);
			expect(await run()).toMatchObject({ entries: 0 });
			const readDay = (fromMs: number) =>
				readActivity(store.engine, queries(), {
					...{ dimension: "global", ids: [""], count: 100 },
					days: [{ date: "2026-01-01", fromMs, untilMs: fromMs + dayMs }],
				});
			expect(await readDay(firstMs)).toBe("deleted");
			expect(await readDay(firstMs + hourMs / 2)).toMatchObject([
				{ calls: 72 },
			]);
			// The chain goes on, also where but one Entry is left of it.
			await run({ maxAgeMs: 0, neededSinceMs: async () => nowMs });
			expect(await countEntries()).toBe(1);
			await record(count, count + group);
			expect(await audit()).toEqual([]);
			expect(await countEntries()).toBe(group + 1);
		},
	);

	test.skipIf(!can)(
		"what is needed stays: by windows, by open batches, by open holds",
		async () => {
			const since = firstMs + 10 * hourMs;
			expect(await run({ neededSinceMs: async () => since })).toMatchObject({
				entries: 30,
			});
			await change(
				`INSERT INTO @holds VALUES ('h', 1, 'call', ${firstMs + 20 * hourMs}, 1, '{}')`,
			);
			expect(await run()).toMatchObject({ entries: 30 });
			await change("DELETE FROM @holds");
			await change(
				`INSERT INTO @batches VALUES ('b', 'c', 'open', ${firstMs + 30 * hourMs}, 1, 0, 0, '', NULL, 0, 0, '{}')`,
			);
			expect(await run()).toMatchObject({ entries: 30 });
			await change("UPDATE @batches SET due_at = NULL, state = 'settled'");
			expect(await run()).toMatchObject({ entries: old - 90 });
		},
	);

	test.skipIf(!can)(
		"exporters are waited for, until the grace period is over; then it is counted",
		async () => {
			const cursors = openCursors("otlp", {
				engine: store.engine,
				queries: queries(),
			});
			await cursors.advance(1, 40);
			await cursors.advance(1, 20);
			expect((await cursors.read()).get(1)).toEqual({ seq: 40, missed: 0 });
			expect(await run({ graceMs: 90 * dayMs })).toMatchObject({ entries: 40 });
			// The oldest 50 have waited for a day, less 17 hours, longer than the age.
			const graceMs = nowMs - 50 * dayMs - (firstMs + 50 * 20 * 60_000);
			expect(await run({ graceMs })).toMatchObject({ entries: 10, missed: 10 });
			expect((await cursors.read()).get(1)).toEqual({ seq: 40, missed: 10 });
			await cursors.forget();
			expect(await run({ graceMs })).toMatchObject({ missed: 0, entries: 150 });
			expect(await audit()).toEqual([]);
		},
	);

	test.skipIf(!can)(
		"what is too large loses its oldest, and gives the room back",
		async () => {
			const before = await readUsedBytes(store.engine);
			const asked = { maxAgeMs: null, maxBytes: before - 20_000 };
			const done = await run(asked);
			expect(done?.isOverSize).toBe(false);
			expect(done?.entries).toBeGreaterThan(0);
			expect(await readUsedBytes(store.engine)).toBeLessThanOrEqual(
				before - 20_000,
			);
			// What is needed stays all the same, and it is said.
			expect(await run({ ...asked, maxBytes: 1 })).toMatchObject({
				isOverSize: true,
			});
			expect(await countEntries()).toBe(count - old);
			if (store.engine.kind !== "sqlite") return;
			const [free] = await read("PRAGMA freelist_count");
			expect(Number(free?.[0])).toBe(0);
		},
	);

	test.skipIf(!can)(
		"one process at a time, and two that both believe to be it take nothing twice",
		async () => {
			await change(
				`INSERT INTO @leases VALUES ('retention', 'another', ${nowMs + 1_000})`,
			);
			expect(await run()).toBeNull();
			await change(`UPDATE @leases SET until = ${nowMs - 1}`);
			const other = await store.again();
			const engine = {
				...other,
				commit: async (...asked: Parameters<typeof other.commit>) => {
					// While this one was away, another did the same.
					if (asked[0].length > 1) await run();
					await other.commit(...asked);
				},
			};
			await change("DELETE FROM @leases");
			const beside = { ...clock, now: () => nowMs - dayMs };
			const late = run({ engine, clock: beside, maxAgeMs: 49 * dayMs });
			expect(await late.catch(({ message }) => message)).toBe(
				"another process deletes Entries, too",
			);
			await other.close();
			expect(await countEntries()).toBe(count - old);
			expect(await audit()).toEqual([]);
		},
	);

	const damages: readonly (readonly [string, string, FindingName])[] = [
		["a forged hash", "UPDATE @checkpoints SET hash = 'x'", "checkpoint"],
		["a checkpoint too low", "UPDATE @checkpoints SET seq = 150", "missing"],
		["a checkpoint too high", "UPDATE @checkpoints SET seq = 210", "place"],
		["no checkpoint", "DELETE FROM @checkpoints", "missing"],
		[
			"a gap behind it",
			"DELETE FROM @entries WHERE seq BETWEEN 201 AND 205",
			"missing",
		],
		["a row before it", "UPDATE @entries SET seq = 7 WHERE seq = 250", "place"],
		["no row at all", "DELETE FROM @entries", "checkpoint"],
		[
			"more in a sum than was deleted",
			"UPDATE @rollups SET cost = cost + 1 WHERE hour = (SELECT min(hour) FROM @rollups) AND dimension = 'global'",
			"sum_changed",
		],
		[
			"a sum of what was deleted gone",
			"DELETE FROM @rollups WHERE hour = (SELECT min(hour) FROM @rollups)",
			"sum_changed",
		],
		[
			"what was deleted forged",
			"UPDATE @trimmed SET cost = cost - 1 WHERE hour = (SELECT min(hour) FROM @trimmed)",
			"sum_changed",
		],
		["it forgotten", "DELETE FROM @trimmed", "checkpoint"],
	];

	test.skipIf(!can)("planted damage is found", async () => {
		await run();
		const tables = ["entries", "checkpoints", "rollups", "trimmed"];
		for (const table of tables) {
			await change(`CREATE TABLE kept_${table} AS SELECT * FROM @${table}`);
		}
		// What is looked for is the same on both.
		const some = name === "PostgreSQL" ? damages.slice(0, 3) : damages;
		for (const [what, sql, kind] of some) {
			await change(sql);
			expect([what, await audit()]).toEqual([
				what,
				expect.arrayContaining([kind]),
			]);
			for (const table of tables) {
				await change(`DELETE FROM @${table}`);
				await change(`INSERT INTO @${table} SELECT * FROM kept_${table}`);
			}
		}
		expect(await audit()).toEqual([]);
	});
});
