/** Counts out of usage that nobody has checked. */

import { type JsonObject, toObject, toText } from "./json.ts";

/** Reads the members of a usage, and remembers whether each was what it must be. */
export interface Counts {
	/** A whole number; 0 where there is none. */
	count(of: JsonObject | null, name: string): number;
	/** A whole number; null where there is none. */
	countOrNull(of: JsonObject, name: string): number | null;
	object(of: JsonObject, name: string): JsonObject | null;
	list(of: JsonObject, name: string): readonly unknown[];
	text(of: JsonObject, name: string): string | null;
	/** Something is wrong with it. */
	fault(): void;
	isFaulty(): boolean;
}

export function openCounts(): Counts {
	let faulty = false;
	const read = <T>(
		of: JsonObject | null,
		name: string,
		to: (value: unknown) => T | null,
	): T | null => {
		const value = of?.[name] ?? null;
		if (value === null) return null;
		const wanted = to(value);
		faulty ||= wanted === null;
		return wanted;
	};
	return {
		count: (of, name) => read(of, name, toCount) ?? 0,
		countOrNull: (of, name) => read(of, name, toCount),
		object: (of, name) => read(of, name, toObject),
		list: (of, name) => read(of, name, toList) ?? [],
		text: (of, name) => read(of, name, toText),
		fault() {
			faulty = true;
		},
		isFaulty: () => faulty,
	};
}

/** Null for anything but a whole number of 0 or more. */
export const toCount = (value: unknown): number | null =>
	Number.isSafeInteger(value) && (value as number) >= 0
		? Math.abs(value as number)
		: null;

const toList = (value: unknown): readonly unknown[] | null =>
	Array.isArray(value) ? value : null;
