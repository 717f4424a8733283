import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	divideUp,
	maxNanos,
	readDecimal,
	roundUp,
	toDecimalText,
	toDollarText,
	toNanos,
	toPicos,
} from "../../src/domain/nanos.ts";

describe("picos become nanos once, rounded up", () => {
	const rows: [bigint, bigint][] = [
		[0n, 0n],
		[1n, 1n],
		[999n, 1n],
		[1000n, 1n],
		[1001n, 2n],
		[-1n, 0n],
		[-1000n, -1n],
		[-1001n, -1n],
		[10n ** 30n + 1n, 10n ** 27n + 1n],
	];
	test.each(rows)("%s picos are %s nanos", (picos, nanos) => {
		expect(roundUp(toPicos(picos))).toBe(toNanos(nanos));
	});
});

test("a column of 64 bits holds the largest amount, and no larger one", () => {
	expect(BigInt.asIntN(64, maxNanos)).toBe(maxNanos);
	expect(BigInt.asIntN(64, maxNanos + 1n)).toBeLessThan(0n);
});

test("divideUp never falls short, by less than one", () => {
	fc.assert(
		fc.property(
			fc.bigInt({ min: 0n, max: 10n ** 40n }),
			fc.bigInt({ min: 1n, max: 10n ** 20n }),
			(value, by) => {
				const over = divideUp(value, by) * by - value;
				expect(over >= 0n && over < by).toBe(true);
			},
		),
	);
});

describe("decimals are read exactly", () => {
	const rows: [string, number, bigint][] = [
		["0", 6, 0n],
		["2", 6, 2_000_000n],
		["0.125", 6, 125_000n],
		["31.250000", 6, 31_250_000n],
		["007.5", 1, 75n],
		["999999999.999999", 6, 999_999_999_999_999n],
		["0.000000000001", 12, 1n],
		["5", 0, 5n],
	];
	test.each(rows)("%s with %d places", (text, places, value) => {
		expect(readDecimal(text, places)).toBe(value);
	});
	test.each([
		"",
		"-1",
		"+1",
		"1e-7",
		".5",
		"5.",
		" 1",
		"1 ",
		"1,5",
		"0x1",
		"0.1234567",
		"1000000000",
		"NaN",
		"Infinity",
		"٣",
		"1\n",
	])("%j is none", (text) => {
		expect(readDecimal(text, 6)).toBeUndefined();
	});
});

describe("decimals are written exactly", () => {
	const rows: [bigint, string][] = [
		[0n, "0"],
		[1n, "0.000000001"],
		[-1n, "-0.000000001"],
		[13_000_000n, "0.013"],
		[12_500_000_000n, "12.5"],
		[-12_500_000_000n, "-12.5"],
		[100_000_000_000n, "100"],
		[52_500_500n, "0.0525005"],
		[maxNanos, "9223372036.854775807"],
	];
	test.each(rows)("%s nanos are $%s", (nanos, text) => {
		expect(toDollarText(toNanos(nanos))).toBe(text);
	});

	test("what is written is read back", () => {
		fc.assert(
			fc.property(
				fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }),
				fc.integer({ min: 6, max: 12 }),
				(value, places) => {
					expect(readDecimal(toDecimalText(value, places), places)).toBe(value);
				},
			),
		);
	});
});
