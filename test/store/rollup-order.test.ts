/** I-12: in whatever order and groups Entries are settled, the sums are the same. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { toNanos } from "../../src/domain/nanos.ts";
import { type Summed, toRollups } from "../../src/store/rollup.ts";
import { toTestEntry } from "./an-entry.ts";

const text = fc.constantFrom("a", "b", "c");
const textOrNull = fc.option(text);

const summed: fc.Arbitrary<Summed> = fc
	.record({
		keyId: textOrNull,
		endUser: textOrNull,
		tags: fc.uniqueArray(text),
		payer: fc.constantFrom("operator", "client", "user_profile"),
		state: fc.constantFrom("exact", "estimated", "partial", "unpriced"),
		status: fc.constantFrom(0, 200, 429),
		input: fc.nat(),
		cost: fc.bigInt(0n, 9_000_000_000_000_000n),
		hours: fc.integer({ min: 0, max: 2 }),
		model: text,
	})
	.map(({ model, hours, cost, ...changed }) => ({
		model,
		entry: toTestEntry({
			...changed,
			startedMs: hours * 3_600_000,
			cost: changed.state === "unpriced" ? null : toNanos(cost),
		}),
	}));

const toOwnName = (_dimension: string, id: string) => id;

const keyColumns = 4;

/** As the database adds them up. */
function addUp(groups: readonly (readonly Summed[])[]) {
	const sums = new Map<string, bigint[]>();
	for (const row of groups.flatMap((group) => toRollups(group, toOwnName))) {
		const key = JSON.stringify(row.slice(0, keyColumns));
		const counts = row.slice(keyColumns).map((value) => BigInt(value ?? 0));
		const before = sums.get(key);
		sums.set(key, before?.map((sum, at) => sum + (counts[at] ?? 0n)) ?? counts);
	}
	return [...sums].sort();
}

test("one by one, all at once, in any order", () => {
	fc.assert(
		fc.property(
			fc.array(summed, { maxLength: 12 }),
			fc.nat(),
			(entries, turn) => {
				const at = turn % (entries.length + 1);
				const turned = [...entries.slice(at), ...entries.slice(0, at)];
				const whole = addUp([entries]);
				expect(addUp(entries.map((one) => [one]))).toEqual(whole);
				expect(addUp([turned.toReversed()])).toEqual(whole);
				expect(addUp([entries.slice(0, at), entries.slice(at)])).toEqual(whole);
			},
		),
		{ seed: 7, numRuns: 200 },
	);
});

test("the rows of a group always come in one order", () => {
	fc.assert(
		fc.property(fc.array(summed, { maxLength: 12 }), (entries) => {
			const keys = (group: readonly Summed[]) =>
				toRollups(group, toOwnName).map((row) => row.slice(0, keyColumns));
			expect(keys(entries.toReversed())).toEqual(keys(entries));
		}),
		{ seed: 7, numRuns: 200 },
	);
});
