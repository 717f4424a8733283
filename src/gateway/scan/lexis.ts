/** The words of JSON (RFC 8259), resumable at any byte. */

import type { Buffer } from "node:buffer";

export const quote = 0x22;
const backslash = 0x5c;

/** Farther than this, the runtime's memchr beats four bytes at a time, in spite of its call (12 ns; Bun 1.4.5). */
const nearBytes = 128;

/** A word of four quotes, and what finds a zero byte in a word (Hacker's Delight, §6-1). */
const quotes = 0x22222222;
const ones = 0x01010101;
const highs = 0x80808080;

/**
 * Finds the quote that ends the string whose inside begins at `from`; `words` is a view of the same bytes, or empty. A result
 * ≥ bytes.length means that the string goes on: the next chunk is to be searched from (result - bytes.length), which is
 * 1 after a dangling backslash.
 */
export function endOfString(
	bytes: Buffer,
	words: DataView,
	from: number,
): number {
	const length = bytes.length;
	for (let i = from; ; i++) {
		const start = i;
		i = findQuote(bytes, words, i);
		let unescaped = i;
		while (unescaped > start && bytes[unescaped - 1] === backslash) unescaped--;
		const escaped = (i - unescaped) & 1;
		if (i === length) return i + escaped;
		if (escaped === 0) return i;
	}
}

/** The place of the next quote, or the length. */
function findQuote(bytes: Buffer, words: DataView, from: number): number {
	const length = bytes.length;
	let i = from;
	if (words.byteLength === 0) {
		while (i < length && bytes[i] !== quote) i++;
		return Math.min(i, length);
	}
	const near = Math.min(i + nearBytes, length - 4);
	for (; i <= near; i += 4) {
		const word = words.getInt32(i, true) ^ quotes;
		const found = (word - ones) & ~word & highs;
		if (found !== 0) return i + ((31 - Math.clz32(found & -found)) >> 3);
	}
	const far = bytes.indexOf(quote, i);
	return far < 0 ? length : far;
}

const digits = "0123456789";

/** Numbers and literals as an automaton: from a state, on any of these characters, to a state. */
const scalarRows = [
	["start", "-", "minus"],
	["start", "0", "zero"],
	["start", "123456789", "integer"],
	["minus", "0", "zero"],
	["minus", "123456789", "integer"],
	["zero", ".", "point"],
	["zero", "eE", "exponent"],
	["integer", digits, "integer"],
	["integer", ".", "point"],
	["integer", "eE", "exponent"],
	["point", digits, "fraction"],
	["fraction", digits, "fraction"],
	["fraction", "eE", "exponent"],
	["exponent", "+-", "sign"],
	["exponent", digits, "power"],
	["sign", digits, "power"],
	["power", digits, "power"],
	...literalRows("true"),
	...literalRows("false"),
	...literalRows("null"),
] as const satisfies readonly (readonly [string, string, string])[];

/** Where a scalar may end. */
const wholeScalars: readonly string[] = [
	"zero",
	"integer",
	"fraction",
	"power",
	"true",
	"false",
	"null",
];

/** `start -t-> t -r-> tr -u-> tru -e-> true` */
function literalRows(word: string): [string, string, string][] {
	return [...word].map((letter, i) => [
		word.slice(0, i) || "start",
		letter,
		word.slice(0, i + 1),
	]);
}

/** The row of a state begins at `state`; 0 is no move; the states from `firstWhole` on are whole. */
function compileScalars() {
	const states = new Set(["start", ...scalarRows.map(([, , to]) => to)]);
	const partial = [...states].filter((state) => !wholeScalars.includes(state));
	const names = ["none", ...partial, ...wholeScalars];
	const moves = new Uint16Array(names.length << 8);
	for (const [from, characters, to] of scalarRows) {
		for (const character of characters) {
			moves[(names.indexOf(from) << 8) | character.charCodeAt(0)] =
				names.indexOf(to) << 8;
		}
	}
	return {
		moves,
		start: names.indexOf("start") << 8,
		firstWhole: (1 + partial.length) << 8,
	};
}

const scalars = compileScalars();

/** A state of the automaton: 0 = not a scalar. */
export type ScalarState = number;

export const startScalar = (byte: number): ScalarState =>
	scalars.moves[scalars.start | byte] ?? 0;
export const moveScalar = (state: ScalarState, byte: number): ScalarState =>
	scalars.moves[state | byte] ?? 0;
export const isWholeScalar = (state: ScalarState): boolean =>
	state >= scalars.firstWhole;
