/** What the operator paid on one day (UTC), out of the ledger itself: the sums count everybody's tokens. */
import type { TruthState } from "../domain/entry.ts";
import { type Nanos, noNanos, toNanos } from "../domain/nanos.ts";
import type { TokenCounts } from "../domain/usage.ts";
import type { SqlValue } from "../platform/contract.ts";
import type { Engine } from "./engine.ts";
import { type StoredEntry, toStoredEntry } from "./entry-row.ts";
import type { Queries } from "./queries.ts";
import { slackMs, toIdStart } from "./read-entries.ts";

/** Of calls to one model that began on a day, ended on the same day and are as well known. */
export interface DayTally extends TokenCounts {
	/** The one that served, else was asked for; empty: neither is known. */
	readonly model: string;
	readonly state: TruthState;
	/** Days since 1970. */
	readonly endDay: number;
	readonly calls: number;
	readonly webSearches: number;
	/** 0 where they are unpriced. */
	readonly cost: Nanos;
	/** What was held for them beyond that. */
	readonly room: Nanos;
}

const dayMs = 86_400_000;
/** Rows at a time. */
const pageRows = 500;

/**
 * @param onMixed gets those whose usage is not all of one model, or not all charged for
 * @param day days since 1970
 * Costs a look at every call of the day. Rejects with StoreError, and with what `onMixed` throws.
 */
export async function readDay(
	engine: Engine,
	{ days }: Pick<Queries, "days">,
	{
		day,
		onMixed,
	}: { readonly day: number; readonly onMixed: (entry: StoredEntry) => void },
): Promise<readonly DayTally[]> {
	const fromMs = day * dayMs;
	const untilMs = fromMs + dayMs;
	const bounds = {
		low: toIdStart(fromMs - slackMs),
		high: toIdStart(untilMs + slackMs),
		fromMs,
		untilMs,
	};
	const tallies = (await engine.read(days.sums(bounds))).map(toTally);
	let after = "";
	for (;;) {
		const rows = await engine.read(
			days.mixed({ ...bounds, after, count: pageRows }),
		);
		for (const row of rows) {
			const entry = toStoredEntry(row);
			onMixed(entry);
			after = entry.id;
		}
		if (rows.length < pageRows) return tallies;
	}
}

function toTally(row: readonly SqlValue[]): DayTally {
	const [model, state, endDay, calls, input, output, ...rest] = row;
	const [write5m, write1h, read, webSearches, cost, room] = rest;
	return {
		model: String(model),
		state: state as TruthState,
		endDay: Number(endDay),
		calls: Number(calls),
		input: Number(input),
		output: Number(output),
		cacheWrite5m: Number(write5m),
		cacheWrite1h: Number(write1h),
		cacheRead: Number(read),
		webSearches: Number(webSearches),
		cost: toWhole(cost),
		room: toWhole(room),
	};
}

const toWhole = (text: SqlValue | undefined): Nanos =>
	text == null ? noNanos : toNanos(BigInt(text));
