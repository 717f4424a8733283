import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	addTo,
	type Buckets,
	openBuckets,
	roomAfterMs,
	sumAt,
} from "../../src/domain/buckets.ts";

const windowMs = 60_000;

/** What arrives: so long after the one before (quarters of a millisecond, as a monotonic clock has fractions), so much. */
const arrivals = (maxAmount: number) =>
	fc.array(
		fc.record({
			pauseMs: fc
				.oneof(
					fc.nat({ max: 400 }),
					fc.nat({ max: 20_000 }),
					fc.nat({ max: 2_000_000 }),
				)
				.map((quarters) => quarters / 4),
			amount: fc.integer({ min: 1, max: maxAmount }),
		}),
		{ maxLength: 300 },
	);

interface Event {
	atMs: number;
	amount: number;
}

const sumOf = (events: readonly Event[]) =>
	events.reduce((sum, { amount }) => sum + amount, 0);

/** By the definition: everything whose bucket is the newest or one of the sixty before it. */
function countWhole(events: readonly Event[], nowMs: number, bucketMs: number) {
	const bucket = (ms: number) => Math.floor(ms / bucketMs);
	return sumOf(events.filter(({ atMs }) => bucket(nowMs) - bucket(atMs) <= 60));
}

/** Lets in what fits; gives the log of it. */
function admit(
	buckets: Buckets,
	arriving: readonly { pauseMs: number; amount: number }[],
	ceiling: number,
): Event[] {
	const log: Event[] = [];
	let nowMs = 0;
	for (const { pauseMs, amount } of arriving) {
		nowMs += pauseMs;
		const sum = sumAt(buckets, nowMs);
		expect(sum).toBe(countWhole(log, nowMs, buckets.bucketMs));
		if (sum + amount > ceiling) continue;
		addTo(buckets, amount, nowMs);
		log.push({ atMs: nowMs, amount });
	}
	return log;
}

describe("buckets", () => {
	const windows = fc.constantFrom(1_000, 10_000, windowMs, 90_500, 3_600_000);

	test("let in at most N in any window, wherever it begins", () => {
		const bounded = fc.property(
			fc.nat({ max: 50 }),
			arrivals(20),
			windows,
			(ceiling, arriving, lengthMs) => {
				const log = admit(openBuckets(lengthMs), arriving, ceiling);
				for (const { atMs: fromMs } of log) {
					const within = log.filter(
						({ atMs }) => atMs >= fromMs && atMs < fromMs + lengthMs,
					);
					expect(sumOf(within)).toBeLessThanOrEqual(ceiling);
				}
			},
		);
		fc.assert(bounded, { numRuns: 500 });
	});

	test.each([61, 1_000, 10_000, 90_500, 3_600_000])(
		"count for all of a window of %i ms, wherever in a bucket it begins",
		(lengthMs) => {
			for (const part of [0, 0.25, 0.5, 0.75]) {
				const buckets = openBuckets(lengthMs);
				const fromMs = (7 + part) * buckets.bucketMs;
				addTo(buckets, 1, fromMs);
				expect(sumAt(buckets, fromMs + lengthMs - 0.25)).toBe(1);
				expect(sumAt(buckets, fromMs + 62 * buckets.bucketMs)).toBe(0);
			}
		},
	);

	test("forget nothing in a window, and everything one sixtieth after it", () => {
		const buckets = openBuckets(windowMs);
		addTo(buckets, 5, 999);
		expect(sumAt(buckets, 999 + windowMs)).toBe(5);
		expect(sumAt(buckets, 60_999)).toBe(5);
		expect(sumAt(buckets, 61_000)).toBe(0);
	});

	test("say when there is room: then it fits, and a moment before it does not", () => {
		const right = fc.property(
			fc.integer({ min: 1, max: 50 }),
			arrivals(20),
			fc.integer({ min: 1, max: 60 }),
			(ceiling, arriving, amount) => {
				const buckets = openBuckets(windowMs);
				const log = admit(buckets, arriving, ceiling);
				const nowMs = arriving.reduce((sum, { pauseMs }) => sum + pauseMs, 0);
				const waitMs = roomAfterMs(buckets, { amount, ceiling, nowMs });
				const fits = (ms: number) =>
					countWhole(log, ms, buckets.bucketMs) + amount <= ceiling;
				if (waitMs === null) return expect(amount).toBeGreaterThan(ceiling);
				expect(fits(nowMs + waitMs)).toBe(true);
				if (waitMs > 0) expect(fits(nowMs + waitMs - 0.25)).toBe(false);
			},
		);
		fc.assert(right, { numRuns: 500 });
	});

	test("take a correction where the amount was counted, and none when that is over", () => {
		const corrected = fc.property(
			arrivals(20),
			fc.nat(),
			fc.nat({ max: 400_000 }).map((quarters) => quarters / 4),
			(arriving, which, laterMs) => {
				const buckets = openBuckets(windowMs);
				const log = admit(buckets, arriving, 200);
				const event = log[which % Math.max(1, log.length)];
				if (event === undefined) return;
				const nowMs = (log.at(-1)?.atMs ?? 0) + laterMs;
				sumAt(buckets, nowMs);
				addTo(buckets, 1 - event.amount, event.atMs);
				event.amount = 1;
				const still = countWhole(log, nowMs, buckets.bucketMs);
				expect(sumAt(buckets, nowMs)).toBe(still);
				expect(Math.min(...buckets.amounts)).toBeGreaterThanOrEqual(0);
				expect(sumAt(buckets, nowMs + 2 * windowMs)).toBe(0);
			},
		);
		fc.assert(corrected, { numRuns: 500 });
	});

	test("a clock that falls behind forgets nothing sooner", () => {
		const buckets = openBuckets(windowMs);
		addTo(buckets, 3, 100_000);
		expect(sumAt(buckets, 0)).toBe(3);
		addTo(buckets, 2, 50_000);
		expect(sumAt(buckets, 100_000)).toBe(5);
		addTo(buckets, 7, 39_000);
		expect(sumAt(buckets, 100_000)).toBe(5);
	});

	test("start empty, whatever the clock says first", () => {
		for (const nowMs of [0, 17, 61_000, 3e12]) {
			const buckets = openBuckets(windowMs);
			expect(sumAt(buckets, nowMs)).toBe(0);
			addTo(buckets, 1, nowMs);
			expect(sumAt(buckets, nowMs)).toBe(1);
			expect(roomAfterMs(buckets, { amount: 2, ceiling: 1, nowMs })).toBeNull();
		}
	});

	test("an amount that is no number lets nothing through", () => {
		const buckets = openBuckets(windowMs);
		addTo(buckets, Number.NaN, 0);
		const wanted = { amount: 1, ceiling: 10, nowMs: 0 };
		expect(roomAfterMs(buckets, wanted)).not.toBe(0);
	});
});
