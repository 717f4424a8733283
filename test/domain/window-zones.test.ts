import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { toDuration } from "../../src/domain/duration.ts";
import { isIn, type Schedule, windowAt } from "../../src/domain/window.ts";
import { openWallClock } from "./wall-clock.ts";

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const schedules = fc.record({
	duration: fc
		.constantFrom(
			...["1d", "24h", "7d", "30d", "1mo"],
			...["2d", "10d", "2w", "3mo", "90m", "5h", "25h"],
		)
		.map(toDuration),
	timeZone: fc.constantFrom(...Intl.supportedValuesOf("timeZone")),
	resetMinute: fc.oneof(fc.constant(0), fc.nat({ max: 1439 })),
	anchorMs: fc.integer({
		min: Date.parse("2010-01-01"),
		max: Date.parse("2040-01-01"),
	}),
});
const instants = fc.integer({
	min: Date.parse("1990-01-01"),
	max: Date.parse("2060-01-01"),
});

describe("in every time zone", () => {
	test("windows follow one another: each instant is in one, and all its instants find it", () => {
		const tiled = fc.property(
			schedules,
			instants,
			fc.nat({ max: 9_999 }),
			(schedule, atMs, part) => {
				const window = windowAt(schedule, atMs);
				const { startMs, endMs } = window;
				expect(isIn(window, atMs)).toBe(true);
				const within = startMs + Math.floor((endMs - startMs) * (part / 1e4));
				for (const other of [startMs, within, endMs - 1]) {
					expect(windowAt(schedule, other)).toEqual(window);
				}
				expect(windowAt(schedule, endMs).startMs).toBe(endMs);
				expect(windowAt(schedule, startMs - 1).endMs).toBe(startMs);
			},
		);
		fc.assert(tiled, { numRuns: 2_000 });
	});
});

/** The offset of the wall's clock, and what it shows at the start of a window. */
function lookAt({ timeZone }: Schedule, startMs: number) {
	const wall = openWallClock(timeZone);
	const jumpMs = wall(startMs) - wall(startMs - dayMs) - dayMs;
	return { wall, shownMs: wall(startMs), jumpMs };
}

/** Where the clock was put forward over the reset time, it is that much later than it should be. */
function toMeantMs(schedule: Schedule, startMs: number) {
	const { shownMs, jumpMs } = lookAt(schedule, startMs);
	const sinceResetMs = shownMs - schedule.resetMinute * minuteMs;
	const late = jumpMs > 0 && sinceResetMs % dayMs !== 0;
	return late ? sinceResetMs - jumpMs : sinceResetMs;
}

describe("F-25: the wall's clock shows the reset time when a window begins", () => {
	const named = fc.record({
		duration: fc.constantFrom("1d", "7d", "30d").map(toDuration),
		timeZone: fc.constantFrom(...Intl.supportedValuesOf("timeZone")),
		resetMinute: fc.oneof(fc.constant(0), fc.nat({ max: 1439 })),
		anchorMs: fc.constant(0),
	});

	test("on every day, on Mondays, on the first of a month", () => {
		const begun = fc.property(named, instants, (schedule, atMs) => {
			const { startMs } = windowAt(schedule, atMs);
			const meant = new Date(toMeantMs(schedule, startMs));
			expect(meant.getTime() % dayMs).toBe(0);
			const { count } = schedule.duration;
			if (count === 7) expect(meant.getUTCDay()).toBe(1);
			if (count === 30) expect(meant.getUTCDate()).toBe(1);
		});
		fc.assert(begun, { numRuns: 2_000 });
	});

	test("and did not show it before on the same day", () => {
		const first = fc.property(named, instants, (schedule, atMs) => {
			const { startMs } = windowAt(schedule, atMs);
			const { wall, shownMs } = lookAt(schedule, startMs);
			for (let backMs = 30 * minuteMs; backMs <= 3 * hourMs; ) {
				expect(wall(startMs - backMs)).toBeLessThan(shownMs);
				backMs += 30 * minuteMs;
			}
		});
		fc.assert(first, { numRuns: 500 });
	});
});

/** How many days of 2025 to 2027 have how many hours. */
const years: readonly [zone: string, hours: Record<number, number>][] = [
	["UTC", { 24: 1095 }],
	["America/New_York", { 23: 3, 24: 1089, 25: 3 }],
	["Europe/Berlin", { 23: 3, 24: 1089, 25: 3 }],
	["Africa/Cairo", { 23: 3, 24: 1089, 25: 3 }],
	["America/Santiago", { 23: 3, 24: 1089, 25: 3 }],
	["America/Havana", { 23: 3, 24: 1089, 25: 3 }],
	["Australia/Lord_Howe", { 23.5: 3, 24: 1089, 24.5: 3 }],
	["Asia/Kathmandu", { 24: 1095 }],
	["Pacific/Chatham", { 23: 3, 24: 1089, 25: 3 }],
];

describe("F-25: three years, day by day", () => {
	test.each(years)("%s", (timeZone, hours) => {
		const wall = openWallClock(timeZone);
		const schedule = { timeZone, resetMinute: 0, anchorMs: 0 };
		const daily = { ...schedule, duration: toDuration("1d") };
		const counted: Record<number, number> = {};
		const noonMs = Date.parse("2025-01-01T12:00Z");
		let { startMs } = windowAt(daily, 2 * noonMs - wall(noonMs));
		for (let day = 0; day < 1095; day++) {
			const { endMs } = windowAt(daily, startMs);
			const length = (endMs - startMs) / hourMs;
			counted[length] = (counted[length] ?? 0) + 1;
			const date = Date.parse("2025-01-01") + day * dayMs;
			// one date for the whole window: no minute of it is another day's
			expect(Math.floor(wall(startMs) / dayMs) * dayMs).toBe(date);
			expect(Math.floor(wall(endMs - 1) / dayMs) * dayMs).toBe(date);
			startMs = endMs;
		}
		expect(counted).toEqual(hours);
	});
});
