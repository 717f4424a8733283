/** Whatever calls do: no ceiling is ever passed while none takes more than it asked for, and at rest nothing is held. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Reservation, Reserved } from "../../src/limits/counter.ts";
import {
	ask,
	every,
	type Keeper,
	type Kept,
	keepers,
	minute,
	newSubject,
	startMs,
	toLimit,
	unending,
} from "./keepers.ts";

const toLimits = (subject = newSubject()) => [
	toLimit(subject, "nanos", every("1d"), 1_000n),
	toLimit(subject, "nanos", unending, 5_000n),
	toLimit(subject, "tokens", minute, 300n),
	toLimit(subject, "requests", minute, 12n),
	toLimit(subject, "concurrent", unending, 4n),
];

const step = fc.oneof(
	fc.record({
		do: fc.constant("ask" as const),
		nanos: fc.nat(400),
		tokens: fc.nat(120),
	}),
	fc.record({ do: fc.constant("end" as const), share: fc.nat(100) }),
	fc.record({ do: fc.constant("wait" as const), ms: fc.nat(40_000) }),
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

interface Running {
	readonly reservation: Reservation;
	readonly nanos: number;
	readonly tokens: number;
	readonly day: number;
}

const dayOf = (ms: number) => Math.floor(ms / 86_400_000);

/** Today already, and long ago as well. */
const before = { today: 300, ever: 400 };
const readSpent = async (_limit: unknown, sinceMs: number) => {
	if (sinceMs === 0) return BigInt(before.ever);
	return BigInt(dayOf(sinceMs) === dayOf(startMs) ? before.today : 0);
};

async function play({ counter, pass, nowMs, rest }: Kept, script: Step[]) {
	const limits = toLimits();
	const running: Running[] = [];
	const spentByDay = new Map([[dayOf(startMs), before.today]]);
	let spent = before.ever;
	const asked: { atMs: number; tokens: number }[] = [];
	const answers: Reserved["refusal"][] = [];
	for (const one of script) {
		if (one.do === "wait") pass(one.ms);
		else if (one.do === "end") {
			const call = running.shift();
			if (call === undefined) continue;
			const nanos = Math.floor((call.nanos * one.share) / 100);
			call.reservation.end({ nanos: BigInt(nanos), tokens: call.tokens });
			// A second time changes nothing.
			call.reservation.end({ nanos: 999n, tokens: 999 });
			spentByDay.set(call.day, (spentByDay.get(call.day) ?? 0) + nanos);
			spent += nanos;
			await rest();
		} else {
			const { nanos, tokens } = one;
			const wanted = { nanos: BigInt(nanos), tokens };
			const { reservation, refusal } = await ask(counter, limits, wanted);
			answers.push(refusal && { ...refusal, limit: { ...refusal.limit } });
			if (reservation === null) continue;
			running.push({ reservation, nanos, tokens, day: dayOf(nowMs()) });
			asked.push({ atMs: nowMs(), tokens });
		}
		const held = (day?: number) =>
			running
				.filter((call) => day === undefined || call.day === day)
				.reduce((sum, { nanos }) => sum + nanos, 0);
		const today = dayOf(nowMs());
		const ofToday = (spentByDay.get(today) ?? 0) + held(today);
		expect(ofToday).toBeLessThanOrEqual(1_000);
		expect(spent + held()).toBeLessThanOrEqual(5_000);
		expect(running.length).toBeLessThanOrEqual(4);
		const recent = asked.filter(({ atMs }) => atMs > nowMs() - 60_000);
		expect(recent.length).toBeLessThanOrEqual(12);
		expect(
			recent.reduce((sum, { tokens }) => sum + tokens, 0),
		).toBeLessThanOrEqual(300);
	}
	for (const { reservation } of running) {
		reservation.end({ nanos: 0n, tokens: 0 });
	}
	await rest();
	pass(2 * 86_400_000);
	const all = await ask(counter, limits, {
		nanos: BigInt(Math.min(1_000, 5_000 - spent)),
		tokens: 300,
	});
	expect(all.refusal).toBeNull();
	all.reservation?.end({ nanos: 0n, tokens: 0 });
	await rest();
	return answers;
}

describe.each(keepers)("counts $name", ({ can, open, runs }) => {
	describe.skipIf(!can)("that are kept", () => {
		let keeper: Keeper;
		beforeAll(async () => {
			keeper = await open();
		}, 30_000);
		afterAll(() => keeper.stop());

		test("random calls", async () => {
			const [alone] = await Promise.all([keepers[0].open()]);
			await fc.assert(
				fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (script) => {
					const answers = await play(keeper.open(readSpent), script);
					// Whoever keeps the counts, the answers are those of the one in memory.
					const others = await play(alone.open(readSpent), script);
					const plain = (all: typeof answers) =>
						all.map((one) => one && { ...one, limit: one.limit.measure });
					expect(plain(answers)).toEqual(plain(others));
				}),
				{ numRuns: runs, seed: 1 },
			);
		}, 60_000);
	});
});
