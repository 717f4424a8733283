/** Looks Entries up by what they are like, in bounds: however large the ledger is, an answer costs about the same. */
import { type Nanos, toNanos } from "../domain/nanos.ts";
import type { SqlValue } from "../platform/contract.ts";
import type { Engine } from "./engine.ts";
import { type StoredEntry, toStoredEntry } from "./entry-row.ts";
import type { Queries } from "./queries.ts";
import { slackMs, toIdStart } from "./read-entries.ts";
import { otherName } from "./rollup-names.ts";
import type { Direction, EntryPattern } from "./search-queries.ts";

/** What is told of one that was found; the rest is read by its id. */
export interface FoundEntry {
	readonly id: string;
	readonly startedMs: number;
	readonly durationMs: number;
	/** What the operator paid. */
	readonly spent: Nanos;
	readonly tokens: number;
	readonly endUser: string | null;
}

export interface Found {
	/** By their start, in the direction that was asked for; at most `maxFound`. */
	readonly entries: readonly FoundEntry[];
	/** Whether these are all. */
	readonly isAll: boolean;
	/** Where looking ended before the end of the span; null: it did not, or not for want of time. */
	readonly lookedUntilMs: number | null;
}

export interface SearchAsked {
	readonly pattern: EntryPattern;
	readonly fromMs: number;
	readonly untilMs: number;
	readonly direction: Direction;
	/** Entries that are looked at, at most; without it 30,000. */
	readonly lookAt?: number;
}

/** So many are counted exactly. */
export const maxFound = 10_000;
/** Entries that one search looks at: a few microseconds each. */
const maxLookedAt = 30_000;
/** Stretches of hours in which a subject has Entries: each is a question of its own. */
const maxRanges = 300;
/** More than a year has; they come the newest first. */
const hoursPerPage = 9_000;

const hourMs = 3_600_000;

/** A part of the ledger, by ids and by starts. */
export interface Range {
	readonly low: string;
	readonly high: string;
	readonly fromMs: number;
	readonly untilMs: number;
}

type Sources = Pick<Queries, "search" | "reports">;

/**
 * Looks at the hours in which the sums say that there is anything of the key, user, team or end user that is asked for, one
 * after the other. Rejects with StoreError.
 */
export async function searchEntries(
	engine: Engine,
	queries: Sources,
	asked: SearchAsked,
): Promise<Found> {
	const { direction } = asked;
	const ranges = await toRanges(engine, queries, asked);
	const found: FoundEntry[] = [];
	let lookedUntilMs: number | null = null;
	let isCut = false;
	let left = asked.lookAt ?? maxLookedAt;
	for (const [at, range] of ranges.entries()) {
		const reach = queries.search.reach[direction];
		const bounds = { low: range.low, high: range.high };
		const [row] = await engine.read(reach({ ...bounds, count: left }));
		const count = Number(row?.[0] ?? 0);
		if (count === 0) continue;
		const last = String(row?.[1]);
		isCut = count >= left || at >= maxRanges;
		const part = await readMatches(engine, queries, {
			...asked,
			...range,
			...(isCut &&
				(direction === "asc" ? { high: after(last) } : { low: last })),
			count: maxFound + 1 - found.length,
		});
		found.push(...part);
		left -= count;
		// Where so many were found, that is the bound.
		if (isCut && found.length <= maxFound) lookedUntilMs = toStart(last);
		if (isCut || found.length > maxFound) break;
	}
	const limit = lookedUntilMs;
	const entries = found
		.filter(({ startedMs }) => limit === null || !isBeyond(startedMs, limit))
		.sort(direction === "asc" ? byStart : (a, b) => byStart(b, a))
		.slice(0, maxFound);
	const isAll = !isCut && found.length <= maxFound;
	return { entries, isAll, lookedUntilMs };

	function isBeyond(startedMs: number, limitMs: number): boolean {
		return direction === "asc" ? startedMs > limitMs : startedMs < limitMs;
	}
}

/** The first text behind an id. */
const after = (id: string): string => `${id}!`;

/** Of the call with that id; batches and sessions, whose ids have no time, are few. */
const toStart = (id: string): number | null => {
	const ms = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
	return Number.isNaN(ms) ? null : ms;
};

export const byStart = (
	a: Pick<FoundEntry, "startedMs" | "id">,
	b: Pick<FoundEntry, "startedMs" | "id">,
): number => a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1);

/** First those whose id is not made of their time, then stretches of hours in the direction that is asked for. */
export async function toRanges(
	engine: Engine,
	{ reports }: Sources,
	{ pattern, fromMs, untilMs, direction }: SearchAsked,
): Promise<Range[]> {
	const hours = new Set<number>();
	for (const subject of toSubjects(pattern)) {
		const from = Math.floor(fromMs / hourMs);
		let until = Math.ceil(untilMs / hourMs);
		for (let page = hoursPerPage; page === hoursPerPage; ) {
			const asked = { from, until, ...subject, count: hoursPerPage };
			const rows = await engine.read(reports.hours(asked));
			for (const [hour] of rows) hours.add(Number(hour));
			page = rows.length;
			until = Number(rows.at(-1)?.[0]);
		}
	}
	const stretches: { from: number; until: number }[] = [];
	for (const hour of [...hours].sort((a, b) => a - b)) {
		const last = stretches.at(-1);
		if (last?.until === hour) last.until = hour + 1;
		else stretches.push({ from: hour, until: hour + 1 });
	}
	if (direction === "desc") stretches.reverse();
	const others = { low: "g", high: "~", fromMs, untilMs };
	const calls = stretches.map(({ from, until }) => {
		const startMs = Math.max(fromMs, from * hourMs);
		const endMs = Math.min(untilMs, until * hourMs);
		return {
			low: toIdStart(startMs - slackMs),
			high: toIdStart(endMs + slackMs),
			fromMs: startMs,
			untilMs: endMs,
		};
	});
	return [others, ...calls];
}

/** End users beyond a number are summed as `other`. */

function toSubjects({ keyId, userId, teamId, endUser }: EntryPattern) {
	if (keyId !== null) return [{ dimension: "key", id: keyId }];
	if (userId !== null) return [{ dimension: "user", id: userId }];
	if (teamId !== null) return [{ dimension: "team", id: teamId }];
	if (endUser === null) return [{ dimension: "global", id: "" }];
	return [endUser, otherName].map((id) => ({ dimension: "customer", id }));
}

async function readMatches(
	engine: Engine,
	{ search }: Sources,
	{ pattern, direction, ...bounds }: SearchAsked & Range & { count: number },
): Promise<FoundEntry[]> {
	const rows = await engine.read(
		search.matches[direction]({ ...bounds, ...pattern }),
	);
	return rows.map(toFound);
}

const toFound = ([
	id,
	startedAt,
	duration,
	spent,
	tokens,
	endUser,
]: readonly SqlValue[]): FoundEntry => ({
	id: String(id),
	startedMs: Number(startedAt),
	durationMs: Number(duration),
	spent: toNanos(BigInt(spent ?? 0)),
	tokens: Number(tokens),
	endUser: (endUser ?? null) as string | null,
});

/** In the order of the ids; those that are gone meanwhile are left out. Rejects with StoreError. */
export async function readByIds(
	engine: Engine,
	{ reports }: Pick<Queries, "reports">,
	ids: readonly string[],
): Promise<StoredEntry[]> {
	const found: StoredEntry[] = [];
	for (const id of ids) {
		const rows = await engine.read(reports.entryById({ id }));
		found.push(...rows.map(toStoredEntry));
	}
	return found;
}
