/** Rows of the ledger, or what was spent by day. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Engine } from "../store/engine.ts";
import type { Queries } from "../store/queries.ts";
import { findEntries, readNewest } from "../store/read-entries.ts";
import type { EntryFilter } from "../store/reports.ts";
import { flag, text } from "./read-input.ts";
import type { Asked } from "./route.ts";
import { toSpendDays } from "./spend-days.ts";
import { toSpendRow } from "./spend-row.ts";
import { dates, toDays, toSpan } from "./spend-span.ts";

export interface LogsState {
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
 * `user_id`, or all. Rows come newest first and are at most 1,000. Days are of UTC.
 */
export async function answerLogs(
	{ query }: Asked<undefined, z.output<typeof logsQuery>>,
	state: LogsState,
) {
	const { engine, queries, upstreamUrl } = state;
	if (query.request_id !== undefined) {
		const found = await findEntries(engine, queries, query.request_id);
		return found.map((entry) => toSpendRow(entry, upstreamUrl));
	}
	const days = toDays(query);
	const subject = toSubject(query, state);
	if (days !== null && query.summarize) {
		return toSpendDays(engine, queries.reports, { ...subject, ...days });
	}
	const asked = { ...subject, ...toSpan(days), count: maxRows };
	const newest = await readNewest(engine, queries, asked);
	return newest.map((entry) => toSpendRow(entry, upstreamUrl));
}

/** As LiteLLM: a key is stronger than a user. */
export function toSubject(
	{
		api_key: key,
		user_id: user,
	}: Pick<z.output<typeof logsQuery>, "api_key" | "user_id">,
	state: Pick<LogsState, "isMasterKey">,
): { filter: EntryFilter; id: string } {
	if (key !== undefined) return { filter: "key", id: toKeyId(key, state) };
	if (user !== undefined) return { filter: "user", id: user };
	return { filter: "global", id: "" };
}

/** As LiteLLM names it in its rows; everything else that is a key is kept by its hash only. */
const masterKeyId = "litellm_proxy_master_key";

function toKeyId(
	key: string,
	{ isMasterKey }: Pick<LogsState, "isMasterKey">,
): string {
	if (isMasterKey(key)) return masterKeyId;
	return key.startsWith("sk-")
		? createHash("sha256").update(key).digest("hex")
		: key;
}
