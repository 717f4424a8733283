import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { emptyBalance, reserve, settle } from "../../src/domain/balance.ts";
import { toDuration } from "../../src/domain/duration.ts";
import type { Limit } from "../../src/domain/limit.ts";
import { type Admitted, openKeeper, toBalanceKey } from "./admission.ts";

const spans = fc.oneof(
	fc.constant({ kind: "unending" } as const),
	fc.constantFrom("1d", "7d", "90m").map((text) => ({
		kind: "scheduled" as const,
		schedule: {
			duration: toDuration(text),
			timeZone: "America/New_York",
			resetMinute: 0,
			anchorMs: 0,
		},
	})),
);
const limits = fc.array(
	fc.record({
		subject: fc.constant({ kind: "key", id: "k" } as const),
		measure: fc.constantFrom("nanos", "tokens"),
		span: spans,
		ceiling: fc.bigInt({ min: 0n, max: 100n }),
		model: fc.constant(null),
	}),
	{ minLength: 1, maxLength: 3 },
);

/** What a call asks of three limits at most, how much of it (in hundredths) it comes to, and how its turn ends. */
const steps = fc.array(
	fc.record({
		passMs: fc.oneof(
			fc.constant(0),
			fc.nat({ max: 100_000_000 }),
			// the clock is set back
			fc.integer({ min: -100_000_000, max: 0 }),
		),
		amounts: fc.array(fc.bigInt({ min: 0n, max: 40n }), {
			minLength: 3,
			maxLength: 3,
		}),
		ends: fc.array(
			fc.record({
				which: fc.nat(),
				void: fc.boolean(),
				percent: fc.nat({ max: 100 }),
			}),
			{ maxLength: 3 },
		),
	}),
	{ maxLength: 60 },
);

interface Ended {
	call: Admitted;
	actual: readonly bigint[];
}

interface Run {
	limits: readonly Limit[];
	/** Of what a call comes to, beside the percent of its step: 100 is all that it held. */
	most: bigint;
	afterEach(state: State): void;
}

interface State {
	readonly keeper: ReturnType<typeof openKeeper>;
	readonly open: readonly Admitted[];
	readonly ended: readonly Ended[];
}

type Step = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never;

function run(all: readonly Step[], { limits, most, afterEach }: Run): State {
	const keeper = openKeeper(limits);
	const open: Admitted[] = [];
	const ended: Ended[] = [];
	const state = { keeper, open, ended };
	let nowMs = Date.parse("2026-11-01T00:00Z");
	for (const step of all) {
		nowMs += step.passMs;
		const call = keeper.admit(step.amounts.slice(0, limits.length), nowMs);
		if ("windows" in call) open.push(call);
		afterEach(state);
		for (const end of step.ends) {
			const [call] = open.splice(end.which % Math.max(1, open.length), 1);
			if (call === undefined) break;
			const percent = BigInt(end.percent) * most;
			const actual = call.amounts.map((held) => (held * percent) / 100n);
			if (end.void) keeper.release(call);
			else keeper.settle(call, actual);
			ended.push({ call, actual: end.void ? [] : actual });
			afterEach(state);
		}
	}
	return state;
}

/** From the calls alone: what each balance must be. */
function recount({ open, ended }: State) {
	const sums = new Map<string, { settled: bigint; held: bigint }>();
	const add = (call: Admitted, part: "settled" | "held", of: Ended["actual"]) =>
		call.windows.forEach((window, i) => {
			const key = toBalanceKey(i, window);
			const sum = sums.get(key) ?? { settled: 0n, held: 0n };
			sum[part] += of[i] ?? 0n;
			sums.set(key, sum);
		});
	for (const call of open) add(call, "held", call.amounts);
	for (const { call, actual } of ended) add(call, "settled", actual);
	return sums;
}

const ceilingOf = (all: readonly Limit[], key: string) =>
	all[Number.parseInt(key, 10)]?.ceiling ?? 0n;

