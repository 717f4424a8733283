/** Everything that adds up what was spent, asked about one ledger: it must all be what its rows say. */
import { expect } from "bun:test";
import { toLocalDays, zone } from "../../src/admin/zone.ts";
import { toWorth } from "../../src/domain/correction.ts";
import type { Entry } from "../../src/domain/entry.ts";
import { readActivity } from "../../src/store/activity.ts";
import type { Store } from "../../src/store/store.ts";
import type { Ask } from "./history.ts";

export const zones = [
	"Europe/Berlin",
	"America/New_York",
	"Asia/Kolkata",
	"Australia/Lord_Howe",
] as const;

/** First and last day, as every zone has them. */
export interface Days {
	readonly first: string;
	readonly last: string;
}

type Names = (entry: Entry) => readonly (string | null)[];

const dimensions = {
	global: () => [""],
	key: ({ keyId }) => [keyId],
	user: ({ userId }) => [userId],
	team: ({ teamId }) => [teamId],
	customer: ({ endUser }) => [endUser],
	tag: ({ tags }) => [...new Set(tags)],
} as const satisfies Record<string, Names>;

/** Nano-dollars that the operator paid. */
export const spentOf = ({ payer, cost }: Entry): bigint =>
	payer === "operator" ? (cost ?? 0n) : 0n;

export function sumBy(
	rows: readonly Entry[],
	toNames: Names,
): Record<string, bigint> {
	const sums = new Map<string, bigint>();
	for (const row of rows) {
		for (const name of toNames(row)) {
			if (name === null) continue;
			sums.set(name, (sums.get(name) ?? 0n) + spentOf(row));
		}
	}
	return toRecord(sums);
}

/** Without what comes to nothing, in one order. */
const toRecord = (sums: Iterable<readonly [string, bigint]>) =>
	Object.fromEntries(
		[...sums]
			.filter(([, sum]) => sum !== 0n)
			.sort(([a], [b]) => (a < b ? -1 : 1)),
	);

/** The calendar's own word for it, not ours. */
function toDateIn(timeZone: string): (ms: number) => string {
	const format = new Intl.DateTimeFormat("sv-SE", { timeZone });
	return (ms) => format.format(ms);
}

/** Exact to the nano-dollar, day by day. */
export async function expectReports(
	{ engine, queries }: Store,
	rows: readonly Entry[],
	{ first, last }: Days,
): Promise<void> {
	const span = { firstMs: Date.parse(first), lastMs: Date.parse(last) };
	for (const name of zones) {
		const days = toLocalDays(span, zone.parse(name));
		const toDate = toDateIn(name);
		for (const [dimension, toNames] of Object.entries(dimensions)) {
			const used = await readActivity(engine, queries, {
				dimension: dimension as keyof typeof dimensions,
				ids: null,
				days,
				count: 1e6,
			});
			if (typeof used === "string") throw new Error(used);
			const sums = new Map<string, bigint>();
			for (const { date, id, cost } of used) {
				const day = `${date} ${id}`;
				sums.set(day, (sums.get(day) ?? 0n) + cost);
			}
			const wanted = sumBy(rows, (row) =>
				toNames(row).map((id) =>
					id === null ? null : `${toDate(row.startedMs)} ${id}`,
				),
			);
			expect({ name, dimension, sums: toRecord(sums) }).toEqual({
				name,
				dimension,
				sums: wanted,
			});
		}
	}
}

/** I-17: how much of the sums is an estimate, and how many calls have no price, as they stand by their last corrections. */
export async function expectStates(
	{ engine }: Store,
	rows: readonly Entry[],
): Promise<void> {
	const place = engine.kind === "sqlite" ? "" : "tollway.";
	const sql = `SELECT cast(sum(estimated) AS text), cast(sum(unpriced) AS text) FROM ${place}rollups WHERE dimension = 'global'`;
	const [found] = await engine.read({ sql, values: [] });
	const corrections = Map.groupBy(rows, ({ corrects }) => corrects);
	const worths = rows
		.filter(({ kind, payer }) => kind !== "correction" && payer === "operator")
		.map((entry) => {
			const own = corrections.get(entry.id) ?? [];
			return toWorth(entry, own);
		});
	const estimated = worths
		.filter(({ state }) => state === "estimated")
		.reduce((sum, { nanos }) => sum + (nanos ?? 0n), 0n);
	const unpriced = worths.filter(({ nanos }) => nanos === null).length;
	expect(found).toEqual([String(estimated), String(unpriced)]);
}

