/** All Entries that are like what is asked for, however many: a page at a time, each a few short questions. */
import type { SqlValue } from "../platform/contract.ts";
import type { Engine } from "./engine.ts";
import { type StoredEntry, toStoredEntry } from "./entry-row.ts";
import type { Queries } from "./queries.ts";
import { type Range, type SearchAsked, toRanges } from "./search.ts";

/** Whole Entries at a time: to make text of them holds the event loop up for two milliseconds. */
const pageEntries = 100;
/** Entries that one question looks at. */
const lookAt = 1_000;

/**
 * By their start in the direction that is asked for, but for batches and sessions, which come first: their ids have no
 * time. What is settled meanwhile may be missing. Rejects with StoreError.
 */
export async function* walkEntries(
	engine: Engine,
	queries: Pick<Queries, "search" | "reports">,
	asked: SearchAsked,
): AsyncGenerator<readonly StoredEntry[]> {
	for (const range of await toRanges(engine, queries, asked)) {
		yield* walkRange(engine, queries, { ...asked, ...range });
	}
}

/** From id to id: where one page ends, the next begins. */
async function* walkRange(
	engine: Engine,
	{ search }: Pick<Queries, "search">,
	asked: SearchAsked & Range,
): AsyncGenerator<readonly StoredEntry[]> {
	const { direction, pattern, fromMs, untilMs } = asked;
	let rest = { low: asked.low, high: asked.high };
	for (;;) {
		const reach = search.reach[direction]({ ...rest, count: lookAt });
		const [looked] = await engine.read(reach);
		if (Number(looked?.[0] ?? 0) === 0) return;
		const last = String(looked?.[1]);
		const bounds =
			direction === "asc"
				? { low: rest.low, high: after(last) }
				: { low: last, high: rest.high };
		const rows: SqlValue[][] = await engine.read(
			search.rows[direction]({
				...bounds,
				...pattern,
				fromMs,
				untilMs,
				count: pageEntries,
			}),
		);
		const page = rows.map(toStoredEntry);
		if (page.length > 0) yield page;
		// A page that is full may end before what was looked at.
		const end = page.length < pageEntries ? last : (page.at(-1)?.id ?? last);
		rest =
			direction === "asc"
				? { low: after(end), high: rest.high }
				: { low: rest.low, high: end };
	}
}

/** The first text behind an id. */
const after = (id: string): string => `${id}!`;
