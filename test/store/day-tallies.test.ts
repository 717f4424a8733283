import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { toNanos } from "../../src/domain/nanos.ts";
import { readDay } from "../../src/store/day-tallies.ts";
import { compileQueries } from "../../src/store/queries.ts";
import { engines, type TestStore } from "./engines.ts";
import { fill, toCompiler } from "./fill.ts";

// A server may have to be started.
setDefaultTimeout(60_000);

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 10, 22);
const day = startMs / dayMs;
const at = (ms: number) => ({ startedMs: startMs + ms });

describe.each([...engines])("a day on $name", ({ can, open }) => {
	let store: TestStore;
	beforeAll(async () => {
		if (!can) return;
		store = await open();
		await fill(store, [
			at(0),
			at(dayMs - 1_000),
			{ ...at(dayMs - 100), state: "partial" },
			{ ...at(-1), messageId: "the day before" },
			{ ...at(dayMs), messageId: "the day after" },
			{ ...at(5), payer: "client" },
			{ ...at(6), state: "unpriced", cost: null, servedModel: null },
			{ ...at(7), state: "estimated", held: toNanos(50_000_000n) },
			// One that cost nothing, as GETs and refusals of our own.
			{
				...at(8),
				...{ cost: toNanos(0n), input: 0, output: 0 },
				...{ cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 },
			},
			{ ...at(9), usageRest: '{"iterations":[{"type":"message"}]}' },
			{ ...at(10), stopReason: "refusal" },
			{ ...at(11), usageRest: '{"other":1}', webSearches: 2 },
			{
				...at(12),
				id: "msgbatch_1_batch_cost",
				kind: "batch",
				durationMs: dayMs,
			},
		]);
	});
	afterAll(() => store?.stop());

	test.skipIf(!can)("is told by model, state and day of the end", async () => {
		const queries = compileQueries(...toCompiler(store));
		const mixed: number[] = [];
		const tallies = await readDay(store.engine, queries, {
			day,
			onMixed: ({ startedMs }) => mixed.push(startedMs - startMs),
		});
		expect(mixed).toEqual([9, 10]);
		const tokens = (count: number) => ({
			calls: count,
			input: 1_000 * count,
			output: 300 * count,
			cacheWrite5m: 2_000 * count,
			cacheWrite1h: 500 * count,
			cacheRead: 10_000 * count,
		});
		const model = "claude-sonnet-5-5";
		const one = {
			model,
			endDay: day,
			webSearches: 0,
			cost: 13_000_000n,
			room: 7_000_000n,
		};
		const key = ({ state, endDay }: { state: string; endDay: number }) =>
			`${state} ${endDay}`;
		const sorted = [...tallies].sort((a, b) => (key(a) < key(b) ? -1 : 1));
		expect(sorted as unknown[]).toEqual([
			{ ...one, ...tokens(1), state: "estimated", room: 37_000_000n },
			{
				...{ ...one, ...tokens(3), state: "exact", webSearches: 2 },
				...{ cost: 39_000_000n, room: 21_000_000n },
			},
			{ ...one, ...tokens(1), state: "exact", endDay: day + 1 },
			{ ...one, ...tokens(1), state: "partial", endDay: day + 1 },
			{ ...one, ...tokens(1), state: "unpriced", cost: 0n, room: 0n },
		]);
	});
});
