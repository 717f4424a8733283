/** What was used by day, subject and model: whole hours out of the sums, hours in which a day begins out of the ledger. */
import { type Nanos, noNanos, toNanos } from "../domain/nanos.ts";
import type { SqlValue } from "../platform/contract.ts";
import type { ActivityDimension } from "./activity-queries.ts";
import type { Engine } from "./engine.ts";
import type { Queries } from "./queries.ts";
import { slackMs, toIdStart } from "./read-entries.ts";

/** A day somewhere: from its first moment to the first that is no longer part of it. */
export interface LocalDay {
	/** `2026-11-22`. */
	readonly date: string;
	readonly fromMs: number;
	readonly untilMs: number;
}

export interface UsedSums {
	readonly calls: number;
	readonly failures: number;
	readonly input: number;
	readonly output: number;
	/** Of both kinds. */
	readonly cacheWrite: number;
	readonly cacheRead: number;
	readonly cost: Nanos;
}

export interface Used extends UsedSums {
	readonly date: string;
	readonly id: string;
	readonly model: string;
}

export const noUse: UsedSums = {
	calls: 0,
	failures: 0,
	input: 0,
	output: 0,
	cacheWrite: 0,
	cacheRead: 0,
	cost: noNanos,
};

export const addUse = (a: UsedSums, b: UsedSums): UsedSums => ({
	calls: a.calls + b.calls,
	failures: a.failures + b.failures,
	input: a.input + b.input,
	output: a.output + b.output,
	cacheWrite: a.cacheWrite + b.cacheWrite,
	cacheRead: a.cacheRead + b.cacheRead,
	cost: toNanos(a.cost + b.cost),
});

export interface ActivityAsked {
	readonly dimension: ActivityDimension;
	/** Null: all there are. */
	readonly ids: readonly string[] | null;
	/** One after the other, without gaps. */
	readonly days: readonly LocalDay[];
	/** At most so many rows. */
	readonly count: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Why there is no answer: more rows than `count`, or a day begins within an hour whose Entries were deleted. */
export type NoActivity = "too_many" | "deleted";

/**
 * Some days, subjects and models may come in two rows. Costs a look into each hour
 * of the days and, where days begin within an hour, the calls of those hours. Rejects with StoreError.
 */
export async function readActivity(
	engine: Engine,
	queries: Pick<Queries, "activity" | "retention">,
	asked: ActivityAsked,
): Promise<Used[] | NoActivity> {
	const found: Used[] = [];
	for (const stretch of toStretches(asked.days)) {
		found.push(...(await readStretch(engine, queries, { ...asked, stretch })));
		if (found.length > asked.count) return "too_many";
	}
	for (const splitMs of toEdges(asked.days)) {
		const hours = { fromMs: splitMs, untilMs: splitMs + 1 };
		if (await isTrimmed(engine, queries, hours)) return "deleted";
		found.push(...(await readEdge(engine, queries, { ...asked, splitMs })));
		if (found.length > asked.count) return "too_many";
	}
	return found;
}

/** Whether Entries of hours that begin before `untilMs`, and end after `fromMs`, were deleted. Rejects with StoreError. */
export async function isTrimmed(
	engine: Engine,
	{ retention }: Pick<Queries, "retention">,
	{ fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number },
): Promise<boolean> {
	const hours = {
		fromHour: Math.floor(fromMs / hourMs),
		untilHour: Math.ceil(untilMs / hourMs),
	};
	const gone = await engine.read(retention.trimmedWithin(hours));
	return gone.length > 0;
}

/** Days of which each is a day of UTC, moved by the same minutes; one on which clocks are set is alone. */
interface Stretch {
	readonly fromMs: number;
	readonly untilMs: number;
	/** Ahead of UTC. */
	readonly minutes: number;
	/** Of the one on which clocks are set. */
	readonly date: string | null;
}

function toStretches(days: readonly LocalDay[]): Stretch[] {
	const stretches: Stretch[] = [];
	for (const { date, fromMs, untilMs } of days) {
		const minutes = (Date.parse(`${date}T00:00Z`) - fromMs) / minuteMs;
		const isUsual = untilMs - fromMs === dayMs;
		const last = stretches.at(-1);
		const goesOn = last && last.date === null && last.minutes === minutes;
		if (isUsual && goesOn) {
			stretches[stretches.length - 1] = { ...last, untilMs };
		} else {
			stretches.push({
				fromMs,
				untilMs,
				minutes,
				date: isUsual ? null : date,
			});
		}
	}
	return stretches;
}

/** Moments within an hour at which a day begins or the last one ends. */
export const toEdges = (days: readonly LocalDay[]): number[] =>
	[...days.map(({ fromMs }) => fromMs), days.at(-1)?.untilMs ?? 0].filter(
		(atMs) => atMs % hourMs !== 0,
	);

async function readStretch(
	engine: Engine,
	{ activity }: Pick<Queries, "activity">,
	asked: ActivityAsked & { readonly stretch: Stretch },
): Promise<Used[]> {
	const { dimension, ids, stretch } = asked;
	const bounds = {
		from: Math.ceil(stretch.fromMs / hourMs),
		until: Math.floor(stretch.untilMs / hourMs),
		dimension,
		// Where clocks are set, every whole hour is of that one day.
		minutes: stretch.date === null ? stretch.minutes : 0,
		count: asked.count + 1,
	};
	const found: Used[] = [];
	const questions =
		ids === null
			? [activity.all(bounds)]
			: ids.map((id) => activity.one({ ...bounds, id }));
	for (const question of questions) {
		for (const [day, id, model, ...sums] of await engine.read(question)) {
			const date = stretch.date ?? toDate(Number(day));
			found.push({
				date,
				id: String(id),
				model: String(model),
				...toSums(sums),
			});
		}
	}
	return found;
}

const toDate = (day: number) =>
	new Date(day * dayMs).toISOString().slice(0, 10);

async function readEdge(
	engine: Engine,
	{ activity }: Pick<Queries, "activity">,
	asked: ActivityAsked & { readonly splitMs: number },
): Promise<Used[]> {
	const { dimension, ids, splitMs, days, count } = asked;
	const startMs = Math.floor(splitMs / hourMs) * hourMs;
	const rows = await engine.read(
		activity.edge[dimension]({
			low: toIdStart(startMs - slackMs),
			high: toIdStart(startMs + hourMs + slackMs),
			fromMs: startMs,
			untilMs: startMs + hourMs,
			splitMs,
			count: count + 1,
		}),
	);
	const before = days.find(({ untilMs }) => untilMs === splitMs)?.date;
	const after = days.find(({ fromMs }) => fromMs === splitMs)?.date;
	return rows.flatMap(([isAfter, id, model, ...sums]) => {
		const date = Number(isAfter) === 1 ? after : before;
		if (date === undefined) return [];
		return toIds(dimension, String(id))
			.filter((one) => ids === null || ids.includes(one))
			.map((one) => ({
				date,
				id: one,
				model: String(model),
				...toSums(sums),
			}));
	});
}

const toIds = (dimension: ActivityDimension, id: string): string[] =>
	dimension === "tag" ? [...new Set(JSON.parse(id) as string[])] : [id];

/** In the order of the columns. */
function toSums(columns: readonly (SqlValue | undefined)[]): UsedSums {
	const [calls, failures, input, output, write5m, write1h, read, cost] =
		columns;
	return {
		calls: Number(calls),
		failures: Number(failures),
		input: Number(input),
		output: Number(output),
		cacheWrite: Number(write5m) + Number(write1h),
		cacheRead: Number(read),
		cost: toNanos(BigInt(cost ?? 0)),
	};
}
