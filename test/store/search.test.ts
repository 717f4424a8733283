/** A search that may not look at everything says how far it came, and can go on from there. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { compileQueries } from "../../src/store/queries.ts";
import { searchEntries } from "../../src/store/search.ts";
import { anything } from "../../src/store/search-queries.ts";
import { engines, type TestStore } from "./engines.ts";
import { fill, toCompiler } from "./fill.ts";

const startMs = Date.UTC(2026, 10, 22);
const stepMs = 10 * 60_000;
const count = 40;

describe.each(engines)("a bounded search on $name", ({ can, open }) => {
	let store: TestStore;
	beforeEach(async () => {
		if (!can) return;
		store = await open();
		await fill(
			store,
			Array.from({ length: count }, (_, at) => ({
				startedMs: startMs + at * stepMs,
				keyId: at % 4 === 0 ? "rare" : "usual",
			})),
		);
	});
	afterEach(async () => {
		if (can) await store.stop();
	});

	test.skipIf(!can).each(["asc", "desc"] as const)(
		"%s: from bound to bound nothing is left out and nothing comes twice",
		async (direction) => {
			const queries = compileQueries(...toCompiler(store));
			const found = new Set<number>();
			let span = { fromMs: startMs, untilMs: startMs + count * stepMs };
			for (let turn = 0; turn < count; turn += 1) {
				const part = await searchEntries(store.engine, queries, {
					pattern: { ...anything, keyId: "rare" },
					direction,
					lookAt: 11,
					...span,
				});
				for (const { startedMs } of part.entries) found.add(startedMs);
				const { lookedUntilMs } = part;
				expect(part.isAll).toBe(lookedUntilMs === null);
				if (lookedUntilMs === null) break;
				expect(part.entries.length).toBeLessThanOrEqual(3);
				span =
					direction === "asc"
						? { ...span, fromMs: lookedUntilMs }
						: { ...span, untilMs: lookedUntilMs + 1 };
			}
			const wanted = Array.from(
				{ length: count / 4 },
				(_, at) => startMs + at * 4 * stepMs,
			);
			expect([...found].sort()).toEqual(wanted);
		},
	);
});
