import { expect, test } from "bun:test";
import { readEvents } from "./read.ts";
import * as w from "./written.ts";

interface Case {
	readonly what: string;
	/** What the last event says. */
	readonly usage: Record<string, unknown>;
	readonly w5m: number;
	readonly w1h: number;
	readonly malformed?: true;
}

const split = (w5m: number, w1h: number) => ({
	cache_creation: {
		ephemeral_5m_input_tokens: w5m,
		ephemeral_1h_input_tokens: w1h,
	},
});
const total = (tokens: number) => ({ cache_creation_input_tokens: tokens });

/** The start has 2,000 of five minutes and 500 of an hour. */
const cases: readonly Case[] = [
	{ what: "no word of them", usage: {}, w5m: 2000, w1h: 500 },
	{ what: "the same total", usage: total(2500), w5m: 2000, w1h: 500 },
	{
		what: "a larger total: the rest is of five minutes",
		usage: total(4000),
		w5m: 3500,
		w1h: 500,
	},
	{
		what: "a split of their own",
		usage: { ...total(4000), ...split(1000, 3000) },
		w5m: 1000,
		w1h: 3000,
	},
	{
		what: "a split of their own, and steps with others",
		usage: {
			...total(4000),
			...split(1000, 3000),
			iterations: [{ type: "message", ...split(4000, 0) }],
		},
		w5m: 1000,
		w1h: 3000,
	},
	{
		what: "the sum over the steps that the totals cover",
		usage: {
			...total(4000),
			iterations: [
				{ type: "message", ...split(100, 3000) },
				{ type: "message", ...split(900, 0) },
				{ type: "compaction", ...split(0, 77) },
				{ type: "advisor_message", model: "x", ...split(0, 78) },
			],
		},
		w5m: 1000,
		w1h: 3000,
	},
	{
		what: "after a fallback, those of the model that served",
		usage: {
			...total(30),
			iterations: [
				{ type: "message", ...split(2000, 500) },
				{ type: "fallback_message", model: "b", ...split(0, 30) },
			],
		},
		w5m: 0,
		w1h: 30,
	},
	{
		what: "steps without splits",
		usage: {
			iterations: [{ type: "message", cache_creation: null, ...total(2500) }],
		},
		w5m: 2000,
		w1h: 500,
	},
	{
		what: "a smaller total, which contradicts the split",
		usage: total(700),
		w5m: 200,
		w1h: 500,
		malformed: true,
	},
	{
		what: "a total that is no count: the split stands",
		usage: total(-1),
		w5m: 2000,
		w1h: 500,
		malformed: true,
	},
];

test.each(cases)("cache writes: $what", ({ usage, w5m, w1h, malformed }) => {
	const reading = readEvents(
		w.start(),
		w.totals({ output_tokens: 1, ...usage }),
		w.stop,
	);
	expect(reading.usage.cacheWrite5m).toBe(w5m);
	expect(reading.usage.cacheWrite1h).toBe(w1h);
	expect(reading.malformed).toBe(malformed === true);
});

test("a total without a split is of five minutes", () => {
	const usage = { input_tokens: 1, output_tokens: 1, ...total(70) };
	const iterations = [{ type: "message", ...total(70) }];
	const reading = readEvents(
		w.start({ usage }),
		w.totals({ output_tokens: 1, iterations }),
		w.stop,
	);
	expect(reading.usage.cacheWrite5m).toBe(70);
	expect(reading.usage.iterations[0]?.cacheWrite5m).toBe(70);
});
