/** The durations of LiteLLM's contract: `30s`, `15m`, `24h`, `7d`, `2w`, `1mo`. */

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** A month counts as its longest here; what needs a real one asks the calendar. */
const unitMs = {
	s: secondMs,
	m: minuteMs,
	h: hourMs,
	d: dayMs,
	w: 7 * dayMs,
	mo: 31 * dayMs,
} as const;

export type DurationUnit = keyof typeof unitMs;

export interface Duration {
	/** A whole number, 1 or more. */
	readonly count: number;
	readonly unit: DurationUnit;
}

/** 2,737 years: whatever it is added to keeps a year of four digits. */
export const maxDurationDays = 1_000_000;

/** Of a duration's text. */
export const grammar = /^(\d{1,15})(mo|[smhdw])$/;

/** @throws RangeError with a sentence for the one who wrote the text. */
export function toDuration(text: string): Duration {
	const [, digits, unit] = grammar.exec(text) ?? [];
	if (digits === undefined) throw wrong(text, toReason(text));
	const duration = { count: Number(digits), unit: unit as DurationUnit };
	if (duration.count === 0) throw wrong(text, "it must be longer than nothing");
	if (lengthOf(duration) > maxDurationDays * dayMs) {
		throw wrong(text, `the longest is ${maxDurationDays}d`);
	}
	return duration;
}

/** The same where `-1` is allowed, which is null: never. @throws RangeError */
export function toDurationOrNever(text: string): Duration | null {
	return text === "-1" ? null : toDuration(text);
}

/** What `toDuration` reads as the same duration, without leading zeros. */
export const toDurationText = ({ count, unit }: Duration): string =>
	`${count}${unit}`;

/** In milliseconds, or null for months, which have no fixed length. */
export const toFixedMs = (duration: Duration): number | null =>
	duration.unit === "mo" ? null : lengthOf(duration);

const lengthOf = ({ count, unit }: Duration): number => count * unitMs[unit];

/** Exactly so much later; months by the calendar in UTC, where 31 January and a month is the last of February. */
export function addDuration(fromMs: number, duration: Duration): number {
	const fixedMs = toFixedMs(duration);
	if (fixedMs !== null) return fromMs + fixedMs;
	return Temporal.Instant.fromEpochMilliseconds(fromMs)
		.toZonedDateTimeISO("UTC")
		.add({ months: duration.count }).epochMilliseconds;
}

const maxQuoted = 20;
const expected =
	"expected a whole number and one of s, m, h, d, w, mo (months), such as 30d";

const wrong = (text: string, reason: string) =>
	new RangeError(
		`${JSON.stringify(text.slice(0, maxQuoted))} is no duration: ${reason}.`,
	);

/** What people write instead, and what to say to it. */
const reasons: readonly [RegExp, string][] = [
	[/^$/, `it is empty; ${expected}`],
	[/^-1$/, "it always ends here; leave it out where nothing should end"],
	[/^-/, `it is negative; ${expected}`],
	[/^\d+$/, `its unit is missing; ${expected}`],
	[/^\d+[.,]\d+/, "only whole numbers: write 90m for 1.5h"],
	[/^\d{16,}/, `the longest is ${maxDurationDays}d`],
	[/^\d+M$/, "write m for minutes or mo for months"],
	[/^\d+y/i, "there are no years: write 12mo or 365d"],
	[/\s/, `it must not hold a blank; ${expected}`],
];

const toReason = (text: string): string =>
	reasons.find(([pattern]) => pattern.test(text))?.[1] ?? expected;
