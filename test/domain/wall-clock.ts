/** What a clock on the wall shows, by `Intl`: an authority of its own beside the calendar that the windows are made with. */

/** Milliseconds of the wall's date and time, read as if it were UTC. */
export type WallClock = (atMs: number) => number;

export function openWallClock(timeZone: string): WallClock {
	const format = new Intl.DateTimeFormat("en-u-ca-iso8601-nu-latn", {
		timeZone,
		hourCycle: "h23",
		year: "numeric",
		month: "2-digit",
		day: "2-digit",
		hour: "2-digit",
		minute: "2-digit",
		second: "2-digit",
	});
	return (atMs) => {
		const parts = new Map(
			format.formatToParts(atMs).map(({ type, value }) => [type, value]),
		);
		const read = (type: Intl.DateTimeFormatPartTypes) =>
			Number(parts.get(type));
		return Date.UTC(
			read("year"),
			read("month") - 1,
			read("day"),
			read("hour"),
			read("minute"),
			read("second"),
			((atMs % 1000) + 1000) % 1000,
		);
	};
}
