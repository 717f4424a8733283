/** What the contract of a keeper promises, whoever keeps the counts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	ask,
	every,
	type Keeper,
	keepers,
	minute,
	newSubject,
	startMs,
	toLimit,
	unending,
} from "./keepers.ts";

const dayMs = 86_400_000;
/** From `startMs` into the next day. */
const toNextDayMs = 61_000;

describe.each(keepers)("counts $name", ({ can, open }) => {
	describe.skipIf(!can)("that are kept", () => {
		let keeper: Keeper;
		beforeAll(async () => {
			keeper = await open();
		}, 30_000);
		afterAll(() => keeper.stop());

		test("of hundreds at once exactly as many as there is room for are let in, of every measure", async () => {
			const { counter, rest } = keeper.open();
			const subject = newSubject();
			for (const limit of [
				toLimit(subject, "nanos", every("1d"), 2_599n),
				toLimit(subject, "requests", minute, 25n),
				toLimit(subject, "tokens", minute, 25n * 40n),
				toLimit(subject, "concurrent", unending, 25n),
			]) {
				const all = await Promise.all(
					Array.from({ length: 300 }, () =>
						ask(counter, [limit], { nanos: 100n, tokens: 40 }),
					),
				);
				const inside = all.filter(({ refusal }) => refusal === null);
				expect(inside).toHaveLength(25);
				for (const { reservation } of inside) {
					reservation?.end({ nanos: 0n, tokens: 0 });
				}
				await rest();
			}
		});

		test("all of a call's limits or none: a refused call has taken nothing", async () => {
			const { counter } = keeper.open();
			const wide = toLimit(newSubject(), "nanos", unending, 100n);
			const tight = toLimit(newSubject(), "concurrent", unending, 0n);
			const { refusal } = await ask(counter, [wide, tight], { nanos: 100n });
			expect(refusal?.limit).toEqual(tight);
			const { reservation } = await ask(counter, [wide], { nanos: 100n });
			expect(reservation).not.toBeNull();
		});

		test("what is spent stays when a window ends, and what was held before counts before", async () => {
			const { counter, pass, rest } = keeper.open();
			const subject = newSubject();
			const limit = toLimit(subject, "nanos", every("1d"), 100n);
			const early = await ask(counter, [limit], { nanos: 70n });
			const { refusal } = await ask(counter, [limit], { nanos: 31n });
			expect(refusal).toMatchObject({
				reason: "held",
				used: 0n,
				held: 70n,
				resetsMs: startMs + 60_000,
				retryAfterSeconds: 2,
			});
			pass(toNextDayMs);
			const late = await ask(counter, [limit], { nanos: 100n });
			expect(late.refusal).toBeNull();
			early.reservation?.end({ nanos: 90n, tokens: 0 });
			await rest();
			late.reservation?.end({ nanos: 60n, tokens: 0 });
			await rest();
			const next = await ask(counter, [limit], { nanos: 41n });
			expect(next.refusal).toMatchObject({ used: 60n, held: 0n });
			expect(next.refusal?.type).toBe("billing_error");
		});

		test("a clock that is set back finds the window that it left", async () => {
			const { counter, pass } = keeper.open();
			const limit = toLimit(newSubject(), "nanos", every("1d"), 100n);
			expect((await ask(counter, [limit], { nanos: 60n })).refusal).toBeNull();
			pass(toNextDayMs);
			expect((await ask(counter, [limit], { nanos: 90n })).refusal).toBeNull();
			pass(-toNextDayMs);
			expect(
				(await ask(counter, [limit], { nanos: 41n })).refusal,
			).toMatchObject({ held: 60n });
		});

		test("tokens count as asked for until it is known what was used", async () => {
			const { counter, pass, rest } = keeper.open();
			const limit = toLimit(newSubject(), "tokens", minute, 100n);
			const { reservation } = await ask(counter, [limit], { tokens: 90 });
			const refusalOf = async (tokens: number) =>
				(await ask(counter, [limit], { tokens })).refusal;
			expect(await refusalOf(11)).toMatchObject({ used: 90n });
			reservation?.end({ nanos: 0n, tokens: 20 });
			await rest();
			expect(await refusalOf(81)).toMatchObject({
				used: 20n,
				retryAfterSeconds: 61,
			});
			expect(await refusalOf(101)).toMatchObject({ reason: "too_large" });
			expect(await refusalOf(80)).toBeNull();
			pass(61_000);
			expect(await refusalOf(100)).toBeNull();
		});

		test("what was spent before comes from the ledger, once, however many ask for it", async () => {
			let read = 0;
			const { counter } = keeper.open(async (_limit, sinceMs) => {
				read += 1;
				expect(sinceMs).toBe(startMs + 60_000 - dayMs);
				return 70n;
			});
			const limit = toLimit(newSubject(), "nanos", every("1d"), 100n);
			const all = await Promise.all(
				Array.from({ length: 12 }, () => ask(counter, [limit], { nanos: 10n })),
			);
			const refusals = all.flatMap(({ refusal }) => refusal ?? []);
			expect(refusals).toHaveLength(9);
			expect(refusals[0]).toMatchObject({ used: 70n, held: 30n });
			expect(read).toBeLessThanOrEqual(3);
		});

		test("a call that began before its budget was made counts in it when it ends", async () => {
			const { counter, rest } = keeper.open();
			const subject = newSubject();
			const subjects = [subject];
			const early = await ask(counter, [], { nanos: 90n }, { subjects });
			const limit = toLimit(subject, "nanos", every("1d"), 100n);
			const refusalOf = async (nanos: bigint) =>
				(await ask(counter, [limit], { nanos })).refusal;
			expect(await refusalOf(40n)).toBeNull();
			early.reservation?.end({ nanos: 50n, tokens: 0 });
			await counted(async () => {
				await rest();
				return (await refusalOf(61n))?.used === 50n;
			});
			expect(await refusalOf(11n)).toMatchObject({ used: 50n, held: 40n });
			expect(await refusalOf(10n)).toBeNull();
		});

		test("it counts in a model's budget only if it names a model of it", async () => {
			const { counter, rest } = keeper.open();
			const subject = newSubject();
			const of = (model: string) => ({
				...toLimit(subject, "nanos", unending, 100n),
				model,
			});
			const [sonnet, opus] = [of("claude-sonnet-*"), of("claude-opus-*")];
			const requests = toLimit(subject, "requests", minute, 100n);
			const early = await ask(counter, [requests], { nanos: 90n });
			for (const limit of [sonnet, opus]) {
				const { reservation } = await ask(counter, [limit], { nanos: 1n });
				reservation?.end({ nanos: 0n, tokens: 0 });
			}
			// Of what served, or else of what was asked for.
			const model = "claude-sonnet-5-5";
			early.reservation?.end({ nanos: 50n, tokens: 0, model });
			await rest();
			const usedOf = async (limit: typeof opus) =>
				(await ask(counter, [limit], { nanos: 101n })).refusal?.used;
			expect([await usedOf(sonnet), await usedOf(opus)]).toEqual([50n, 0n]);
		});

		test("a budget that could not be read is read again, and what is forgotten is read anew", async () => {
			let spent: bigint | null = null;
			const { counter, rest } = keeper.open(async () => {
				if (spent === null) throw new Error("the database is away");
				return spent;
			});
			const subject = newSubject();
			const limit = toLimit(subject, "nanos", every("1d"), 100n);
			const asked = () => ask(counter, [limit], { nanos: 60n });
			const failure = await asked().catch((error) => error);
			expect(String(failure)).toContain("away");
			spent = 50n;
			expect((await asked()).refusal).toMatchObject({ used: 50n });
			counter.forget(subject);
			await rest();
			spent = 0n;
			const { reservation } = await asked();
			counter.forget(subject);
			await rest();
			// The count begins anew, with what ends from now on.
			await ask(counter, [limit], { nanos: 1n });
			reservation?.end({ nanos: 60n, tokens: 0 });
			await rest();
			expect((await asked()).refusal).toMatchObject({ used: 60n, held: 1n });
		});

		test("what is restated is spent, and open holds stay", async () => {
			const { counter, rest } = keeper.open(async (_limit, sinceMs) =>
				sinceMs < startMs ? 90n : 0n,
			);
			const subject = newSubject();
			const limits = [
				toLimit(subject, "nanos", every("1d"), 100n),
				toLimit(subject, "nanos", unending, 1_000n),
			];
			const first = await ask(counter, limits, { nanos: 10n });
			await counter.restate(subject, 5n as never);
			const refusalOf = async (nanos: bigint) =>
				(await ask(counter, limits, { nanos })).refusal;
			expect(await refusalOf(86n)).toMatchObject({ used: 5n, held: 10n });
			first.reservation?.end({ nanos: 7n, tokens: 0 });
			await rest();
			expect(await refusalOf(89n)).toMatchObject({ used: 12n, held: 0n });
		});

		test("where the ledger says something else of the past, it is asked again, and open holds stay", async () => {
			let past = 90n;
			const { counter, rest } = keeper.open(async () => past);
			const subject = newSubject();
			const limits = [
				toLimit(subject, "nanos", every("1d"), 100n),
				toLimit(subject, "nanos", unending, 1_000n),
			];
			const asked = async (nanos: bigint) => ask(counter, limits, { nanos });
			const first = await asked(7n);
			expect((await asked(11n)).refusal).toMatchObject({ used: 90n, held: 7n });
			past = 40n;
			await counter.recount([subject, newSubject()]);
			expect((await asked(61n)).refusal).toMatchObject({ used: 40n, held: 7n });
			first.reservation?.end({ nanos: 5n, tokens: 0 });
			await rest();
			past = 95n;
			await counter.recount([subject]);
			expect((await asked(6n)).refusal).toMatchObject({ used: 95n, held: 0n });
			expect((await asked(5n)).refusal).toBeNull();
		});

		test("what was being read of the ledger meanwhile does not count", async () => {
			const [begun, gate] = [
				Promise.withResolvers<void>(),
				Promise.withResolvers<void>(),
			];
			let past = 10n;
			const { counter } = keeper.open(async () => {
				const read = past;
				begun.resolve();
				if (read === 10n) await gate.promise;
				return read;
			});
			const subject = newSubject();
			const limits = [toLimit(subject, "nanos", unending, 100n)];
			const asked = ask(counter, limits, { nanos: 5n });
			await begun.promise;
			past = 97n;
			await counter.recount([subject]);
			gate.resolve();
			expect((await asked).refusal).toMatchObject({ used: 97n, held: 0n });
		});

		test("a soft budget refuses nothing; what comes to any budget is told", async () => {
			const { counter, told, rest } = keeper.open();
			const subject = newSubject();
			const soft = { ...toLimit(subject, "nanos", unending, 10n), soft: true };
			const hard = toLimit(subject, "nanos", unending, 100n);
			const limits = [soft as typeof hard & { soft: true }, hard];
			for (const nanos of [30n, 40n]) {
				const { reservation } = await ask(counter, limits, { nanos });
				expect(reservation).not.toBeNull();
				reservation?.end({ nanos: nanos - 10n, tokens: 0 });
				await rest();
			}
			expect(told).toEqual([
				[10n, 0n, 20n],
				[100n, 0n, 20n],
				[10n, 20n, 30n],
				[100n, 20n, 30n],
			]);
			const { refusal } = await ask(counter, limits, { nanos: 51n });
			expect(refusal?.limit).toEqual(hard);
			expect(counter.fullest(limits)?.limit).toEqual(hard);
		});

		test("tells of the fullest budget what it saw last", async () => {
			const { counter, pass, rest } = keeper.open();
			const subject = newSubject();
			const limits = [
				toLimit(subject, "nanos", every("1d"), 100n),
				toLimit(subject, "nanos", unending, 400n),
				toLimit(subject, "requests", minute, 1_000n),
			];
			expect(counter.fullest(limits)).toBeNull();
			const { reservation } = await ask(counter, limits, { nanos: 60n });
			expect(counter.fullest(limits)?.share).toBe(0);
			reservation?.end({ nanos: 60n, tokens: 0 });
			await rest();
			expect(counter.fullest(limits)).toEqual({
				limit: limits[0] as (typeof limits)[0],
				spent: 60n,
				share: 0.6,
				resetsMs: startMs + 60_000,
			});
			pass(toNextDayMs);
			expect(counter.fullest(limits)).toMatchObject({
				share: 0.15,
				resetsMs: null,
			});
		});
	});
});

async function counted(condition: () => Promise<boolean>) {
	const deadlineMs = performance.now() + 10_000;
	while (!(await condition())) {
		if (performance.now() > deadlineMs) throw new Error("it was not counted");
		await Bun.sleep(5);
	}
}
