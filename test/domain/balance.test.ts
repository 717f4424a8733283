import { describe, expect, test } from "bun:test";
import {
	emptyBalance,
	release,
	reserve,
	settle,
} from "../../src/domain/balance.ts";
import { maxNanos } from "../../src/domain/nanos.ts";

describe("I-08: a balance refuses what cannot be", () => {
	test.each<[string, () => unknown, string]>([
		["a hold below zero", () => reserve(emptyBalance, -1n), "below zero"],
		[
			"a cost below zero",
			() => settle({ settled: 5n, held: 5n }, { held: 5n, actual: -1n }),
			"below zero",
		],
		[
			"a hold that ends twice",
			() => release(release(reserve(emptyBalance, 3n), 3n), 3n),
			"more was given back",
		],
		[
			"more than a column holds",
			() => reserve({ settled: maxNanos, held: 0n }, 1n),
			"over 64 bits",
		],
	])("%s", (_, act, message) => {
		expect(act).toThrow(RangeError);
		expect(act).toThrow(message);
	});
});
