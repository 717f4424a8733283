import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	addDuration,
	type Duration,
	maxDurationDays,
	toDuration,
	toDurationOrNever,
	toDurationText,
	toFixedMs,
} from "../../src/domain/duration.ts";

describe("a duration", () => {
	const units = ["s", "m", "h", "d", "w", "mo"] as const;
	const durations = fc.record({
		count: fc.integer({ min: 1, max: 32_000 }),
		unit: fc.constantFrom(...units),
	});

	test("is read back as it was written", () => {
		const written = fc.property(durations, (duration: Duration) => {
			expect(toDuration(toDurationText(duration))).toEqual(duration);
		});
		fc.assert(written);
	});

	test("has one canonical text", () => {
		expect(toDurationText(toDuration("007d"))).toBe("7d");
	});

	test.each([
		["1s", 1_000],
		["90m", 5_400_000],
		["24h", 86_400_000],
		["30d", 2_592_000_000],
		["2w", 1_209_600_000],
		["1mo", null],
		[`${maxDurationDays}d`, maxDurationDays * 86_400_000],
	])("%s lasts %p ms", (text, ms) => {
		expect(toFixedMs(toDuration(text))).toBe(ms);
	});

	test("-1 is never, where that is allowed", () => {
		expect(toDurationOrNever("-1")).toBeNull();
		expect(toDurationOrNever("3h")).toEqual({ count: 3, unit: "h" });
		expect(() => toDurationOrNever("-2")).toThrow("negative");
	});

	test.each([
		["", "it is empty"],
		["30", "its unit is missing"],
		["-1", "always ends here"],
		["-3d", "it is negative"],
		["0d", "longer than nothing"],
		["1.5h", "write 90m"],
		["1M", "m for minutes or mo for months"],
		["2y", "write 12mo"],
		["1 d", "must not hold a blank"],
		[" 1d", "must not hold a blank"],
		["1d\n", "must not hold a blank"],
		["1D", "expected a whole number"],
		["3 months", "must not hold a blank"],
		["1d12h", "expected a whole number"],
		["١d", "expected a whole number"],
		["1e3s", "expected a whole number"],
		["None", "expected a whole number"],
		[`${maxDurationDays + 1}d`, "the longest is 1000000d"],
		["999999999999999s", "the longest is 1000000d"],
		["9999999999999999d", "the longest is 1000000d"],
	])("%j is refused: … %s …", (text, reason) => {
		expect(() => toDuration(text)).toThrow(RangeError);
		expect(() => toDuration(text)).toThrow(reason);
	});

	test("a refusal does not repeat a long text", () => {
		const long = "x".repeat(100_000);
		expect(() => toDuration(long)).toThrow(/^.{20,200}$/);
	});

	test("any other text is refused", () => {
		const others = fc.property(fc.string(), (text) => {
			fc.pre(!/^\d+(s|m|h|d|w|mo)$/.test(text));
			expect(() => toDuration(text)).toThrow(RangeError);
		});
		fc.assert(others, { numRuns: 2_000 });
	});
});

describe("adding", () => {
	test.each([
		["2026-01-31T12:00:00Z", "1mo", "2026-02-28T12:00:00Z"],
		["2028-01-31T12:00:00Z", "1mo", "2028-02-29T12:00:00Z"],
		["2026-11-30T23:59:59Z", "3mo", "2027-02-28T23:59:59Z"],
		["2026-12-31T00:00:00Z", "12mo", "2027-12-31T00:00:00Z"],
		["2026-03-28T12:00:00Z", "1d", "2026-03-29T12:00:00Z"],
		["2026-02-27T00:00:00Z", "2w", "2026-03-13T00:00:00Z"],
		["2038-01-19T03:14:07Z", "1s", "2038-01-19T03:14:08Z"],
	])("%s and %s is %s", (from, duration, to) => {
		const sum = addDuration(Date.parse(from), toDuration(duration));
		expect(new Date(sum).toISOString()).toBe(new Date(to).toISOString());
	});

	test("the longest keeps a year of four digits", () => {
		const start = Date.parse("2100-01-01T00:00:00Z");
		for (const text of [`${maxDurationDays}d`, "32258mo"]) {
			const end = new Date(addDuration(start, toDuration(text)));
			expect(end.getUTCFullYear()).toBeLessThan(10_000);
		}
	});
});
