/** The days that a report is asked for. */
import { GatewayError } from "../domain/error.ts";
import { day } from "./read-input.ts";

const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
/** The last moment that a Date can be. */
export const lastMs = 8_640_000_000_000_000;

/** Of a query. */
export const dates = { start_date: day.optional(), end_date: day.optional() };

interface Dates {
	readonly start_date?: number | undefined;
	readonly end_date?: number | undefined;
}

/**
 * The first moments of the first and the last day; null: none was asked for.
 * @throws GatewayError `malformed_request` for one without the other, or in the wrong order
 */
export function toDays({ start_date: first, end_date: last }: Dates) {
	if (first === undefined && last === undefined) return null;
	if (first === undefined || last === undefined) {
		throw new GatewayError(
			"malformed_request",
			"start_date and end_date: send both, or neither.",
		);
	}
	if (last >= first) return { firstMs: first, lastMs: last };
	throw new GatewayError(
		"malformed_request",
		"end_date: it must not be before start_date.",
	);
}

/** Both days are part of it. */
export const toSpan = (days: ReturnType<typeof toDays>) =>
	days === null
		? { fromMs: 0, untilMs: lastMs }
		: { fromMs: days.firstMs, untilMs: days.lastMs + dayMs };

export const toHours = ({ fromMs, untilMs }: ReturnType<typeof toSpan>) => ({
	from: Math.floor(fromMs / hourMs),
	until: Math.ceil(untilMs / hourMs),
});

/** What a report of single days, or of single calls, can be asked for at once. */
export const maxDays = 366;

interface Time {
	readonly startMs: number;
	/** Of what was said: a day, or a second. */
	readonly lengthMs: number;
}

/**
 * Both are part of it.
 * @throws GatewayError `malformed_request` for the wrong order, or too much
 */
export function toTimes({
	start_date: first,
	end_date: last,
}: {
	readonly start_date: Time;
	readonly end_date: Time;
}) {
	const span = { fromMs: first.startMs, untilMs: last.startMs + last.lengthMs };
	if (last.startMs < first.startMs) {
		throw new GatewayError(
			"malformed_request",
			"end_date: it must not be before start_date.",
		);
	}
	if (span.untilMs - span.fromMs > maxDays * dayMs) throw tooManyDays();
	return span;
}

export const tooManyDays = () =>
	new GatewayError(
		"malformed_request",
		`start_date and end_date: at most ${maxDays} days can be asked for at once.`,
	);
