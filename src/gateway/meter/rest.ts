/** What upstream says of usage and no column takes: kept with the Entry, so that a cost can be computed again. */

import { findLastValue, type JsonObject } from "./json.ts";

/** Characters; a call with forty iterations stays below it. What is cut is cut at half of it: as a string in JSON it grows again. */
const maxRestLength = 4096;
/** Levels of nesting; usage has three. */
const maxDepth = 8;

/** Members that have a place in Usage, as deep as they go. */
export interface Columns {
	readonly [name: string]: true | Columns;
}

/**
 * Compact JSON of the members without a column, those aside that say nothing (null, 0, empty); null if none is left. Too
 * long a rest is cut, and is then the text under `cut`.
 */
export function toRest(usage: JsonObject, columns: Columns): string | null {
	if (!isMore(usage, columns)) return null;
	const left = withoutColumns(usage, columns, maxDepth);
	if (left === undefined) return null;
	const rest = JSON.stringify(left);
	return rest.length <= maxRestLength
		? rest
		: JSON.stringify({ cut: rest.slice(0, maxRestLength / 2) });
}

/** What these texts of usage say, word for word: `{"raw":[…]}`. For usage that could not be read. */
export function toRawRest(texts: readonly (string | null)[]): string | null {
	const raw = texts.flatMap((text) =>
		text === null ? [] : text.slice(0, maxRestLength / 2 / texts.length),
	);
	return raw.length === 0 ? null : JSON.stringify({ raw });
}

/** What a JSON text, torn or whole, says of usage. */
export function findUsage(text: string | null): string | null {
	const found = text && findLastValue(text, "usage", maxRestLength);
	return found === "null" || found === "" ? null : found;
}

/** Whether there is a member without a column that may say something: nearly never, and then nothing is made. */
function isMore(usage: JsonObject, columns: Columns): boolean {
	for (const name in usage) {
		const member = usage[name];
		const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
		if (column === true || member === null || member === 0) continue;
		if (column === undefined || typeof member !== "object") return true;
		if (isMore(member as JsonObject, column)) return true;
	}
	return false;
}

/** Undefined if nothing is left. */
function withoutColumns(
	value: unknown,
	columns: Columns,
	depth: number,
): unknown {
	if (value === null || value === 0) return undefined;
	if (typeof value !== "object") return value;
	if (depth === 0) return "…";
	if (Array.isArray(value)) {
		if (value.length === 0) return undefined;
		return value.map((item) => withoutColumns(item, {}, depth - 1) ?? null);
	}
	const left = Object.entries(value).flatMap(([name, member]) => {
		const column = Object.hasOwn(columns, name) ? columns[name] : {};
		if (column === true) return [];
		const rest = withoutColumns(member, column ?? {}, depth - 1);
		return rest === undefined ? [] : [[name, rest] as const];
	});
	return left.length === 0 ? undefined : Object.fromEntries(left);
}
