/** What a call counts for is what the ledger will say of it, whoever keeps the counts: its model, its window, its reset. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Limit } from "../../src/domain/limit.ts";
import { type Subject, toSubjectName } from "../../src/domain/subject.ts";
import type {
	Actual,
	Asking,
	Counter,
	ReadSpent,
} from "../../src/limits/counter.ts";
import {
	ask,
	every,
	type Keeper,
	type Kept,
	keepers,
	newSubject,
	plainModels,
	startMs,
	toLimit,
	unending,
} from "./keepers.ts";

const midnightMs = startMs + 60_000;
const sonnet = "claude-sonnet-5-5";
const opus = "claude-opus-4-8";

interface Row {
	readonly of: string;
	readonly startedMs: number;
	readonly model: string;
	readonly nanos: bigint;
}

/** A keeper, and the ledger on which all of its calls are recorded before they are counted. */
function openLedger(keeper: Keeper) {
	const rows: Row[] = [];
	const read: ReadSpent = async (
		{ subject, model },
		sinceMs,
		untilMs = Infinity,
	) =>
		rows
			.filter(
				(row) =>
					row.of === toSubjectName(subject) &&
					row.startedMs >= sinceMs &&
					row.startedMs < untilMs &&
					(model === null || plainModels.isFor(model, row.model)),
			)
			.reduce((sum, { nanos }) => sum + nanos, 0n);
	const kept = keeper.open(read);
	const record = (subject: Subject, row: Omit<Row, "of">) =>
		void rows.push({ of: toSubjectName(subject), ...row });
	return { ...kept, record, begin: toBegin(kept, record) };
}

/** Lets a call in; what it gives ends it. */
const toBegin =
	(
		{ counter, rest, nowMs }: Kept,
		record: (subject: Subject, row: Omit<Row, "of">) => void,
	) =>
	async (limits: readonly Limit[], asking: Partial<Asking> = {}) => {
		const startedMs = nowMs();
		const [subject] = limits.map((one) => one.subject) as [Subject];
		const of = { startedMs, subjects: [subject], ...asking };
		const { reservation, refusal } = await ask(
			counter,
			limits,
			{ nanos: 90n },
			of,
		);
		expect(refusal).toBeNull();
		return async (nanos: bigint, model: string | null) => {
			const served = { startedMs: of.startedMs, model: model ?? sonnet, nanos };
			record(subject, served);
			const actual: Actual = { nanos, tokens: 0 };
			reservation?.end(model === null ? actual : { ...actual, model });
			await rest();
		};
	};

/** What is counted of each, and held. */
const count = async (
	counter: Counter,
	limits: readonly Limit[],
	startedMs?: number,
) => {
	const counted: (readonly [bigint, bigint])[] = [];
	for (const limit of limits) {
		const of = { ...limit, ceiling: 0n };
		const at = startedMs === undefined ? {} : { startedMs };
		const { refusal } = await ask(counter, [of], { nanos: 1n }, at);
		if (refusal === null) throw new Error("it was let in");
		counted.push([refusal.used, refusal.held]);
	}
	return counted;
};

