/** Whatever calls do: no ceiling is ever passed while none takes more than it asked for, and at rest nothing is held. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { toDuration } from "../../src/domain/duration.ts";
import type { Limit, Measure, Span } from "../../src/domain/limit.ts";
import type { Asking, Counter, Reservation } from "../../src/limits/counter.ts";
import { openMemoryCounter } from "../../src/limits/memory.ts";

const subject = { kind: "key", id: "k" } as const;
const startMs = Date.parse("2026-11-30T23:59:00Z");

const toLimit = (measure: Measure, span: Span, ceiling: bigint): Limit => ({
	subject,
	measure,
	span,
	ceiling,
	model: null,
});

const daily: Span = {
	kind: "scheduled",
	schedule: {
		duration: toDuration("1d"),
		timeZone: "UTC",
		resetMinute: 0,
		anchorMs: startMs,
	},
};
const minute: Span = { kind: "sliding", windowMs: 60_000 };

/** Of a counter that knows nothing of prices, resets and what the ledger has. */
const plain = {
	onSpent: () => {},
	findReset: () => null,
	toSumModel: (model: string) => model,
	isFor: () => true,
	horizonMs: Number.POSITIVE_INFINITY,
};

const limits = [
	toLimit("nanos", daily, 1_000n),
	toLimit("nanos", { kind: "unending" }, 5_000n),
	toLimit("tokens", minute, 300n),
	toLimit("requests", minute, 12n),
	toLimit("concurrent", { kind: "unending" }, 4n),
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

interface Running {
	readonly reservation: Reservation;
	readonly nanos: number;
	readonly tokens: number;
	readonly day: number;
}

const dayOf = (ms: number) => Math.floor(ms / 86_400_000);

const ask = (
	counter: Counter,
	of: readonly Limit[],
	wanted: Asking["wanted"],
) =>
	counter.reserve({
		id: "c",
		subjects: [subject],
		limits: of,
		models: ["claude-sonnet-5-5"],
		wanted,
	});

test("random calls", async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (script) => {
			let nowMs = startMs;
			const before = 300n;
			const counter = openMemoryCounter({
				...plain,
				clock: { now: () => nowMs, monotonic: () => nowMs - startMs },
				// Today already, and long ago as well.
				readSpent: async (_limit, sinceMs) => {
					if (sinceMs === 0) return before + 100n;
					return dayOf(sinceMs) === dayOf(startMs) ? before : 0n;
				},
			});
			const running: Running[] = [];
			const spentByDay = new Map([[dayOf(startMs), Number(before)]]);
			let spent = Number(before) + 100;
			const asked: { atMs: number; tokens: number }[] = [];
			for (const one of script) {
				if (one.do === "wait") nowMs += one.ms;
				else if (one.do === "end") {
					const call = running.shift();
					if (call === undefined) continue;
					const nanos = Math.floor((call.nanos * one.share) / 100);
					call.reservation.end({ nanos: BigInt(nanos), tokens: call.tokens });
					// A second time changes nothing.
					call.reservation.end({ nanos: 999n, tokens: 999 });
					spentByDay.set(call.day, (spentByDay.get(call.day) ?? 0) + nanos);
					spent += nanos;
				} else {
					const { nanos, tokens } = one;
					const wanted = { nanos: BigInt(nanos), tokens };
					const { reservation } = await ask(counter, limits, wanted);
					if (reservation === null) continue;
					running.push({ reservation, nanos, tokens, day: dayOf(nowMs) });
					asked.push({ atMs: nowMs, tokens });
				}
				const held = (day?: number) =>
					running
						.filter((call) => day === undefined || call.day === day)
						.reduce((sum, { nanos }) => sum + nanos, 0);
				const today = dayOf(nowMs);
				const ofToday = (spentByDay.get(today) ?? 0) + held(today);
				expect(ofToday).toBeLessThanOrEqual(1_000);
				expect(spent + held()).toBeLessThanOrEqual(5_000);
				expect(running.length).toBeLessThanOrEqual(4);
				const recent = asked.filter(({ atMs }) => atMs > nowMs - 60_000);
				expect(recent.length).toBeLessThanOrEqual(12);
				expect(
					recent.reduce((sum, { tokens }) => sum + tokens, 0),
				).toBeLessThanOrEqual(300);
			}
			for (const { reservation } of running) {
				reservation.end({ nanos: 0n, tokens: 0 });
			}
			nowMs += 2 * 86_400_000;
			const all = await ask(counter, limits, {
				nanos: BigInt(Math.min(1_000, 5_000 - spent)),
				tokens: 300,
			});
			expect(all.refusal).toBeNull();
		}),
		{ numRuns: 500, seed: 1 },
	);
});

