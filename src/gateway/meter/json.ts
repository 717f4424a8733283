/** Reading JSON that upstream wrote and nobody has checked. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Undefined if it is none: what upstream sends must never end a call. */
export function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

export const toObject = (value: unknown): JsonObject | null =>
	typeof value === "object" && value !== null && !Array.isArray(value)
		? (value as JsonObject)
		: null;

/** Of a name or an id; the longest known has 60. */
const maxTextLength = 200;

/** Null for anything but a string with something in it. */
export const toText = (value: unknown): string | null =>
	typeof value === "string" && value !== ""
		? value.slice(0, maxTextLength)
		: null;

/**
 * The value of the last member of this name in a text, as it stands there. Works on JSON that is torn or wrong elsewhere;
 * null if there is none, and at most `maxLength` characters of it.
 */
export function findLastValue(
	text: string,
	name: string,
	maxLength: number,
): string | null {
	const at = text.lastIndexOf(`"${name}"`);
	if (at < 0) return null;
	const rest = text.slice(at + name.length + 2, at + name.length + maxLength);
	const colon = /^\s*:\s*/.exec(rest);
	if (colon === null) return null;
	const value = rest.slice(colon[0].length);
	return value.slice(0, endOfValue(value));
}

const word = /"(?:[^"\\]|\\.)*"?|[[\]{},]/gs;

/** Where the value ends with which a text begins. */
function endOfValue(text: string): number {
	let depth = 0;
	for (const { 0: found, index } of text.matchAll(word)) {
		const closes = found === "}" || found === "]";
		if (found === "{" || found === "[") depth++;
		if (closes && depth > 0) depth--;
		else if (depth === 0 && (closes || found === ",")) return index;
		if (depth === 0) return index + found.length;
	}
	return text.length;
}
