/** Counts out of usage that nobody has checked. */

import { type JsonObject, toObject, toText } from "./json.ts";

/** Remembers whether every member of a usage was what it must be. */
export interface Counts {
	faulty: boolean;
}

export const openCounts = (): Counts => ({ faulty: false });

function read<T>(
	counts: Counts,
	value: unknown,
	to: (value: unknown) => T | null,
): T | null {
	if (value === undefined || value === null) return null;
	const wanted = to(value);
	if (wanted === null) counts.faulty = true;
	return wanted;
}

/** A whole number; null where there is none. */
export const takeCountOrNull = (
	counts: Counts,
	value: unknown,
): number | null => read(counts, value, toCount);

/** A whole number; 0 where there is none. */
export const takeCount = (counts: Counts, value: unknown): number =>
	read(counts, value, toCount) ?? 0;

export const takeObject = (counts: Counts, value: unknown): JsonObject | null =>
	read(counts, value, toObject);

export const takeText = (counts: Counts, value: unknown): string | null =>
	read(counts, value, toText);

const nothing: readonly never[] = [];

export const takeList = (counts: Counts, value: unknown): readonly unknown[] =>
	read(counts, value, toList) ?? nothing;

/** Null for anything but a whole number of 0 or more. */
export const toCount = (value: unknown): number | null =>
	Number.isSafeInteger(value) && (value as number) >= 0
		? Math.abs(value as number)
		: null;

const toList = (value: unknown): readonly unknown[] | null =>
	Array.isArray(value) ? value : null;
