import { describe, expect, test } from "bun:test";
import { toDuration } from "../../src/domain/duration.ts";
import {
	forever,
	isIn,
	type Schedule,
	toResetMinute,
	toTimeZone,
	windowAt,
} from "../../src/domain/window.ts";

interface Options {
	zone?: string;
	reset?: string;
	anchor?: string;
}

function toSchedule(duration: string, options: Options = {}): Schedule {
	const { zone = "UTC", reset = "00:00", anchor = "2026-01-01" } = options;
	return {
		duration: toDuration(duration),
		timeZone: toTimeZone(zone),
		resetMinute: toResetMinute(reset),
		anchorMs: Date.parse(anchor),
	};
}

const toText = (ms: number) =>
	new Date(ms).toISOString().replace(":00.000", "");

function windowText(schedule: Schedule, at: string) {
	const { startMs, endMs } = windowAt(schedule, Date.parse(at));
	return `${toText(startMs)} ${toText(endMs)}`;
}

describe("windows by the calendar, in UTC", () => {
	test.each([
		["1d", "2026-05-14T10:00Z", "2026-05-14T00:00Z 2026-05-15T00:00Z"],
		["24h", "2026-05-14T10:00Z", "2026-05-14T00:00Z 2026-05-15T00:00Z"],
		["1440m", "2026-05-14T10:00Z", "2026-05-14T00:00Z 2026-05-15T00:00Z"],
		["7d", "2026-05-14T10:00Z", "2026-05-11T00:00Z 2026-05-18T00:00Z"],
		["1w", "2026-05-14T10:00Z", "2026-05-11T00:00Z 2026-05-18T00:00Z"],
		["7d", "2026-05-11T00:00Z", "2026-05-11T00:00Z 2026-05-18T00:00Z"],
		["7d", "2026-05-10T23:59Z", "2026-05-04T00:00Z 2026-05-11T00:00Z"],
		["30d", "2026-05-14T10:00Z", "2026-05-01T00:00Z 2026-06-01T00:00Z"],
		["1mo", "2026-12-31T23:59Z", "2026-12-01T00:00Z 2027-01-01T00:00Z"],
		["1mo", "2028-02-29T12:00Z", "2028-02-01T00:00Z 2028-03-01T00:00Z"],
		["1mo", "2027-02-28T12:00Z", "2027-02-01T00:00Z 2027-03-01T00:00Z"],
	])("%s at %s is %s, whenever it was made", (duration, at, expected) => {
		for (const anchor of ["2026-01-01", "2026-05-13T17:31Z", "2031-02-03"]) {
			expect(windowText(toSchedule(duration, { anchor }), at)).toBe(expected);
		}
	});
});

describe("windows from the anchor on, in UTC", () => {
	test.each([
		["3d", "2026-05-12T15:00Z", "2026-05-12T00:00Z 2026-05-15T00:00Z"],
		["3d", "2026-05-15T00:00Z", "2026-05-15T00:00Z 2026-05-18T00:00Z"],
		["3d", "2026-05-11T10:00Z", "2026-05-09T00:00Z 2026-05-12T00:00Z"],
		["48h", "2026-05-13T23:00Z", "2026-05-12T00:00Z 2026-05-14T00:00Z"],
		["2w", "2026-05-25T23:00Z", "2026-05-12T00:00Z 2026-05-26T00:00Z"],
		["2mo", "2026-06-14T10:00Z", "2026-05-01T00:00Z 2026-07-01T00:00Z"],
		["2mo", "2026-04-30T10:00Z", "2026-03-01T00:00Z 2026-05-01T00:00Z"],
		["12mo", "2027-05-01T00:00Z", "2027-05-01T00:00Z 2028-05-01T00:00Z"],
		["5h", "2026-05-12T16:00Z", "2026-05-12T15:00Z 2026-05-12T20:00Z"],
		["5h", "2026-05-12T14:59Z", "2026-05-12T10:00Z 2026-05-12T15:00Z"],
		["25h", "2026-05-13T16:00Z", "2026-05-13T16:00Z 2026-05-14T17:00Z"],
		["15m", "2026-05-12T15:44Z", "2026-05-12T15:30Z 2026-05-12T15:45Z"],
	])("%s at %s is %s", (duration, at, expected) => {
		const schedule = toSchedule(duration, { anchor: "2026-05-12T15:00Z" });
		expect(windowText(schedule, at)).toBe(expected);
	});

	test("the first window has begun when the limit is made, also before the reset time", () => {
		const anchor = "2026-05-12T15:00Z";
		const schedule = toSchedule("3d", { anchor, reset: "18:00" });
		const first = "2026-05-11T18:00Z 2026-05-14T18:00Z";
		expect(windowText(schedule, anchor)).toBe(first);
	});
});

