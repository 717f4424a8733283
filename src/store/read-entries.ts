/** Rows of the ledger for people: by one of their names, or the newest of a subject. */
import type { Engine } from "./engine.ts";
import { type StoredEntry, toStoredEntry } from "./entry-row.ts";
import type { Queries } from "./queries.ts";
import type { NameKind } from "./reference-pack.ts";
import { findNamed } from "./references.ts";
import type { EntryFilter } from "./reports.ts";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Of an error that we wrote ourselves, `request-id` is made of the call's id. */
const ownRequestId = /^req_tollway_(.{8})(.{4})(.{4})(.{4})(.{12})$/;

const kindsByPrefix: readonly {
	readonly prefix: string;
	readonly kinds: readonly NameKind[];
}[] = [
	{ prefix: "msg_", kinds: ["message"] },
	{ prefix: "req_", kinds: ["request"] },
	{ prefix: "", kinds: ["message", "request"] },
];

/** One name belongs to one call; more would be a client's doing. */
const maxSameName = 100;

/**
 * The Entry of that id (of a call: what `x-litellm-call-id` said), or those that upstream calls so (`msg_…`, `req_…`); empty
 * if there is none. Rejects with StoreError.
 */
export async function findEntries(
	engine: Engine,
	{ reports, references }: Queries,
	name: string,
): Promise<StoredEntry[]> {
	const own = name.replace(ownRequestId, "$1-$2-$3-$4-$5");
	const isUuid = uuid.test(own);
	const id = isUuid ? own.toLowerCase() : own;
	const rows = await engine.read(reports.entryById({ id }));
	if (rows.length > 0 || isUuid) return rows.map(toStoredEntry);
	const row = kindsByPrefix.find(({ prefix }) => name.startsWith(prefix));
	for (const kind of row?.kinds ?? []) {
		const named = { kind, name, count: maxSameName };
		const found = await findNamed(engine, references, named);
		if (found.length > 0) return found;
	}
	return [];
}

export interface Newest {
	readonly filter: EntryFilter;
	/** Of the key or the user; empty for `global`. */
	readonly id: string;
	/** Of their starts; the first moment, and the first that no longer counts. */
	readonly fromMs: number;
	readonly untilMs: number;
	/** At most so many. */
	readonly count: number;
}

const hourMs = 3_600_000;
/** By how much the time in a call's id may differ from its start: clocks are set. */
export const slackMs = 60_000;

/**
 * The newest Entries of a subject, the newest first. The sums tell in which hours it has any, so no other hour is read.
 * Rejects with StoreError.
 */
export async function readNewest(
	engine: Engine,
	{ reports }: Pick<Queries, "reports">,
	{ filter, id, fromMs, untilMs, count }: Newest,
): Promise<StoredEntry[]> {
	const others = await engine.read(
		reports.others[filter]({ fromMs, untilMs, id, count }),
	);
	const found = others.map(toStoredEntry);
	const hours = await engine.read(
		reports.hours({
			dimension: filter,
			id,
			from: Math.floor(fromMs / hourMs),
			until: Math.ceil(untilMs / hourMs),
			count,
		}),
	);
	let left = count;
	for (const [hour] of hours) {
		const startMs = Number(hour) * hourMs;
		const rows = await engine.read(
			reports.calls[filter]({
				low: toIdStart(startMs - slackMs),
				high: toIdStart(startMs + hourMs + slackMs),
				fromMs: Math.max(fromMs, startMs),
				untilMs: Math.min(untilMs, startMs + hourMs),
				id,
				count: left,
			}),
		);
		found.push(...rows.map(toStoredEntry));
		left -= rows.length;
		if (left <= 0) break;
	}
	return found.sort((a, b) => b.startedMs - a.startedMs).slice(0, count);
}

/** With what the ids of that millisecond begin, and no earlier one's (UUID, version 7). */
export function toIdStart(ms: number): string {
	const time = Math.max(0, ms).toString(16).padStart(12, "0");
	return `${time.slice(0, 8)}-${time.slice(8)}`;
}