test("a call that began before its budget was made counts in it when it ends", async () => {
	const counter = openMemoryCounter({
		...plain,
		clock: { now: () => startMs, monotonic: () => 0 },
		readSpent: async () => 0n,
	});
	const early = await ask(counter, [], { nanos: 90n, tokens: 0 });
	const limit = toLimit("nanos", daily, 100n);
	const refusalOf = async (nanos: bigint) =>
		(await ask(counter, [limit], { nanos, tokens: 0 })).refusal;
	expect(await refusalOf(40n)).toBeNull();
	early.reservation?.end({ nanos: 50n, tokens: 0 });
	expect(await refusalOf(11n)).toMatchObject({ used: 50n, held: 40n });
	expect(await refusalOf(10n)).toBeNull();
});

test("a budget that could not be read is read again, and what is forgotten is read anew", async () => {
	let spent: bigint | null = null;
	const counter = openMemoryCounter({
		...plain,
		clock: { now: () => startMs, monotonic: () => 0 },
		readSpent: async () => {
			if (spent === null) throw new Error("the database is away");
			return spent;
		},
	});
	const limit = toLimit("nanos", daily, 100n);
	const refusalOf = async () =>
		ask(counter, [limit], { nanos: 60n, tokens: 0 });
	const failure = await refusalOf().catch((error) => error);
	expect(String(failure)).toContain("away");
	spent = 50n;
	expect((await refusalOf()).refusal).toMatchObject({ used: 50n });
	counter.forget(subject);
	spent = 0n;
	const { reservation } = await refusalOf();
	reservation?.end({ nanos: 60n, tokens: 0 });
	expect((await refusalOf()).refusal).toMatchObject({ used: 60n, held: 0n });
});

const nowLimit = (id: string, ceiling = 100n): Limit => ({
	...toLimit("nanos", daily, ceiling),
	subject: { kind: "customer", id },
});

async function spendOn(counter: Counter, limit: Limit, nanos: bigint) {
	const { reservation } = await counter.reserve({
		id: "c",
		subjects: [limit.subject],
		limits: [limit],
		models: [],
		wanted: { nanos, tokens: 0 },
	});
	reservation?.end({ nanos, tokens: 0 });
	return reservation;
}

test("so many limits are counted and no more: what rests longest goes, and is read again", async () => {
	const ledger = new Map<string, bigint>();
	let [monotonicMs, reads] = [0, 0];
	const counter = openMemoryCounter({
		...plain,
		maxCells: 40,
		clock: { now: () => startMs, monotonic: () => monotonicMs },
		readSpent: async ({ subject: { id } }) => {
			reads += 1;
			return ledger.get(id) ?? 0n;
		},
	});
	const busy = await ask(counter, [nowLimit("busy")], {
		nanos: 60n,
		tokens: 0,
	});
	for (let at = 0; at < 500; at++) {
		monotonicMs += 1;
		const id = `invented ${at}`;
		expect(await spendOn(counter, nowLimit(id), 90n)).not.toBeNull();
		ledger.set(id, 90n);
		expect(counter.size()).toBeLessThanOrEqual(41);
	}
	expect(reads).toBe(501);
	// Whoever has spent it has spent it, and what is held is held.
	for (const id of ["invented 0", "invented 499"]) {
		expect(await spendOn(counter, nowLimit(id), 11n)).toBeNull();
	}
	expect(reads).toBe(502);
	const { refusal } = await ask(counter, [nowLimit("busy")], {
		nanos: 41n,
		tokens: 0,
	});
	expect(refusal).toMatchObject({ used: 0n, held: 60n, reason: "held" });
	busy.reservation?.end({ nanos: 0n, tokens: 0 });
});