describe("F-25: where the clock is put forward and back", () => {
	test.each<[string, string, Options, string, string]>([
		[
			"23 hours",
			"1d",
			{ zone: "America/New_York" },
			"2026-03-08T12:00Z",
			"2026-03-08T05:00Z 2026-03-09T04:00Z",
		],
		[
			"25 hours",
			"1d",
			{ zone: "America/New_York" },
			"2026-11-01T12:00Z",
			"2026-11-01T04:00Z 2026-11-02T05:00Z",
		],
		[
			"a month with a change",
			"30d",
			{ zone: "Europe/Berlin" },
			"2026-03-31T21:59Z",
			"2026-02-28T23:00Z 2026-03-31T22:00Z",
		],
		[
			"a week with a change",
			"7d",
			{ zone: "Europe/Berlin" },
			"2026-10-25T22:00Z",
			"2026-10-18T22:00Z 2026-10-25T23:00Z",
		],
		[
			"three quarters of an hour",
			"1d",
			{ zone: "Asia/Kathmandu" },
			"2026-05-14T18:14Z",
			"2026-05-13T18:15Z 2026-05-14T18:15Z",
		],
		[
			"a change of half an hour",
			"1d",
			{ zone: "Australia/Lord_Howe" },
			"2026-04-05T00:00Z",
			"2026-04-04T13:00Z 2026-04-05T13:30Z",
		],
		[
			"a midnight that the clock skips: the day begins at one",
			"1d",
			{ zone: "Africa/Cairo" },
			"2026-04-24T12:00Z",
			"2026-04-23T22:00Z 2026-04-24T21:00Z",
		],
		[
			"a midnight that comes twice: the day begins at the first",
			"1d",
			{ zone: "America/Havana" },
			"2025-11-02T12:00Z",
			"2025-11-02T04:00Z 2025-11-03T05:00Z",
		],
		[
			"put back from one minute past midnight: the rest of the day before is today's",
			"1d",
			{ zone: "America/St_Johns" },
			"2010-11-07T02:45Z",
			"2010-11-07T02:30Z 2010-11-08T03:30Z",
		],
		[
			"a day that the clock skips has no window",
			"1d",
			{ zone: "Pacific/Apia" },
			"2011-12-30T09:59Z",
			"2011-12-29T10:00Z 2011-12-30T10:00Z",
		],
		[
			"the next day follows at once",
			"1d",
			{ zone: "Pacific/Apia" },
			"2011-12-30T10:00Z",
			"2011-12-30T10:00Z 2011-12-31T10:00Z",
		],
		[
			"a reset time that the clock skips: as much later",
			"1d",
			{ zone: "America/New_York", reset: "02:30" },
			"2026-03-08T12:00Z",
			"2026-03-08T07:30Z 2026-03-09T06:30Z",
		],
		[
			"a reset time that comes twice: the first",
			"1d",
			{ zone: "America/New_York", reset: "01:30" },
			"2026-11-01T05:30Z",
			"2026-11-01T05:30Z 2026-11-02T06:30Z",
		],
		[
			"before the reset time it is still yesterday",
			"7d",
			{ zone: "Europe/Berlin", reset: "06:00" },
			"2026-05-11T03:59Z",
			"2026-05-04T04:00Z 2026-05-11T04:00Z",
		],
		[
			"three days over a change",
			"3d",
			{ zone: "Europe/Berlin", anchor: "2026-03-28T12:00Z" },
			"2026-03-28T12:00Z",
			"2026-03-27T23:00Z 2026-03-30T22:00Z",
		],
		[
			"six hours do not care for the calendar",
			"6h",
			{ zone: "Europe/Berlin", anchor: "2026-03-28T22:00Z" },
			"2026-03-29T01:00Z",
			"2026-03-28T22:00Z 2026-03-29T04:00Z",
		],
	])("%s", (_, duration, options, at, expected) => {
		expect(windowText(toSchedule(duration, options), at)).toBe(expected);
	});
});

describe("the ends of a window", () => {
	test("its start is in it and its end is not", () => {
		const window = { startMs: 10, endMs: 20 };
		const inside = [9, 10, 19, 20].map((atMs) => isIn(window, atMs));
		expect(inside).toEqual([false, true, true, false]);
	});

	test("what never resets holds every instant that a Date can say", () => {
		expect(isIn(forever, 0)).toBe(true);
		expect(new Date(forever.endMs).toISOString()).toStartWith("+275760");
	});
});

describe("what people write", () => {
	test.each([
		["europe/berlin", "Europe/Berlin"],
		["UTC", "UTC"],
		["US/Eastern", "US/Eastern"],
		["+05:45", "+05:45"],
	])("the zone %s is %s", (text, zone) => {
		expect(toTimeZone(text)).toBe(zone);
	});

	test.each([
		"",
		"Mars/Olympus",
		"Europe/Berlin ",
		"2026-01-01[UTC]",
		"T00:00Z",
	])("%j is no zone", (text) => {
		expect(() => toTimeZone(text)).toThrow("is no time zone: expected");
	});

	test.each([
		["00:00", 0],
		["06:30", 390],
		["23:59", 1439],
	])("%s is minute %i", (text, minute) => {
		expect(toResetMinute(text)).toBe(minute);
	});

	test.each(["", "24:00", "6:30", "06:60", "06:30:00", "06:30Z"])(
		"%j is no time of day",
		(text) => {
			expect(() => toResetMinute(text)).toThrow("expected HH:MM");
		},
	);
});
