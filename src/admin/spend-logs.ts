/** Rows of the ledger, or what was spent by day. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Engine } from "../store/engine.ts";
import type { Queries } from "../store/queries.ts";
import { findEntries, readNewest } from "../store/read-entries.ts";
import type { EntryFilter } from "../store/reports.ts";
import { anything } from "../store/search-queries.ts";
import { walkEntries } from "../store/walk.ts";
import { flag, text } from "./read-input.ts";
import type { Asked } from "./route.ts";
import { toSpendDays } from "./spend-days.ts";
import { toSpendRow } from "./spend-row.ts";
import {
	maySee,
	maySeeEntry,
	readScope,
	type Scope,
	type ScopeState,
	toEmpty,
	toOwn,
} from "./spend-scope.ts";
import { dates, toDays, toSpan } from "./spend-span.ts";

export interface LogsState extends ScopeState {
	readonly engine: Engine;
	readonly queries: Queries;
	/** Without a slash at its end. */
	readonly upstreamUrl: string;
	/** False in the open mode, which has none. */
	isMasterKey(key: string): boolean;
}

export const logsQuery = z.object({
	...dates,
	request_id: text.optional(),
	api_key: text.optional(),
	user_id: text.optional(),
	summarize: flag.default(true),
});

/** Rows of one answer; who wants older ones asks by day. */
const maxRows = 1_000;

/**
 * With `request_id` (our call id, or Anthropic's `msg_…` or `req_…`) an array of one row, empty if there is none. With both
 * dates spend by day, or with `summarize=false` rows. Otherwise rows: of `api_key`, in clear or as its hash, or of
 * `user_id`, or all; to the holder of a key only what is the holder's. Rows come newest first and are at most 1,000. Days are of UTC.
 */
export async function answerLogs(
	{ query, headers }: Asked<undefined, z.output<typeof logsQuery>>,
	state: LogsState,
) {
	const { queries, upstreamUrl } = state;
	const scope = readScope(headers, state);
	if (query.request_id !== undefined) {
		const found = await findEntries(state.engine, queries, query.request_id);
		const seen = found.filter((entry) => maySeeEntry(scope, entry));
		return seen.map((entry) => toSpendRow(entry, upstreamUrl));
	}
	const days = toDays(query);
	const subject = toSubject(query, scope, state);
	const engine = isSeen(scope, subject) ? state.engine : toEmpty(state.engine);
	if (days !== null && query.summarize) {
		return toSpendDays(engine, queries.reports, { ...subject, ...days });
	}
	const asked = { ...subject, ...toSpan(days), count: maxRows };
	const newest = await readNewest(engine, queries, asked);
	return newest.map((entry) => toSpendRow(entry, upstreamUrl));
}

/** The same, all of it: of rows not only the newest 1,000. Batches and sessions come before calls. */
export async function* pageLogs(
	asked: Asked<undefined, z.output<typeof logsQuery>>,
	state: LogsState,
) {
	const { query, headers } = asked;
	const days = toDays(query);
	if (query.request_id !== undefined || (days !== null && query.summarize)) {
		yield await answerLogs(asked, state);
		return;
	}
	const scope = readScope(headers, state);
	const { filter, id } = toSubject(query, scope, state);
	if (!isSeen(scope, { filter, id })) return;
	const found = walkEntries(state.engine, state.queries, {
		...toSpan(days),
		pattern:
			filter === "global" ? anything : { ...anything, [`${filter}Id`]: id },
		direction: "desc",
	});
	for await (const entries of found) {
		yield entries.map((entry) => toSpendRow(entry, state.upstreamUrl));
	}
}

interface Subject {
	readonly filter: EntryFilter;
	readonly id: string;
}

/** As LiteLLM: a key is stronger than a user. */
export function toSubject(
	{
		api_key: key,
		user_id: user,
	}: Pick<z.output<typeof logsQuery>, "api_key" | "user_id">,
	scope: Scope,
	state: Pick<LogsState, "isMasterKey" | "directory">,
): Subject {
	if (key !== undefined)
		return { filter: "key", id: toKeyId(key, scope, state) };
	if (user !== undefined) return { filter: "user", id: user };
	if (scope === null) return { filter: "global", id: "" };
	const { kind, id } = toOwn(scope);
	return { filter: kind, id };
}

const isSeen = (scope: Scope, { filter, id }: Subject): boolean =>
	filter === "global" ? scope === null : maySee(scope, filter, id);

/** As LiteLLM names it in its rows; everything else that is a key is kept by its hash only. */
const masterKeyId = "litellm_proxy_master_key";

/**
 * Of a key in clear, or of what is an id already. To the holder of a key every other one is unknown, the master key too:
 * else one could guess here as often as one likes.
 */
export function toKeyId(
	key: string,
	scope: Scope,
	{ isMasterKey, directory }: Pick<LogsState, "isMasterKey" | "directory">,
): string {
	if (scope === null && isMasterKey(key)) return masterKeyId;
	const hash = key.startsWith("sk-")
		? createHash("sha256").update(key).digest("hex")
		: key;
	// A key that was given a new value is booked by the hash of its first.
	const known = directory.keys.find(hash)?.id;
	return known !== undefined && maySee(scope, "key", known) ? known : hash;
}
