import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import type { Summed } from "../../src/store/rollup.ts";
import { toTestEntry } from "../store/an-entry.ts";
import { toCallId } from "../store/fill.ts";
import {
	entryCount,
	type Ground,
	type LedgerCopy,
	listGrounds,
	prefilled,
} from "./damaged-ledger.ts";
import { damages, prepare } from "./damages.ts";

// A machine that may be busy, and thousands of hashes.
setDefaultTimeout(60_000);

/** On a copy of the ground that is closed afterwards. */
async function on<T>(
	ground: Ground,
	act: (copy: LedgerCopy) => Promise<T>,
): Promise<T> {
	const copy = await ground.copy();
	try {
		return await act(copy);
	} finally {
		await copy.close();
	}
}

/** What is looked for is the same on both; of PostgreSQL only the reading is its own, and making a copy takes a second. */
const everyFourth = damages.filter((_, at) => at % 4 === 0);

describe.each([...listGrounds(prefilled)])(
	"a ledger on $name",
	({ name, can, open }) => {
		const planted = name === "PostgreSQL" ? everyFourth : damages;
		let ground: Ground;
		beforeAll(async () => {
			if (can) ground = await open();
		});
		afterAll(() => ground?.stop());

		test.skipIf(!can)("is found to be as it was written", async () => {
			const { findings, verified } = await on(ground, async (copy) => {
				await prepare(copy);
				return copy.verify();
			});
			expect(findings).toEqual([]);
			expect(verified.ok).toBe(true);
			expect(verified.entries).toBe(entryCount);
			expect(verified.recomputed).toBeGreaterThan(entryCount * 0.9);
		});

		test.skipIf(!can).each([...planted])(
			"$name: found and named",
			async (damage) => {
				const { findings, verified } = await on(ground, async (copy) => {
					for (const sql of damage.sql) await copy.run(sql);
					if (damage.hidden) await copy.rechain();
					return copy.verify();
				});
				expect(verified.ok).toBe(false);
				const { kind, seq, text = "" } = damage;
				const found = findings.filter(
					(one) =>
						one.kind === kind &&
						(seq === undefined || one.seq === seq) &&
						`${one.id} ${one.detail}`.includes(text),
				);
				expect({ findings, found: found.length > 0 }).toMatchObject({
					found: true,
				});
				const kinds = new Set(findings.map((one) => one.kind));
				if (damage.only) {
					expect([...kinds].sort()).toEqual([...damage.only].sort());
				}
			},
		);

		test.skipIf(!can)(
			"a hold that was left is told, and no damage",
			async () => {
				const { findings, verified } = await on(ground, async (copy) => {
					await copy.run(
						"INSERT INTO @holds VALUES ('h', 1, 'call', 0, 5, '[]')",
					);
					return copy.verify();
				});
				expect(findings.map(({ kind, id }) => [kind, id])).toEqual([
					["hold_left", "h"],
				]);
				expect(verified.ok).toBe(true);
			},
		);
	},
);

const startMs = Date.UTC(2026, 10, 22, 12, 30);
/** More than a day has names for. */
const manyTags = 1_100;

/** Calls of one key with so many tags. */
const withTags = (count: number) => [
	Array.from({ length: count }, (_, at) => ({
		entry: toTestEntry({
			id: toCallId(startMs, at),
			keyId: "key",
			tags: [`tag-${at}`, "always"],
			price: null,
			cost: null,
			state: "unpriced",
			messageId: `msg_${at}`,
			upstreamRequestId: `req_${at}`,
		}),
		model: "claude-sonnet-5-5",
	})),
];

/** A model that the list of that time did not know. */
const ofOtherTimes = [
	Array.from({ length: 5 }, (_, at) => ({
		entry: toTestEntry({
			id: toCallId(startMs, at),
			messageId: null,
			upstreamRequestId: `req_${at}`,
		}),
		model: "other",
	})),
];

const openFirst = (groups: Iterable<readonly Summed[]>) => {
	const [first] = listGrounds(() => groups);
	if (!first) throw new Error("no engine");
	return first.open();
};

test("tags beyond the names of a day may be summed as other, and not more than they are", async () => {
	const ground = await openFirst(withTags(manyTags));
	const whole = await on(ground, (copy) => copy.verify());
	expect(whole.findings).toEqual([]);
	const damaged = await on(ground, async (copy) => {
		await copy.run(
			"UPDATE @rollups SET input = input + 1 WHERE dimension = 'tag' AND id = 'other'",
		);
		return copy.verify();
	});
	await ground.stop();
	expect(damaged.verified.ok).toBe(false);
	expect(damaged.findings.map(({ kind, id }) => [kind, id])).toEqual([
		["sum_extra", "other"],
	]);
});

test("a tag's sum is not given to all others on a day with few", async () => {
	const ground = await openFirst(withTags(5));
	const { findings } = await on(ground, async (copy) => {
		await copy.run(
			"UPDATE @rollups SET id = 'other' WHERE dimension = 'tag' AND id = 'tag-3'",
		);
		return copy.verify();
	});
	await ground.stop();
	expect(findings.map(({ kind, id }) => [kind, id])).toEqual([
		["sum_extra", "other"],
		["sum_missing", "tag-3"],
	]);
});

test("a model that the price list of its time did not know is told, and no damage", async () => {
	const ground = await openFirst(ofOtherTimes);
	const { findings, verified } = await on(ground, (copy) => copy.verify());
	const damaged = await on(ground, async (copy) => {
		await copy.run("UPDATE @rollups SET cost = cost + 1");
		return copy.verify();
	});
	await ground.stop();
	expect(new Set(findings.map(({ kind }) => kind))).toEqual(
		new Set(["model_moved"]),
	);
	expect(verified.ok).toBe(true);
	expect(damaged.verified.ok).toBe(false);
});