describe("admission, whatever is asked, whenever it ends and whatever the clock does", () => {
	test("I-05, I-08, I-09: settled and held stay within every ceiling, above zero, and what is settled only grows", () => {
		const safe = fc.property(limits, steps, (all, script) => {
			const last = new Map<string, bigint>();
			const afterEach = ({ keeper }: State) => {
				for (const [key, { settled, held }] of keeper.balances) {
					expect(settled + held).toBeLessThanOrEqual(ceilingOf(all, key));
					expect(held).toBeGreaterThanOrEqual(0n);
					expect(settled).toBeGreaterThanOrEqual(last.get(key) ?? 0n);
					last.set(key, settled);
				}
			};
			run(script, { limits: all, most: 1n, afterEach });
		});
		fc.assert(safe, { numRuns: 500 });
	});

	test("I-07, I-20: balances are what their own calls come to, each in the window it was held in; at rest nothing is held", () => {
		const exact = fc.property(limits, steps, (all, script) => {
			const afterEach = (state: State) => {
				expect(state.keeper.balances).toEqual(recount(state));
			};
			const { keeper, open } = run(script, {
				limits: all,
				most: 1n,
				afterEach,
			});
			for (const call of open) keeper.release(call);
			for (const { held } of keeper.balances.values()) expect(held).toBe(0n);
		});
		fc.assert(exact, { numRuns: 300 });
	});

	test("I-06: what calls come to above their holds is counted, and is all that goes over a ceiling", () => {
		const bounded = fc.property(limits, steps, (all, script) => {
			const afterEach = ({ keeper, ended }: State) => {
				const excess = new Map<string, bigint>();
				for (const { call, actual } of ended) {
					actual.forEach((amount, i) => {
						const over = amount - (call.amounts[i] ?? 0n);
						if (over <= 0n) return;
						const key = toBalanceKey(i, call.windows[i] as never);
						excess.set(key, (excess.get(key) ?? 0n) + over);
					});
				}
				for (const [key, { settled, held }] of keeper.balances) {
					const over = settled + held - ceilingOf(all, key);
					expect(over).toBeLessThanOrEqual(excess.get(key) ?? 0n);
				}
			};
			run(script, { limits: all, most: 3n, afterEach });
		});
		fc.assert(bounded, { numRuns: 500 });
	});

	test("I-19: a refusal reserves nothing and tells the truth about what is in the way", () => {
		const truthful = fc.property(limits, steps, (all, script) => {
			const amounts = all.map(() => 17n);
			const afterEach = ({ keeper }: State) => {
				const nowMs = Date.parse("2026-11-03T00:00Z");
				const before = new Map(keeper.balances);
				const answer = keeper.admit(amounts, nowMs);
				if ("windows" in answer) return keeper.release(answer);
				expect(keeper.balances).toEqual(before);
				const { reason, claim } = answer;
				const { settled, held } = claim.balance;
				const { ceiling } = claim.limit;
				expect(settled + held + 17n).toBeGreaterThan(ceiling);
				const fitsWithoutHolds = settled + 17n <= ceiling;
				expect(reason === "held").toBe(fitsWithoutHolds);
				expect(reason === "too_large").toBe(17n > ceiling);
			};
			run(script, { limits: all, most: 3n, afterEach });
		});
		fc.assert(truthful, { numRuns: 200 });
	});

	test("I-12: in whatever order calls end, the sums are the same", () => {
		const ends = fc.record({
			calls: fc.array(
				fc.tuple(
					fc.bigInt({ min: 0n, max: 1_000n }),
					fc.bigInt({ min: 0n, max: 2_000n }),
				),
				{ maxLength: 20 },
			),
			by: fc.func(fc.integer()),
		});
		const commutes = fc.property(ends, ({ calls, by }) => {
			const held = calls.reduce((b, [amount]) => reserve(b, amount), {
				...emptyBalance,
			});
			const endAll = (order: typeof calls) =>
				order.reduce(
					(balance, [amount, actual]) =>
						settle(balance, { held: amount, actual }),
					held,
				);
			const other = [...calls].sort((a, b) => by(a, b));
			expect(endAll(other)).toEqual(endAll(calls));
		});
		fc.assert(commutes);
	});
});
