/** When a limit begins to count anew, by the calendar of a time zone. */

import { type Duration, dayMs, toFixedMs } from "./duration.ts";

/** From the first to before the last, since 1970. */
export interface Window {
	readonly startMs: number;
	readonly endMs: number;
}

/** Of a limit that never resets; it ends at the last instant that a Date can say. */
export const forever: Window = { startMs: 0, endMs: 8.64e15 };

/** When a limit resets. Whole days reset by the calendar, shorter durations roll from the anchor. */
export interface Schedule {
	readonly duration: Duration;
	/** Of the IANA database, as `toTimeZone` gives it. */
	readonly timeZone: string;
	/** Minutes after midnight at which a day of the budget begins. */
	readonly resetMinute: number;
	/** Since 1970; where windows are counted from that no calendar names (five hours, ten days). When the limit was made. */
	readonly anchorMs: number;
}

/** All that admission asks at every call: two comparisons. */
export const isIn = ({ startMs, endMs }: Window, atMs: number): boolean =>
	startMs <= atMs && atMs < endMs;

/**
 * The one window of the schedule that holds the instant: windows follow one another without gap or overlap. A pure
 * function of the instant, so that a clock that is set back finds the window that it left, with what was counted in it.
 * Keep it while `isIn`. Takes microseconds.
 *
 * | Duration | Begins at the reset time of |
 * |---|---|
 * | `1d`, `24h` | every day |
 * | `7d`, `1w` | every Monday |
 * | `30d`, `1mo` | the first of every month |
 * | other whole days | every n-th day, from the anchor's on |
 * | `2mo`, … | the first of every n-th month, from the anchor's on |
 * | others | every n milliseconds, from the anchor on |
 */
export function windowAt(schedule: Schedule, atMs: number): Window {
	const cycle = toCycle(schedule);
	if (cycle === null) return rollingAt(schedule, atMs);
	return calendarWindowAt(cycle, schedule, atMs);
}

function rollingAt({ duration, anchorMs }: Schedule, atMs: number): Window {
	const lengthMs = toFixedMs(duration) ?? dayMs;
	const startMs =
		anchorMs + Math.floor((atMs - anchorMs) / lengthMs) * lengthMs;
	return { startMs, endMs: startMs + lengthMs };
}

/** Windows that begin on `from` and on every n-th day, or first of a month, before and after it. */
interface Cycle {
	readonly unit: "days" | "months";
	readonly count: number;
	readonly from: Temporal.PlainDate;
}

const firstDay = Temporal.PlainDate.from("1970-01-01");
const firstMonday = Temporal.PlainDate.from("1970-01-05");

/** Durations that a calendar names begin with it, whenever the limit was made. */
const named: ReadonlyMap<number, Cycle> = new Map([
	[1, { unit: "days", count: 1, from: firstDay }],
	[7, { unit: "days", count: 7, from: firstMonday }],
	[30, { unit: "months", count: 1, from: firstDay }],
]);

/** Null for a duration that is not of whole days. */
function toCycle(schedule: Schedule): Cycle | null {
	const fixedMs = toFixedMs(schedule.duration);
	if (fixedMs === null) {
		const from = toAnchorDay(schedule).with({ day: 1 });
		return { unit: "months", count: schedule.duration.count, from };
	}
	const count = fixedMs / dayMs;
	if (!Number.isInteger(count)) return null;
	return (
		named.get(count) ?? { unit: "days", count, from: toAnchorDay(schedule) }
	);
}

/** The day of the budget on which the anchor lies: the one before, if the reset time is yet to come. */
function toAnchorDay(schedule: Schedule): Temporal.PlainDate {
	const { anchorMs } = schedule;
	const date = toDate(schedule, anchorMs);
	return toInstantMs(schedule, date) <= anchorMs
		? date
		: date.subtract({ days: 1 });
}

function calendarWindowAt(
	{ unit, count, from }: Cycle,
	schedule: Schedule,
	atMs: number,
): Window {
	const startOf = (index: number) =>
		toInstantMs(schedule, from.add({ [unit]: index * count }));
	const passed = from.until(toDate(schedule, atMs), { largestUnit: unit });
	// One off where the reset time is yet to come, or where the clock was put back over midnight.
	let index = Math.floor(passed[unit] / count);
	while (startOf(index) > atMs) index--;
	while (startOf(index + 1) <= atMs) index++;
	return { startMs: startOf(index), endMs: startOf(index + 1) };
}

const toDate = ({ timeZone }: Schedule, atMs: number): Temporal.PlainDate =>
	Temporal.Instant.fromEpochMilliseconds(atMs)
		.toZonedDateTimeISO(timeZone)
		.toPlainDate();

/**
 * When the clock shows the reset time on that day: the first time of two; where it skips it, as much after the gap as
 * the time lies in it (RFC 5545, 3.3.5).
 */
function toInstantMs(
	{ timeZone, resetMinute }: Schedule,
	date: Temporal.PlainDate,
): number {
	const plainTime = {
		hour: Math.floor(resetMinute / 60),
		minute: resetMinute % 60,
	};
	return date.toZonedDateTime({ timeZone, plainTime }).epochMilliseconds;
}

/** A name of the database, or a fixed offset. `Temporal` would take a date with a zone as well. */
const zoneName = /^([a-z][a-z0-9_+/-]*|[+-]\d\d:\d\d)$/i;

/** The zone's name in the spelling of the database. @throws RangeError with a sentence for the one who wrote it. */
export function toTimeZone(text: string): string {
	try {
		if (zoneName.test(text)) {
			return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text)
				.timeZoneId;
		}
	} catch (cause) {
		throw noTimeZone(text, cause);
	}
	throw noTimeZone(text);
}

const noTimeZone = (text: string, cause?: unknown) =>
	new RangeError(
		`${JSON.stringify(text.slice(0, maxQuoted))} is no time zone: expected a name such as UTC or Europe/Berlin.`,
		{ cause },
	);

const maxQuoted = 40;

/** `06:30` as minutes after midnight. @throws RangeError with a sentence for the one who wrote it. */
export function toResetMinute(text: string): number {
	const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
	if (hour === undefined) {
		throw new RangeError(
			`${JSON.stringify(text.slice(0, maxQuoted))} is no time of day: expected HH:MM from 00:00 to 23:59.`,
		);
	}
	return Number(hour) * 60 + Number(minute);
}
