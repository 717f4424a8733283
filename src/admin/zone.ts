/** Days as people somewhere have them. */
import { z } from "zod";
import { GatewayError } from "../domain/error.ts";
import { type LocalDay, toEdges } from "../store/activity.ts";
import { text } from "./read-input.ts";
import { dayMs, maxDays, tooManyDays } from "./spend-span.ts";

const minuteMs = 60_000;
/** Of the date line, and no zone is further. */
const maxMinutes = 14 * 60;
/** Days that begin within an hour cost a look into the ledger each. */
const maxUnevenDays = 31;

/** By how many minutes a place is ahead of UTC at a moment. */
type Zone = (atMs: number) => number;

/** LiteLLM's number of minutes is a browser's: how far the place is behind UTC. */
export const zone = text
	.transform((value, context): Zone => {
		const found = /^-?\d{1,4}$/.test(value)
			? toFixed(-Number(value))
			: toNamed(value);
		if (found !== null) return found;
		context.addIssue({
			code: "custom",
			message:
				"must be the name of a time zone, such as Europe/Berlin, or how many minutes it is behind UTC",
		});
		return z.NEVER;
	})
	.meta({ pattern: "^(UTC|[A-Z][A-Za-z]+/[A-Za-z_/+-]+|-?[0-7]?\\d{1,2})$" });

export const utc: Zone = () => 0;

const toFixed = (minutes: number): Zone | null =>
	Math.abs(minutes) <= maxMinutes ? () => minutes : null;

function toNamed(name: string): Zone | null {
	const format = toFormat(name);
	if (format === null) return null;
	return (atMs) => {
		const part = format
			.formatToParts(atMs)
			.find(({ type }) => type === "timeZoneName")?.value;
		const [, sign, hours = "0", minutes = "0"] =
			/GMT(?:([+-])(\d\d):(\d\d))?/.exec(part ?? "") ?? [];
		const ahead = Number(hours) * 60 + Number(minutes);
		return sign === "-" ? -ahead : ahead;
	};
}

function toFormat(timeZone: string): Intl.DateTimeFormat | null {
	try {
		return new Intl.DateTimeFormat("en-US", {
			timeZone,
			timeZoneName: "longOffset",
		});
	} catch (error) {
		if (error instanceof RangeError) return null;
		throw error;
	}
}

/**
 * @param span the first moments (UTC) of the first and the last day
 * @throws GatewayError `malformed_request` for too many
 */
export function toLocalDays(
	{ firstMs, lastMs }: { readonly firstMs: number; readonly lastMs: number },
	at: Zone,
): LocalDay[] {
	const count = (lastMs - firstMs) / dayMs + 1;
	if (count > maxDays) throw tooManyDays();
	const starts = Array.from({ length: count + 1 }, (_, day) =>
		toMidnight(firstMs + day * dayMs, at),
	);
	const days = Array.from(
		{ length: count },
		(_, day): LocalDay => ({
			date: new Date(firstMs + day * dayMs).toISOString().slice(0, 10),
			fromMs: starts[day] ?? 0,
			untilMs: starts[day + 1] ?? 0,
		}),
	);
	if (toEdges(days).length <= maxUnevenDays + 1) return days;
	throw new GatewayError(
		"malformed_request",
		`timezone: its days do not begin at an hour of UTC; ask for at most ${maxUnevenDays} of them at once.`,
	);
}

/** The second guess is right, also where clocks are set on that day. */
function toMidnight(utcMs: number, at: Zone): number {
	const guess = utcMs - at(utcMs) * minuteMs;
	return utcMs - at(guess) * minuteMs;
}
