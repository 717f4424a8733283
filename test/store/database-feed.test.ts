import { expect, test } from "bun:test";
import { openDatabaseFeed } from "../../src/store/database-feed.ts";
import { toTestEntry } from "./an-entry.ts";
import { toId, waitFor } from "./postgres-stores.ts";

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const unused = () => {
	throw new Error("nobody needs it here");
};

test("what is fresh is committed soon, though what came before it waits for its sync", async () => {
	const commits: { ids: string[]; synced: boolean; atMs: number }[] = [];
	const feed = openDatabaseFeed({
		engine: { kind: "sqlite" } as never,
		statements: { setMeta: "" } as never,
		journal: { isPressed: () => false, release: () => {} } as never,
		book: {
			commit: async (
				{ settled }: { settled: { entry: { id: string } }[] },
				synced: boolean,
			) => {
				const ids = settled.map(({ entry }) => entry.id);
				commits.push({ ids, synced, atMs: performance.now() });
			},
			touch: async () => {},
			reread: unused,
			has: unused,
		} as never,
		durability: "always",
		clock,
		onFault: unused,
		onLost: unused,
	});
	const push = (number: number) =>
		feed.push({
			settled: {
				entry: toTestEntry({ id: toId(number) }),
				model: "m",
				columns: "[]",
			},
			mark: { file: 0, at: number } as never,
		});
	push(1);
	await waitFor(() => commits.length === 1);
	push(2);
	const pushedMs = performance.now();
	await waitFor(() => commits.length === 2);
	// Far below the second for which the first may wait for its sync.
	expect((commits[1]?.atMs ?? 0) - pushedMs).toBeLessThan(600);
	expect(commits.map(({ ids, synced }) => [ids, synced])).toEqual([
		[[toId(1)], false],
		[[toId(2)], false],
	]);
	await feed.close();
});
