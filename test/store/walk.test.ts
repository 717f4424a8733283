import {
	afterEach,
	beforeEach,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import type { Entry } from "../../src/domain/entry.ts";
import type { StoredEntry } from "../../src/store/entry-row.ts";
import { compileQueries } from "../../src/store/queries.ts";
import { anything, type Direction } from "../../src/store/search-queries.ts";
import { walkEntries } from "../../src/store/walk.ts";
import { engines, type TestStore } from "./engines.ts";
import { fill, toCompiler } from "./fill.ts";

setDefaultTimeout(60_000);

const startMs = Date.UTC(2026, 10, 22, 9);
const span = { fromMs: 0, untilMs: startMs * 2 };
const count = 1_200;
const perFill = 400;

describe.each([...engines])("a walk on $name", ({ can, open }) => {
	let store: TestStore;
	beforeEach(async () => {
		if (can) store = await open();
	});
	afterEach(() => store?.stop());

	async function walk(direction: Direction, keyId: string | null = null) {
		const pages: (readonly StoredEntry[])[] = [];
		const queries = compileQueries(...toCompiler(store));
		const pattern = { ...anything, keyId };
		const asked = { ...span, pattern, direction };
		for await (const page of walkEntries(store.engine, queries, asked)) {
			pages.push(page);
		}
		return pages;
	}

	test.skipIf(!can)("every Entry once, in order, in short pages", async () => {
		// More than one look has, most of one millisecond, over several hours; one in 400 of another key.
		const calls = Array.from({ length: count }, (_, at) => ({
			startedMs: startMs + (at < 1_100 ? 0 : (at % 5) * 3_600_000),
			keyId: at % 400 === 7 ? "rare" : "k1",
		}));
		const all: readonly Partial<Entry>[] = [
			...calls,
			{ id: "msgbatch_1_batch_cost", kind: "batch", startedMs: startMs },
		];
		const entries: Entry[] = [];
		for (let at = 0; at < all.length; at += perFill) {
			const some = all.slice(at, at + perFill);
			entries.push(...(await fill(store, some, { writer: 1, seq: at + 1 })));
		}
		const ids = (all: readonly (readonly { id: string }[])[]) =>
			all.flat().map(({ id }) => id);
		const callIds = ids([entries]).slice(0, -1).sort();
		const up = await walk("asc");
		expect(ids(up)).toEqual(["msgbatch_1_batch_cost", ...callIds]);
		expect(Math.max(...up.map(({ length }) => length))).toBe(100);
		const down = ids(await walk("desc"));
		expect(down).toEqual(["msgbatch_1_batch_cost", ...callIds.reverse()]);
		const rare = entries.filter(({ keyId }) => keyId === "rare");
		expect(ids(await walk("asc", "rare")).sort()).toEqual(ids([rare]).sort());
	});
});