test("sliding windows are kept while something is in them", async () => {
	let monotonicMs = 0;
	const counter = openMemoryCounter({
		...plain,
		maxCells: 8,
		clock: { now: () => startMs, monotonic: () => monotonicMs },
		readSpent: async () => 0n,
	});
	const rate = (id: string): Limit => ({
		...toLimit("requests", minute, 1n),
		subject: { kind: "key", id },
	});
	const isIn = async (id: string) =>
		(await ask(counter, [rate(id)], { nanos: 0n, tokens: 0 })).refusal === null;
	for (let at = 0; at < 50; at++) expect(await isIn(`k${at}`)).toBe(true);
	for (let at = 0; at < 50; at++) expect(await isIn(`k${at}`)).toBe(false);
	expect(counter.size()).toBe(50);
	monotonicMs += 61_000;
	for (let at = 0; at < 50; at++) expect(await isIn(`k${at}`)).toBe(true);
	monotonicMs += 61_000;
	for (let at = 0; at < 3; at++) expect(await isIn(`new ${at}`)).toBe(true);
	for (let at = 0; at < 30; at++) expect(await isIn(`newer ${at}`)).toBe(true);
	expect(counter.size()).toBeLessThan(50);
});

test("two windows of the same length are one count, and the clock finds the window that it left", async () => {
	let nowMs = startMs;
	let reads = 0;
	const counter = openMemoryCounter({
		...plain,
		horizonMs: startMs,
		clock: { now: () => nowMs, monotonic: () => 0 },
		readSpent: async () => {
			reads += 1;
			return 0n;
		},
	});
	const both = [toLimit("nanos", daily, 100n), toLimit("nanos", daily, 50n)];
	const once = async (nanos: bigint) => {
		const { reservation, refusal } = await ask(counter, both, {
			nanos,
			tokens: 0,
		});
		reservation?.end({ nanos, tokens: 0 });
		return refusal;
	};
	expect(await once(30n)).toBeNull();
	expect(await once(21n)).toMatchObject({
		used: 30n,
		held: 0n,
		limit: { ceiling: 50n },
	});
	expect(reads).toBe(1);
	nowMs += 2 * 86_400_000;
	expect(await once(50n)).toBeNull();
	nowMs -= 2 * 86_400_000;
	expect(await once(21n)).toMatchObject({ used: 30n });
	// Nothing can have begun in the later one, so nobody had to ask.
	expect(reads).toBe(1);
});

test("a call whose body took it past midnight counts where it began, as in the ledger", async () => {
	const midnightMs = Date.parse("2026-12-01T00:00:00Z");
	const counter = openMemoryCounter({
		...plain,
		horizonMs: 0,
		clock: { now: () => midnightMs + 5_000, monotonic: () => 0 },
		readSpent: async () => 0n,
	});
	const limit = toLimit("nanos", daily, 100n);
	const spend = async (nanos: bigint, startedMs: number) => {
		const { reservation, refusal } = await counter.reserve({
			id: "c",
			subjects: [subject],
			limits: [limit],
			models: [],
			wanted: { nanos, tokens: 0 },
			startedMs,
		});
		reservation?.end({ nanos, tokens: 0 });
		return refusal;
	};
	expect(await spend(70n, midnightMs + 1)).toBeNull();
	expect(await spend(80n, midnightMs - 1)).toBeNull();
	expect(await spend(31n, midnightMs + 2)).toMatchObject({ used: 70n });
	expect(await spend(21n, midnightMs - 2)).toMatchObject({ used: 80n });
});
