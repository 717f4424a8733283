/** Virtual keys in memory and in the database, over both engines. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { makeKey } from "../../src/admin/make-key.ts";
import type { VirtualKey } from "../../src/domain/virtual-key.ts";
import type { Engine } from "../../src/store/engine.ts";
import { type Keys, openKeys } from "../../src/store/keys.ts";
import { compileObjects } from "../../src/store/object-queries.ts";
import { engines, type TestStore } from "./engines.ts";
import { toCompiler } from "./fill.ts";

const act = { action: "key/test", actor: "operator" };

const toKey = (name: string, part: Partial<VirtualKey> = {}): VirtualKey => ({
	...makeKey("sk-of-a-test", {}, { nowMs: 1_000, actor: "operator" }),
	id: `id-${name}`,
	hash: `hash-${name}`,
	metadata: { ü: "\u0000🦊" },
	...part,
});

describe.each(engines)("keys on $name", ({ can, open, name }) => {
	let store: TestStore;
	let nowMs = 0;
	const faults: unknown[] = [];
	const opened: Keys[] = [];
	const openAll = async (engine: Engine = store.engine) => {
		const keys = await openKeys({
			engine,
			queries: compileObjects(...toCompiler(store)),
			clock: { now: () => nowMs, monotonic: () => performance.now() },
			newId: () => Bun.randomUUIDv7(),
			onFault: (fault) => faults.push(fault),
		});
		opened.push(keys);
		return keys;
	};

	beforeEach(async () => {
		if (!can) return;
		nowMs = Date.now();
		store = await open();
	});
	afterEach(async () => {
		if (!can) return;
		for (const keys of opened.splice(0)) await keys.close();
		await store.stop();
		expect(faults.splice(0)).toEqual([]);
	});
	const run = test.skipIf(!can);

	run("what is added is found, here and by the next process", async () => {
		const keys = await openAll();
		expect(keys.isEmpty()).toBe(true);
		await keys.add(toKey("a", { alias: "first", createdMs: 2 }), act);
		await keys.add(toKey("b", { createdMs: 1 }), act);
		for (const one of [keys, await openAll()]) {
			expect(one.isEmpty()).toBe(false);
			expect(one.find("hash-a")).toEqual(
				toKey("a", { alias: "first", createdMs: 2 }),
			);
			expect(one.byAlias("first")?.id).toBe("id-a");
			expect(one.byId("id-b")?.hash).toBe("hash-b");
			expect(one.list().map(({ id }) => id)).toEqual(["id-b", "id-a"]);
			expect(one.find("hash-c")).toBeNull();
		}
	});

	run("an alias is one key's; who comes second changes nothing", async () => {
		const keys = await openAll();
		await keys.add(toKey("a", { alias: "same" }), act);
		const failure = await keys.add(toKey("b", { alias: "same" }), act).then(
			() => null,
			(error) => error,
		);
		expect(failure).toMatchObject({ fault: "conflict" });
		expect(keys.find("hash-b")).toBeNull();
		expect((await openAll()).list()).toHaveLength(1);
	});

	run("changes made at once are all there in the end", async () => {
		const keys = await openAll();
		await keys.add(toKey("a"), act);
		await Promise.all(
			Array.from({ length: 20 }, (_, at) =>
				keys.change("id-a", act, (key) => ({
					...key,
					tags: [...key.tags, `tag-${at}`],
				})),
			),
		);
		expect(keys.byId("id-a")?.tags).toHaveLength(20);
		expect((await openAll()).byId("id-a")?.tags).toHaveLength(20);
		expect(await keys.change("id-none", act, (key) => key)).toBeNull();
	});

	run("a new value works at once, the old one for its time", async () => {
		const keys = await openAll();
		await keys.add(toKey("a"), act);
		await keys.change("id-a", act, (key) => ({
			...key,
			hash: "hash-new",
			older: { hash: key.hash, untilMs: nowMs + 100 },
		}));
		expect(keys.find("hash-new")?.id).toBe("id-a");
		expect(keys.find("hash-a")?.id).toBe("id-a");
		nowMs += 100;
		expect(keys.find("hash-a")).toBeNull();
		expect(keys.find("hash-new")?.id).toBe("id-a");
	});

	run(
		"a value is one key's, and one that was given up is the next one's alone",
		async () => {
			const keys = await openAll();
			await keys.add(toKey("a"), act);
			expect(await keys.add(toKey("a", { alias: "again" }), act)).toBe(false);
			expect(await keys.add(toKey("b", { hash: "hash-a" }), act)).toBe(false);
			expect((await openAll()).list()).toHaveLength(1);
			const renew = (hash: string) =>
				keys.change("id-a", act, (key) => ({
					...key,
					hash,
					older: { hash: key.hash, untilMs: nowMs },
				}));
			await renew("hash-new");
			await renew("hash-newer");
			expect(await keys.add(toKey("b", { hash: "hash-a" }), act)).toBe(true);
			await renew("hash-newest");
			expect(keys.find("hash-a")?.id).toBe("id-b");
			expect(keys.find("hash-newest")?.id).toBe("id-a");
		},
	);

	run(
		"what is removed is gone, and the log of changes says who did what",
		async () => {
			const keys = await openAll();
			await keys.add(toKey("a", { alias: "x" }), act);
			expect(
				await keys.remove("id-a", { action: "key/delete", actor: "operator" }),
			).toBe(true);
			expect(await keys.remove("id-a", act)).toBe(false);
			expect(keys.find("hash-a")).toBeNull();
			expect(keys.byAlias("x")).toBeNull();
			expect((await openAll()).isEmpty()).toBe(true);
			const table = name === "PostgreSQL" ? "tollway.changes" : "changes";
			const rows = await store.engine.read({
				sql: `SELECT action, actor, object, doc IS NULL FROM ${table} ORDER BY id`,
				values: [],
			});
			expect(rows.map((row) => row.map(String).join(" "))).toEqual([
				expect.stringMatching(/^key\/test operator id-a (0|false)$/),
				expect.stringMatching(/^key\/delete operator id-a (1|true)$/),
			]);
		},
	);

	// The embedded database has one process.
	if (name === "PostgreSQL") {
		run("what another process changed counts within a second", async () => {
			const [one, other] = [
				await openAll(),
				await openAll(await store.again()),
			];
			const seen = async (condition: () => boolean) => {
				const startMs = performance.now();
				while (!condition()) {
					if (performance.now() - startMs > 1_000) throw new Error("too late");
					await Bun.sleep(10);
				}
			};
			await one.add(toKey("a"), act);
			await seen(() => other.find("hash-a") !== null);
			await other.change("id-a", act, (key) => ({ ...key, blocked: true }));
			await seen(() => one.find("hash-a")?.blocked === true);
			await one.remove("id-a", act);
			await seen(() => other.find("hash-a") === null);
		});
	}
});