describe.each(keepers)("counts $name", ({ can, open }) => {
	describe.skipIf(!can)("that are kept", () => {
		let keeper: Keeper;
		beforeAll(async () => {
			keeper = await open();
		}, 30_000);
		afterAll(() => keeper.stop());

		/** Whoever reads the ledger anew must find what was counted. */
		const expectCounts = async (
			{ counter, rest }: Kept,
			limits: readonly Limit[],
			used: readonly bigint[],
			startedMs?: number,
		) => {
			const wanted = used.map((nanos) => [nanos, 0n] as const);
			expect(await count(counter, limits, startedMs)).toEqual(wanted);
			for (const { subject } of limits) counter.forget(subject);
			await rest();
			expect(await count(counter, limits, startedMs)).toEqual(wanted);
		};

		const toModelLimits = (subject: Subject, models: readonly string[]) =>
			models.map((model) => ({
				...toLimit(subject, "nanos", unending, 1_000n),
				model,
			}));

		test("a model's budget counts what served, whatever was asked for", async () => {
			const kept = openLedger(keeper);
			const patterns = ["claude-sonnet-*", "claude-opus-*", "*"];
			const limits = toModelLimits(newSubject(), patterns);
			const [ofSonnet, ofOpus, ofAll] = limits as [Limit, Limit, Limit];
			await count(kept.counter, limits);
			// Another of its slots served it.
			const fallback = await kept.begin([ofSonnet, ofAll]);
			expect(await count(kept.counter, [ofSonnet])).toEqual([[0n, 90n]]);
			await fallback(50n, opus);
			const both = await kept.begin([ofSonnet, ofOpus]);
			await both(7n, sonnet);
			await expectCounts(kept, limits, [7n, 50n, 57n]);
			expect(kept.told).toEqual([
				[1_000n, 0n, 50n],
				[1_000n, 0n, 7n],
			]);
		});

		test("a model without a price counts for every limit that can be about one", async () => {
			const kept = openLedger(keeper);
			const patterns = ["claude-unheard-9", "claude-unheard-8", sonnet];
			const limits = toModelLimits(newSubject(), patterns);
			await count(kept.counter, limits);
			const end = await kept.begin(limits.slice(0, 1), {
				models: ["claude-unheard-9"],
			});
			await end(30n, "other");
			await expectCounts(kept, limits, [30n, 30n, 0n]);
		});

		test("what has several models counts for all that it named, and for no other", async () => {
			const { counter, begin } = openLedger(keeper);
			const patterns = ["claude-sonnet-*", "claude-opus-*", "claude-haiku-*"];
			const limits = toModelLimits(newSubject(), patterns);
			await count(counter, limits);
			const end = await begin(limits.slice(0, 1), { models: [sonnet, opus] });
			await end(40n, null);
			expect(await count(counter, limits)).toEqual([
				[40n, 0n],
				[40n, 0n],
				[0n, 0n],
			]);
		});

		test("a call counts in the window in which it began, whenever it is let in and ends", async () => {
			const kept = openLedger(keeper);
			const { counter, pass, record } = kept;
			const subject = newSubject();
			const limit = toLimit(subject, "nanos", every("1d"), 200n);
			const startedMs = midnightMs - 1;
			record(subject, { startedMs: startMs, model: opus, nanos: 3n });
			pass(61_000);
			await (await kept.begin([limit]))(5n, sonnet);
			// Its body took long.
			const late = await kept.begin([limit], { startedMs });
			expect(await count(counter, [limit])).toEqual([[5n, 0n]]);
			expect(await count(counter, [limit], startedMs)).toEqual([[3n, 90n]]);
			const { refusal } = await ask(
				counter,
				[limit],
				{ nanos: 108n },
				{ startedMs },
			);
			expect(refusal).toMatchObject({ used: 3n, resetsMs: midnightMs });
			await late(70n, sonnet);
			await expectCounts(kept, [limit], [5n]);
			await expectCounts(kept, [limit], [73n], startedMs);
		});

		test("so does a call of which its budgets knew nothing when it began", async () => {
			const kept = openLedger(keeper);
			const { counter, pass } = kept;
			const subject = newSubject();
			const limit = toLimit(subject, "nanos", every("1d"), 200n);
			const other = toLimit(subject, "concurrent", unending, 9n);
			await count(counter, [limit]);
			const early = await kept.begin([other]);
			pass(61_000);
			await early(40n, sonnet);
			await expectCounts(kept, [limit], [0n]);
			await expectCounts(kept, [limit], [40n], startMs);
		});

		test("a reset counts calls that began after it, and no others", async () => {
			const kept = openLedger(keeper);
			const { counter, pass, nowMs } = kept;
			const subject = newSubject();
			const whole = toLimit(subject, "nanos", every("1d"), 1_000n);
			const [one] = toModelLimits(subject, [sonnet]) as [Limit];
			const limits = [whole, one];
			await (await kept.begin(limits))(30n, sonnet);
			const before = await kept.begin(limits);
			const startedMs = nowMs();
			pass(1);
			await counter.restate(subject, 8n as never);
			pass(1);
			const after = await kept.begin(limits);
			const slow = await kept.begin(limits, { startedMs });
			expect(await count(counter, limits)).toEqual([
				[8n, 270n],
				[0n, 270n],
			]);
			await before(90n, sonnet);
			await slow(80n, sonnet);
			await after(5n, sonnet);
			expect(await count(counter, limits)).toEqual([
				[13n, 0n],
				[5n, 0n],
			]);
			// Of the next window it says nothing.
			pass(61_000);
			await (await kept.begin(limits))(1n, sonnet);
			await expectCounts(kept, limits, [1n, 6n]);
			await expectCounts(kept, limits, [13n, 6n], startMs + 5);
		});

		test("two limits that share a count are one: a call is taken off once", async () => {
			const kept = openLedger(keeper);
			const { counter, told } = kept;
			const subject = newSubject();
			const both = [100n, 95n].map((ceiling) =>
				toLimit(subject, "nanos", every("1d"), ceiling),
			);
			await (await kept.begin(both))(30n, sonnet);
			expect(told).toEqual([
				[100n, 0n, 30n],
				[95n, 0n, 30n],
			]);
			const { refusal } = await ask(counter, both, { nanos: 66n });
			expect(refusal).toMatchObject({ used: 30n, limit: { ceiling: 95n } });
			await expectCounts(kept, both, [30n, 30n]);
		});
	});
});
