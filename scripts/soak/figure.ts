/** One thing that was measured, and what it must not exceed or fall below. Without a bound it is told for information. */
export interface Figure {
	readonly name: string;
	readonly value: number;
	readonly unit: Unit;
	readonly atMost?: number;
	readonly atLeast?: number;
}

/** `MB`: a million bytes; `count` is printed without its unit. */
export type Unit = "count" | "MB" | "ms" | "s" | "%" | "¢";

/** A value that is not a number misses every bound. */
export function isMissed({ value, atMost, atLeast }: Figure): boolean {
	if (atMost === undefined && atLeast === undefined) return false;
	const fits = value <= (atMost ?? Number.POSITIVE_INFINITY);
	return !(fits && value >= (atLeast ?? Number.NEGATIVE_INFINITY));
}

/** Of such things there must be none. */
export const toNone = (name: string, value: number): Figure => ({
	name,
	value,
	unit: "count",
	atMost: 0,
});

/** What a soak is given. */
export interface SoakContext {
	/** The words that start the gateway. */
	readonly command: readonly string[];
	/** Decides everything random. */
	readonly seed: number;
	readonly progress: (text: string) => void;
	/** Ends every process of the soak; what was waiting for one then rejects. */
	readonly signal: AbortSignal;
}

export const toMegabytes = (bytes: number): number => bytes / 1e6;
