/** When calls are made: hour by hour, more of them while people work. */
export const hourMs = 3_600_000;
const hoursPerDay = 24;
export const dayMs = hoursPerDay * hourMs;

/** By the hour of a day, UTC: a company in Europe, and what it runs at night. */
const workday = [
	2, 2, 2, 2, 3, 5, 9, 14, 18, 19, 18, 14, 16, 19, 19, 17, 13, 9, 6, 5, 4, 3, 2,
	2,
] as const;
/** A day off has so much of it. */
const dayOff = 0.25;

export interface Hour {
	readonly startMs: number;
	readonly calls: number;
}

/** As many hours as end at `untilMs`, with exactly `calls` calls in all. */
export function* toHours(
	calls: number,
	{ days, untilMs }: { readonly days: number; readonly untilMs: number },
): Iterable<Hour> {
	const hours = days * hoursPerDay;
	const starts = Array.from(
		{ length: hours },
		(_, at) => untilMs - (hours - at) * hourMs,
	);
	const weights = starts.map(toWeight);
	const all = weights.reduce((sum, weight) => sum + weight, 0);
	let weight = 0;
	let given = 0;
	for (const [at, startMs] of starts.entries()) {
		weight += weights[at] ?? 0;
		const due = Math.round((calls * weight) / all);
		yield { startMs, calls: due - given };
		given = due;
	}
}

function toWeight(startMs: number): number {
	const time = new Date(startMs);
	const isDayOff = time.getUTCDay() % 6 === 0;
	return (workday[time.getUTCHours()] ?? 0) * (isDayOff ? dayOff : 1);
}
