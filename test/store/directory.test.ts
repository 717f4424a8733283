/** What operators manage, in memory and in the database, over both engines. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { makeKey } from "../../src/admin/make-key.ts";
import { toBlank } from "../../src/domain/people.ts";
import type { VirtualKey } from "../../src/domain/virtual-key.ts";
import {
	type OpenDirectory,
	openDirectory,
} from "../../src/store/directory.ts";
import type { Engine } from "../../src/store/engine.ts";
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
	const opened: OpenDirectory[] = [];
	/** The keys of a directory, with changes of one. */
	const openAll = async (engine: Engine = store.engine) => {
		const directory = await openDirectory({
			engine,
			queries: compileObjects(...toCompiler(store)),
			clock: { now: () => nowMs, monotonic: () => performance.now() },
			newId: () => Bun.randomUUIDv7(),
			onFault: (fault) => faults.push(fault),
		});
		opened.push(directory);
		const { keys, change } = directory;
		const put = (item: VirtualKey, by = act) =>
			change(by, () => ({
				edits: [{ kind: "key", id: item.id, item }],
				result: item,
			}));
		const edit = (id: string, to: (key: VirtualKey) => VirtualKey) =>
			change(act, () => {
				const key = keys.byId(id);
				if (key === null) throw new Error("there is none");
				const item = to(key);
				return { edits: [{ kind: "key", id, item }], result: item };
			});
		const remove = (id: string, by: typeof act) =>
			change(by, () => ({
				edits: [{ kind: "key", id, item: null }],
				result: null,
			}));
		return { ...keys, directory, put, edit, remove };
	};

	beforeEach(async () => {
		if (!can) return;
		nowMs = Date.now();
		store = await open();
	});
	afterEach(async () => {
		if (!can) return;
		for (const one of opened.splice(0)) await one.close();
		await store.stop();
		expect(faults.splice(0)).toEqual([]);
	});
	const run = test.skipIf(!can);

	run("what is added is found, here and by the next process", async () => {
		const keys = await openAll();
		expect(keys.isEmpty()).toBe(true);
		await keys.put(toKey("a", { alias: "first", createdMs: 2 }));
		await keys.put(toKey("b", { createdMs: 1 }));
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
		await keys.put(toKey("a", { alias: "same" }));
		const failure = await keys.put(toKey("b", { alias: "same" })).then(
			() => null,
			(error) => error,
		);
		expect(failure).toMatchObject({ fault: "conflict" });
		expect(keys.find("hash-b")).toBeNull();
		expect((await openAll()).list()).toHaveLength(1);
	});

	run("changes made at once are all there in the end", async () => {
		const keys = await openAll();
		await keys.put(toKey("a"));
		await Promise.all(
			Array.from({ length: 20 }, (_, at) =>
				keys.edit("id-a", (key) => ({
					...key,
					tags: [...key.tags, `tag-${at}`],
				})),
			),
		);
		expect(keys.byId("id-a")?.tags).toHaveLength(20);
		expect((await openAll()).byId("id-a")?.tags).toHaveLength(20);
		const failure = await keys
			.edit("id-none", (key) => key)
			.catch((error) => error);
		expect(String(failure)).toContain("there is none");
	});

	run("a new value works at once, the old one for its time", async () => {
		const keys = await openAll();
		await keys.put(toKey("a"));
		await keys.edit("id-a", (key) => ({
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

	run("a value that was given up twice is anybody's", async () => {
		const keys = await openAll();
		await keys.put(toKey("a"));
		expect(keys.isTaken("hash-a")).toBe(true);
		const renew = (hash: string) =>
			keys.edit("id-a", (key) => ({
				...key,
				hash,
				older: { hash: key.hash, untilMs: nowMs },
			}));
		await renew("hash-new");
		expect(keys.isTaken("hash-a")).toBe(true);
		await renew("hash-newer");
		expect(keys.isTaken("hash-a")).toBe(false);
		await keys.put(toKey("b", { hash: "hash-a" }));
		await renew("hash-newest");
		expect(keys.find("hash-a")?.id).toBe("id-b");
		expect(keys.find("hash-newest")?.id).toBe("id-a");
	});

	run("a change of several things is made whole or not at all", async () => {
		const keys = await openAll();
		const { directory } = keys;
		const made = { nowMs, actor: "operator" };
		const before = directory.version();
		await directory.change(act, () => ({
			edits: [
				{ kind: "budget", id: "b", item: toBlank("b", made) },
				{ kind: "key", id: "id-a", item: toKey("a", { alias: "x" }) },
			],
			result: null,
		}));
		expect(directory.version()).toBeGreaterThan(before);
		const failure = await directory
			.change(act, () => ({
				edits: [
					{ kind: "budget", id: "b", item: null },
					{ kind: "key", id: "id-b", item: toKey("b", { alias: "x" }) },
				],
				result: null,
			}))
			.catch((error) => error);
		expect(failure).toMatchObject({ fault: "conflict" });
		const again = await openAll();
		for (const one of [keys, again]) {
			expect(one.byId("id-b")).toBeNull();
			expect(one.directory.budgets.byId("b")).toEqual(toBlank("b", made));
		}
	});

	run(
		"what is removed is gone, and the log of changes says who did what",
		async () => {
			const keys = await openAll();
			await keys.put(toKey("a", { alias: "x" }));
			await keys.remove("id-a", { action: "key/delete", actor: "operator" });
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
			await one.put(toKey("a"));
			await seen(() => other.find("hash-a") !== null);
			await other.edit("id-a", (key) => ({ ...key, blocked: true }));
			await seen(() => one.find("hash-a")?.blocked === true);
			await one.remove("id-a", act);
			await seen(() => other.find("hash-a") === null);
		});
	}
});