/** Floats, which are added up in another order than the rows. */
function expectDollars(
	found: Readonly<Record<string, number>>,
	wanted: Readonly<Record<string, bigint>>,
): void {
	for (const name of new Set([...Object.keys(found), ...Object.keys(wanted)])) {
		const dollars = Number(wanted[name] ?? 0n) / 1e9;
		expect([name, found[name] ?? 0]).toEqual([
			name,
			expect.closeTo(dollars, 9),
		]);
	}
}

/** What people see. @param keys ids of the keys that there are */
export async function expectAnswers(
	ask: Ask,
	rows: readonly Entry[],
	{ first, last }: Days,
): Promise<void> {
	const total = sumBy(rows, dimensions.global);
	const dates = `start_date=${first}&end_date=${last}`;
	for (const name of zones) {
		for (const [path, dimension] of [
			["user", "global"],
			["team", "team"],
			["tag", "tag"],
			["customer", "customer"],
		] as const) {
			const { results, metadata } = await ask(
				`/${path}/daily/activity?${dates}&timezone=${name}`,
			);
			const toDate = toDateIn(name);
			expectDollars(
				toNumbers(results, "date", (day) => day.metrics.spend),
				sumBy(rows, (row) =>
					dimensions[dimension](row).map((id) =>
						id === null ? null : toDate(row.startedMs),
					),
				),
			);
			const all = Object.values(sumBy(rows, dimensions[dimension]));
			const wanted = all.reduce((sum, one) => sum + one, 0n);
			expectDollars({ all: metadata.total_spend }, { all: wanted });
		}
	}
	const { spend } = await ask("/global/spend");
	expectDollars({ "": spend }, total);
	expectDollars(
		toNumbers(await ask("/spend/keys"), "token", (key) => key.spend),
		sumBy(rows, dimensions.key),
	);
	expectDollars(
		toNumbers(
			await ask("/spend/tags"),
			"individual_request_tag",
			(tag) => tag.total_spend,
		),
		sumBy(rows, dimensions.tag),
	);
	const logs = await ask("/spend/logs");
	expect(logs).toHaveLength(rows.length);
	expectDollars(
		toNumbers(logs, "request_id", (row) => row.spend),
		sumBy(rows, ({ id }) => [id]),
	);
	const { sessions } = await ask("/spend/sessions?size=100");
	expectDollars(
		toNumbers(sessions, "session_id", (one) => Number(one.cost)),
		sumBy(rows, ({ sessionId }) => [sessionId]),
	);
	for (const { session_id: id, calls, cost } of sessions) {
		const steps = toSteps((await ask(`/spend/sessions/${id}`)).tree);
		expect(steps).toHaveLength(calls);
		const sum = steps.reduce((all, step) => all + step.spend, 0);
		expect(sum).toBeCloseTo(Number(cost), 9);
		const own = rows.filter(
			({ sessionId, kind }) => sessionId === id && kind !== "correction",
		);
		expect(calls).toBe(own.length);
	}
}

interface Node {
	readonly steps: readonly { readonly spend: number }[];
	readonly agents: readonly Node[];
}

const toSteps = ({ steps, agents }: Node): Node["steps"] => [
	...steps,
	...agents.flatMap(toSteps),
];

// biome-ignore lint/suspicious/noExplicitAny: rows of JSON
type Row = any;

const toNumbers = (
	rows: readonly Row[],
	name: string,
	toNumber: (row: Row) => number,
): Record<string, number> =>
	Object.fromEntries(rows.map((row) => [row[name], toNumber(row)]));
