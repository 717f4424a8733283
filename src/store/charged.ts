/** Entries with the corrections that they have, a page at a time: however large the ledger is, a page costs the same. */
import type { TruthState } from "../domain/entry.ts";
import { toNanos } from "../domain/nanos.ts";
import type { BatchItem } from "./batches.ts";
import { toCorrectionStart, toStartEnd } from "./correction-id.ts";
import type { Engine } from "./engine.ts";
import { type StoredEntry, toStoredEntry } from "./entry-row.ts";
import type { Queries } from "./queries.ts";
import { slackMs, toIdStart } from "./read-entries.ts";

export interface Charged {
	readonly entry: StoredEntry;
	/** The first one first. */
	readonly corrections: readonly StoredEntry[];
}

export interface ChargedPage {
	readonly charged: readonly Charged[];
	/** Where the next page goes on; null: there is none. */
	readonly next: string | null;
}

export interface ChargedAsked {
	/** Of their starts: the first moment, and the first that no longer counts. */
	readonly fromMs: number;
	readonly untilMs: number;
	/** `next` of the page before; null: from the beginning. */
	readonly after: string | null;
	/** Rows of the ledger that are looked at. */
	readonly count: number;
}

type Sources = Pick<Queries, "charged" | "search" | "reports">;

/** Ids that are not made of their time: batches, sessions. They come behind all calls. */
const others = { low: "g", high: "~" };
const lastIdMs = 2 ** 48 - 1;

/** Rejects with StoreError. */
export async function readChargedPage(
	engine: Engine,
	queries: Sources,
	{ fromMs, untilMs, after, count }: ChargedAsked,
): Promise<ChargedPage> {
	const isCalls = after === null || after < others.low;
	const low = after === null ? toIdStart(fromMs - slackMs) : `${after}!`;
	const high = isCalls
		? toIdStart(Math.min(untilMs + slackMs, lastIdMs))
		: others.high;
	const reach = queries.search.reach.asc({ low, high, count });
	const [row] = await engine.read(reach);
	if (Number(row?.[0] ?? 0) === 0) {
		return { charged: [], next: isCalls ? others.low : null };
	}
	const last = String(row?.[1]);
	const asked = { low, last, fromMs, untilMs };
	const rows = await engine.read(queries.charged.page(asked));
	const entries = rows.map(toStoredEntry);
	const charged = isCalls
		? await withCorrections(engine, queries, entries)
		: await withOwnCorrections(engine, queries, entries);
	return { charged, next: last };
}

/** Those there are of these ids, in their order; corrections are none of them. Rejects with StoreError. */
export async function readChargedByIds(
	engine: Engine,
	queries: Sources,
	ids: readonly string[],
): Promise<readonly Charged[]> {
	const entries: StoredEntry[] = [];
	for (const id of ids) {
		const rows = await engine.read(queries.reports.entryById({ id }));
		entries.push(...rows.map(toStoredEntry));
	}
	const charged = entries.filter(({ kind }) => kind !== "correction");
	return withOwnCorrections(engine, queries, charged);
}

/** Of calls that follow each other: their corrections lie among them. */
async function withCorrections(
	engine: Engine,
	queries: Sources,
	entries: readonly StoredEntry[],
): Promise<readonly Charged[]> {
	const [first, last] = [entries.at(0), entries.at(-1)];
	if (first === undefined || last === undefined) return [];
	const between = {
		after: toCorrectionStart(first),
		high: toStartEnd(toCorrectionStart(last)),
	};
	const found = await readCorrections(engine, queries, between);
	const byEntry = Map.groupBy(found, ({ corrects }) => corrects ?? "");
	return entries.map((entry) => ({
		entry,
		corrections: byEntry.get(entry.id) ?? [],
	}));
}

async function withOwnCorrections(
	engine: Engine,
	queries: Sources,
	entries: readonly StoredEntry[],
): Promise<readonly Charged[]> {
	const charged: Charged[] = [];
	for (const entry of entries) {
		charged.push(...(await withCorrections(engine, queries, [entry])));
	}
	return charged;
}

const pageCorrections = 500;

async function readCorrections(
	engine: Engine,
	{ charged }: Sources,
	between: { readonly after: string; readonly high: string },
): Promise<StoredEntry[]> {
	const found: StoredEntry[] = [];
	let { after } = between;
	for (;;) {
		const asked = { ...between, after, count: pageCorrections };
		const rows = await engine.read(charged.corrections(asked));
		found.push(...rows.map(toStoredEntry));
		after = found.at(-1)?.id ?? after;
		if (rows.length < pageCorrections) return found;
	}
}

/** Models under which a subject has sums in the hour of a moment; none: it has no sums. Rejects with StoreError. */
export async function readSumModels(
	engine: Engine,
	{ charged }: Pick<Queries, "charged">,
	of: {
		readonly atMs: number;
		readonly dimension: string;
		readonly id: string;
	},
): Promise<readonly string[]> {
	const { atMs, dimension, id } = of;
	const hour = Math.floor(atMs / hourMs);
	const asked = charged.sumModels({ hour, dimension, id });
	return (await engine.read(asked)).map(([model]) => String(model));
}

const hourMs = 3_600_000;
const pageItems = 1_000;

/** What the requests of a batch that one model served came to, some at a time. Rejects with StoreError. */
export async function* readItems(
	engine: Engine,
	{ charged }: Pick<Queries, "charged">,
	of: { readonly batch: string; readonly model: string },
): AsyncIterable<readonly BatchItem[]> {
	let after = "";
	for (;;) {
		const asked = charged.items({ ...of, after, count: pageItems });
		const rows = await engine.read(asked);
		if (rows.length > 0) yield rows.map(toItem);
		if (rows.length < pageItems) return;
		after = String(rows.at(-1)?.[0]);
	}
}

function toItem(row: readonly unknown[]): BatchItem {
	const count = (at: number) => Number(row[at] ?? 0);
	const cost = (row[3] ?? null) as string | number | null;
	return {
		customId: String(row[0]),
		model: String(row[1]),
		state: String(row[2]) as TruthState,
		cost: cost === null ? null : toNanos(BigInt(cost)),
		price: String(row[4]),
		notes: String(row[5]),
		input: count(6),
		output: count(7),
		cacheWrite5m: count(8),
		cacheWrite1h: count(9),
		cacheRead: count(10),
		thinking: count(11),
		webSearches: count(12),
	};
}
