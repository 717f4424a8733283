/** I-01: whatever adds up what was spent says the same, in any zone, also on days on which clocks are set. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Entry } from "../../src/domain/entry.ts";
import { noNanos } from "../../src/domain/nanos.ts";
import { emptyUsage } from "../../src/domain/usage.ts";
import type { RepriceReport } from "../../src/gateway/reprice/report.ts";
import { openReprice } from "../../src/gateway/reprice/reprice.ts";
import { openTotals } from "../../src/gateway/totals.ts";
import { clock } from "../../src/platform/bun.ts";
import type { Catalog } from "../../src/pricing/catalog.ts";
import { toCost } from "../../src/pricing/cost.ts";
import type { Store } from "../../src/store/store.ts";
import type { Finding } from "../../src/store/verify/findings.ts";
import { row } from "../pricing/own-rows.ts";
import { toTestEntry } from "../store/an-entry.ts";
import { toCallId } from "../store/fill.ts";
import { type Ask, type History, histories, readRows } from "./history.ts";
import {
	type Days,
	expectAnswers,
	expectReports,
	expectStates,
	spentOf,
} from "./sums-agree.ts";

// A machine that may be busy.
setDefaultTimeout(120_000);

const hourMs = 3_600_000;
const days: Days = { first: "2026-10-03", last: "2026-11-02" };
/** All of it lies within those days in every zone. */
const fromMs = Date.UTC(2026, 9, 3, 5);
const untilMs = Date.UTC(2026, 10, 2, 12);

/** Lord Howe sets its clocks by half an hour, Berlin and New York by one; and midnights on those days. */
const edgesMs = [
	Date.UTC(2026, 9, 3, 15, 30),
	Date.UTC(2026, 9, 4, 13),
	Date.UTC(2026, 9, 24, 22),
	Date.UTC(2026, 9, 25, 1),
	Date.UTC(2026, 9, 25, 23),
	Date.UTC(2026, 10, 1, 4),
	Date.UTC(2026, 10, 1, 6),
	Date.UTC(2026, 10, 2, 5),
	Date.UTC(2026, 9, 24, 18, 30),
	Date.UTC(2026, 9, 31, 18, 30),
];

const secrets = [1, 2, 3].map((key) => `sk-of-the-history-test-${key}`);
const toKeyId = (secret: string) =>
	createHash("sha256").update(secret).digest("hex");

const times = fc.oneof(
	fc.integer({ min: fromMs, max: untilMs }),
	fc
		.tuple(
			fc.constantFrom(...edgesMs),
			fc.constantFrom(-hourMs, -1_800_000, -1, 0, 1, 1_799_999, hourMs),
		)
		.map(([edgeMs, ms]) => edgeMs + ms),
);
const maybe = <T>(...values: T[]) => fc.constantFrom(...values, null);
const historyCalls = 120;
const count = fc.integer({ min: 0, max: 50_000 });

/** All but its id, and what it costs. */
const calls = fc.record({
	startedMs: times,
	kind: fc.constantFrom("call", "call", "call", "batch"),
	payer: fc.constantFrom("operator", "operator", "operator", "client"),
	keyId: fc.constantFrom(...secrets.map(toKeyId)),
	userId: maybe("ada", "bob"),
	teamId: maybe("research"),
	endUser: maybe("Zoë", "Max"),
	tags: fc.subarray(["docs", "web", "ci"]),
	sessionId: maybe("s1", "s2", "s3"),
	agentId: maybe("a1"),
	servedModel: fc.constantFrom(
		"claude-sonnet-5-5",
		"claude-opus-5-5",
		"claude-haiku-4-5",
		"claude-sonnet-9",
	),
	input: count,
	output: count,
	cacheRead: count,
	cacheWrite5m: count,
} satisfies { [K in keyof Entry]?: fc.Arbitrary<Entry[K]> });

type Drawn = typeof calls extends fc.Arbitrary<infer T> ? T : never;

function toEntry(drawn: Drawn, at: number, catalog: Catalog): Entry {
	const { startedMs, kind, servedModel: model } = drawn;
	const usage = { ...emptyUsage, ...drawn, model };
	const { nanos, state, price, notes } = toCost(usage, catalog, {
		atMs: startedMs,
		requestedModel: model,
	});
	return toTestEntry({
		...drawn,
		id: kind === "call" ? toCallId(startedMs, at) : `msgbatch_${at}_batch_cost`,
		requestedModel: model,
		cacheWrite1h: 0,
		cost: nanos,
		...{ state, price },
		catalog: catalog.version,
		metadata: notes.length > 0 ? JSON.stringify({ cost_notes: notes }) : null,
		messageId: null,
		upstreamRequestId: `req_${at}`,
	});
}

