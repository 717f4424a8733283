import { expect, test } from "bun:test";
import {
	findPlaces,
	packNames,
	runEntries,
	toHashPattern,
	toNameHash,
	toNameNumber,
} from "../../src/store/reference-pack.ts";

test("hashes are stored: these are theirs for ever", () => {
	expect([
		toNameHash("message", "msg_01XFDUDYJgAACzvnptvVoYEL"),
		toNameHash("request", "msg_01XFDUDYJgAACzvnptvVoYEL"),
		toNameHash("session", ""),
		toNameHash("session", "Zoë 🦊"),
	]).toEqual([32005705144, 23880865056, 27286294791, 36739338669]);
});

const names = Array.from({ length: runEntries }, (_, at) => `msg_${at}`);
const numbers = Float64Array.from(names, (name, place) =>
	toNameNumber(toNameHash("message", name), place),
).sort();

test("hashes of names that look alike lie apart", () => {
	const hashes = numbers.map((number) => Math.floor(number / runEntries));
	expect(new Set(hashes).size).toBe(runEntries);
	const sixteenths = Array.from({ length: 16 }, () => 0);
	for (const hash of hashes) {
		sixteenths[Math.floor(hash / 2 ** 32)] =
			(sixteenths[Math.floor(hash / 2 ** 32)] ?? 0) + 1;
	}
	for (const count of sixteenths) {
		expect(count).toBeGreaterThan(runEntries / 32);
		expect(count).toBeLessThan(runEntries / 8);
	}
});

/** As the database does it. */
const matches = (text: string, pattern: string) =>
	text.includes(pattern.replaceAll("%", ""));

test("every name is in the row that its hash leads to, at its place", () => {
	const rows = packNames(numbers);
	for (const [place, name] of names.entries()) {
		const hash = toNameHash("message", name);
		const row = rows.findLast(({ first }) => first <= hash);
		expect(matches(row?.names ?? "", toHashPattern(hash))).toBe(true);
		expect(findPlaces(row?.names ?? "", hash)).toEqual([place]);
	}
	expect(rows.every(({ names: text }) => text.length <= 256)).toBe(true);
});

test("the same name at every place is one row", () => {
	const hash = toNameHash("session", "s");
	const same = Float64Array.from(names, (_, place) =>
		toNameNumber(hash, place),
	);
	const rows = packNames(same);
	expect(rows).toHaveLength(1);
	expect(findPlaces(rows[0]?.names ?? "", hash)).toHaveLength(runEntries);
});

test("the lowest and the highest hash fit", () => {
	for (const hash of [0, 2 ** 36 - 1]) {
		const number = toNameNumber(hash, runEntries - 1);
		const [row] = packNames(Float64Array.of(number));
		expect(row?.first).toBe(hash);
		expect(findPlaces(row?.names ?? "", hash)).toEqual([runEntries - 1]);
	}
});

test("a row without the hash has no place for it, although its text looks so", () => {
	const hash = 0x123456789;
	const shifted = [...packNames(Float64Array.of(toNameNumber(hash, 0)))];
	const text = `A${shifted[0]?.names.slice(0, 6)}A`;
	expect(matches(text, toHashPattern(hash))).toBe(true);
	expect(findPlaces(text, hash)).toEqual([]);
});
