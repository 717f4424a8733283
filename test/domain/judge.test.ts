import { describe, expect, test } from "bun:test";
import { type Claim, judge, toRefusal } from "../../src/domain/judge.ts";
import type { Limit, Measure } from "../../src/domain/limit.ts";

interface Sample {
	measure?: Measure;
	settled?: bigint;
	held?: bigint;
	amount?: bigint;
	ceiling?: bigint;
	id?: string;
}

function toClaim(sample: Sample): Claim {
	const { measure = "nanos", id = "k", ceiling = 100n } = sample;
	const { settled = 0n, held = 0n, amount = 1n } = sample;
	const limit: Limit = {
		subject: { kind: "key", id },
		measure,
		span: { kind: "unending" },
		ceiling,
		model: null,
	};
	return { limit, balance: { settled, held }, amount };
}

const reasonOf = (sample: Sample) => judge([toClaim(sample)])?.reason ?? null;

describe("one limit", () => {
	test.each<[string, Sample, string | null]>([
		["room", { settled: 60n, held: 30n, amount: 9n }, null],
		["just room", { settled: 60n, held: 30n, amount: 10n }, null],
		["open holds in the way", { settled: 60n, held: 30n, amount: 11n }, "held"],
		["just open holds", { settled: 60n, held: 30n, amount: 40n }, "held"],
		["settled spend in the way", { settled: 60n, amount: 41n }, "spent"],
		["nothing left", { settled: 100n, amount: 1n }, "spent"],
		["more than all of it", { amount: 101n }, "too_large"],
		["an empty limit", { ceiling: 0n, amount: 1n }, "too_large"],
		["I-06: over already", { settled: 120n, amount: 1n }, "spent"],
		["what is free, over already", { settled: 120n, amount: 0n }, null],
	])("%s", (_, sample, reason) => {
		expect(reasonOf(sample)).toBe(reason as never);
	});
});

describe("several limits", () => {
	const fits = { id: "fits" };
	const held = { id: "held", settled: 60n, held: 40n };
	const spent = { id: "spent", settled: 100n };
	const alsoSpent = { id: "alsoSpent", settled: 100n };
	const tooLarge = { id: "tooLarge", amount: 101n };

	test.each<[string | undefined, Sample[]]>([
		[undefined, []],
		[undefined, [fits]],
		["held", [fits, held]],
		["spent", [held, spent]],
		["spent", [spent, held]],
		["spent", [spent, alsoSpent]],
		["alsoSpent", [alsoSpent, spent]],
		["tooLarge", [held, spent, tooLarge, fits]],
	])("%s is the furthest from passing", (id, samples) => {
		const verdict = judge(samples.map(toClaim));
		expect(verdict?.claim.limit.subject.id).toBe(id as never);
	});
});

describe("a refusal", () => {
	const nowMs = 1_000_000;
	const resetsMs = nowMs + 90_500;
	const busy = { type: "rate_limit_error", retry: true };
	const broke = { type: "billing_error", retry: false };
	const at = (retryAfterSeconds: number | null) => ({ retryAfterSeconds });
	const soon = at(2);
	const concurrent = { measure: "concurrent" } as const;

	test.each<[string, Sample, number | null, object]>([
		["open holds", { settled: 60n, held: 40n }, resetsMs, { ...busy, ...soon }],
		["a spent budget", { settled: 100n }, resetsMs, { ...broke, ...at(91) }],
		["about to reset", { settled: 100n }, nowMs + 3, { ...broke, ...at(1) }],
		["that never resets", { settled: 100n }, null, { ...broke, ...at(null) }],
		["too small", { amount: 101n }, resetsMs, { ...broke, ...at(null) }],
		["all at once", { ...concurrent, held: 100n }, null, { ...busy, ...soon }],
		[
			"a minute too small",
			{ measure: "tokens", amount: 101n },
			null,
			{ ...busy, retry: false, ...at(null) },
		],
	])("%s", (_, sample, resets, expected) => {
		const verdict = judge([toClaim(sample)]);
		if (verdict === null) throw new Error("it fits");
		const times = { roomAfterMs: null, resetsMs: resets, nowMs };
		expect(toRefusal(verdict, times)).toMatchObject(expected);
	});

	test("of a sliding window asks to wait until there is room", () => {
		const verdict = judge([toClaim({ measure: "requests", settled: 100n })]);
		if (verdict === null) throw new Error("it fits");
		const times = { roomAfterMs: 12_001, resetsMs: null, nowMs };
		expect(toRefusal(verdict, times)).toMatchObject({
			type: "rate_limit_error",
			retry: true,
			retryAfterSeconds: 13,
		});
	});

	test("says whose limit, what is used, what is held and what was asked for", () => {
		const claim = toClaim({ settled: 60n, held: 30n, amount: 11n, id: "k7" });
		const verdict = judge([claim]);
		if (verdict === null) throw new Error("it fits");
		const times = { roomAfterMs: null, resetsMs, nowMs };
		expect(toRefusal(verdict, times)).toMatchObject({
			limit: { subject: { kind: "key", id: "k7" }, ceiling: 100n },
			used: 60n,
			held: 30n,
			asked: 11n,
			reason: "held",
		});
	});
});