const sum = (rows: readonly Entry[]): bigint =>
	rows.reduce((all, one) => all + spentOf(one), 0n);

/** Since the middle of the days Sonnet costs something else, and the model that nobody knew has a price. */
const otherPrices = [
	{ model: "claude-sonnet-5-5", prices: [row("1.7", { from: "2026-10-20" })] },
	{
		model: "claude-sonnet-9",
		maxInputTokens: 200_000,
		maxOutputTokens: 64_000,
		prices: [row("0.9")],
	},
];

const toNanos = (dollars: string): bigint =>
	BigInt(Math.round(Number(dollars) * 1e9));

async function expectReported(store: Store): Promise<readonly Entry[]> {
	const rows = await readRows(store);
	await expectReports(store, rows, days);
	await expectStates(store, rows);
	return rows;
}

/** Page by page, an answer each: all calls are looked at once, and corrections are none. */
async function expectPages(
	history: History,
	store: Store,
	calls: readonly Entry[],
): Promise<void> {
	const reprice = openReprice({
		...store,
		...{ clock, catalog: () => history.catalog(), withinMs: 0 },
		totals: openTotals(clock, { todayNanos: noNanos, allNanos: noNanos }),
		counter: { recount: async () => {} },
	});
	const asked = { fromMs: 0, untilMs: Date.UTC(2100, 0), show: 0 };
	const of = { ...asked, model: null, ids: null, dryRun: true };
	let after: string | null = null;
	let looked = 0;
	let answers = 0;
	do {
		const report: RepriceReport = await reprice({ ...of, after });
		looked += report.looked;
		answers += 1;
		after = report.next;
	} while (after !== null);
	expect(looked).toBe(calls.length);
	expect(answers).toBeGreaterThan(2);
}

/** Only told, done, and done again. */
async function repriceTwice(ask: Ask) {
	const asked = { since: days.first };
	const told = await ask("/spend/reprice", asked);
	const really = { ...asked, dry_run: false };
	const done = await ask("/spend/reprice", really);
	expect(done).toEqual({ ...told, dry_run: false });
	const again = await ask("/spend/reprice", really);
	expect([again.changes, again.next]).toEqual([0, null]);
	return done;
}

/** A model that had no price is one by the prices of now, and no sum is wrong for it. */
const isDamage = ({ kind }: Finding): boolean => kind !== "model_moved";

describe.each([...histories])("a random history on $name", ({ can, open }) => {
	test.skipIf(!can)(
		"adds up to one sum everywhere; pricing it again moves all sums by its corrections and nothing else",
		async () => {
			// What is drawn is the seed, so that a failure is one number and not hundreds of calls.
			const property = fc.asyncProperty(fc.nat(), async (seed) => {
				const list = fc.sample(calls, { seed, numRuns: historyCalls });
				const history = await open(Date.UTC(2026, 10, 2, 12, 30));
				try {
					await history.withGateway(async (ask) => {
						for (const key of secrets) await ask("/key/generate", { key });
					});
					// Of the model that nobody knows half is an estimate, and half has no price.
					const [dearest, none] = [
						history.catalog(),
						history.catalog("unpriced"),
					];
					const entries = list.map((one, at) =>
						toEntry(one, at, at % 2 === 0 ? dearest : none),
					);
					const before = await history.withStore(async (store) => {
						await history.write(entries, store);
						return expectReported(store);
					});
					expect(sum(before)).toBe(sum(entries));
					history.setPrices(otherPrices);
					const answer = await history.withGateway(repriceTwice);
					const after = await history.withStore(async (store) => {
						await expectPages(history, store, before);
						return expectReported(store);
					});
					const corrections = after.slice(before.length);
					expect(after.slice(0, before.length)).toEqual([...before]);
					expect(corrections.every(isCorrection)).toBe(true);
					expect(corrections.length).toBe(answer.changes);
					expect(corrections.length).toBeGreaterThan(5);
					expect(sum(after) - sum(before)).toBe(sum(corrections));
					expect(toNanos(answer.difference.cost)).toBe(sum(corrections));
					await history.withGateway((ask) => expectAnswers(ask, after, days));
					const found = await history.verify();
					expect(found.filter(isDamage)).toEqual([]);
				} finally {
					await history.stop();
				}
			});
			await fc.assert(property, { numRuns: 1, endOnFailure: true });
		},
	);
});

const isCorrection = ({ kind }: Entry): boolean => kind === "correction";
