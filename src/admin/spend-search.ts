/** Calls a page at a time, filtered and sorted: LiteLLM's `/spend/logs/v2`. */
import { z } from "zod";
import { GatewayError } from "../domain/error.ts";
import type { Engine } from "../store/engine.ts";
import type { StoredEntry } from "../store/entry-row.ts";
import { findEntries } from "../store/read-entries.ts";
import { findNamed } from "../store/references.ts";
import {
	byStart,
	type Found,
	type FoundEntry,
	maxFound,
	readByIds,
	searchEntries,
} from "../store/search.ts";
import { anything, type EntryPattern } from "../store/search-queries.ts";
import { walkEntries } from "../store/walk.ts";
import { pageNumber, whole } from "./key-list.ts";
import { inPages } from "./list.ts";
import { dollarText, text, time } from "./read-input.ts";
import type { Asked } from "./route.ts";
import { type LogsState, toKeyId } from "./spend-logs.ts";
import { toSpendRow, toSpent, toStatus, toTime } from "./spend-row.ts";
import {
	maySee,
	maySeeEntry,
	readScope,
	type Scope,
	toEmpty,
	toOwn,
} from "./spend-scope.ts";
import { maxDays, toTimes } from "./spend-span.ts";

const maxPage = 100;
const usualPage = 50;
/** Calls of a session that are looked through, the newest. */
const maxOfSession = 1_000;

type Sort = (entry: FoundEntry) => number | bigint;

const sorts = {
	startTime: ({ startedMs }) => startedMs,
	endTime: ({ startedMs, durationMs }) => startedMs + durationMs,
	request_duration_ms: ({ durationMs }) => durationMs,
	spend: ({ spent }) => spent,
	total_tokens: ({ tokens }) => tokens,
} as const satisfies Record<string, Sort>;

const paged = {
	page: pageNumber,
	page_size: whole(maxPage).default(usualPage),
};

export const searchQuery = z.object({
	start_date: time,
	end_date: time,
	...paged,
	request_id: text.optional(),
	session_id: text.optional(),
	api_key: text.optional(),
	key_alias: text.optional(),
	user_id: text.optional(),
	team_id: text.optional(),
	end_user: text.optional(),
	model: text.optional(),
	status_filter: z
		.enum(["success", "failure"], { error: "must be success or failure" })
		.optional(),
	min_spend: dollarText.optional(),
	max_spend: dollarText.optional(),
	sort_by: z
		.enum(Object.keys(sorts) as (keyof typeof sorts)[], {
			error: `must be one of ${Object.keys(sorts).join(", ")}`,
		})
		.default("startTime"),
	sort_order: z
		.enum(["asc", "desc"], { error: "must be asc or desc" })
		.default("desc"),
});

export const sessionQuery = z.object({ session_id: text, ...paged });

type Query = z.output<typeof searchQuery>;

/**
 * `{data, total, page, page_size, total_pages}`. Up to 10,000 calls are counted exactly; `total_is_exact` is false where
 * there are more, or where more would have to be looked through than one answer may cost: then `searched_until` says how
 * far that went. Only the newest 10,000 (or, upward, the oldest) can be paged through.
 */
export async function answerSearch(
	{ query, headers }: Asked<undefined, Query>,
	state: LogsState,
) {
	const span = toTimes(query);
	const scope = readScope(headers, state);
	const found = await find(query, span, { ...state, scope });
	return toAnswer(found, query, state);
}

export async function answerSession(
	{ query, headers }: Asked<undefined, z.output<typeof sessionQuery>>,
	state: LogsState,
) {
	const scope = readScope(headers, state);
	const found = await findOfSession(query, { ...state, scope });
	const asked = { ...query, sort_order: "asc", start_date: null } as const;
	return toAnswer(found, asked, state);
}

const findOfSession = (
	{ session_id }: z.output<typeof sessionQuery>,
	state: Scoped,
): Promise<Sorted> => {
	const of = { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER };
	const order = { sort_by: "startTime", sort_order: "asc" } as const;
	return findAmongNamed({ session_id, ...order }, anything, of, state);
};

/** All that fit, by their start or, up to 10,000, in another order. Batches and sessions come before calls. */
export async function* pageSearch(
	{ query, headers }: Asked<undefined, Query>,
	state: LogsState,
) {
	const span = toTimes(query);
	const scoped = { ...state, scope: readScope(headers, state) };
	const { request_id: id, session_id: session, sort_by, sort_order } = query;
	if (id !== undefined || session !== undefined || sort_by !== "startTime") {
		yield* pageSorted(await find(query, span, scoped), state);
		return;
	}
	const pattern = toPattern(query, scoped);
	const engine = toVisible(query, pattern, scoped);
	const found = walkEntries(engine, state.queries, {
		pattern: toOwnPattern(pattern, scoped),
		...span,
		direction: sort_order,
	});
	for await (const entries of found) yield toRows(entries, state);
}

/** Of the newest 1,000 calls. */
export async function* pageSession(
	{ query, headers }: Asked<undefined, z.output<typeof sessionQuery>>,
	state: LogsState,
) {
	const scope = readScope(headers, state);
	const found = await findOfSession(query, { ...state, scope });
	yield* pageSorted(found, state);
}

const pageSorted = ({ entries, whole }: Sorted, state: LogsState) =>
	inPages(entries, {
		size: maxPage,
		toPage: async (some) =>
			toRows(
				await readWhole(
					some.map(({ id }) => id),
					whole,
					state,
				),
				state,
			),
	});

type Scoped = LogsState & { readonly scope: Scope };
type Span = ReturnType<typeof toTimes>;

/** What was found, in the order that was asked for. */
interface Sorted extends Found {
	/** Those of which the whole rows are at hand already. */
	readonly whole: ReadonlyMap<string, StoredEntry> | null;
}

async function find(query: Query, span: Span, state: Scoped): Promise<Sorted> {
	const pattern = toPattern(query, state);
	if (query.request_id !== undefined || query.session_id !== undefined) {
		return findAmongNamed(query, pattern, span, state);
	}
	const engine = toVisible(query, pattern, state);
	const found = await searchEntries(engine, state.queries, {
		pattern: toOwnPattern(pattern, state),
		...span,
		direction: query.sort_by === "startTime" ? query.sort_order : "desc",
	});
	if (query.sort_by === "startTime") return { ...found, whole: null };
	if (!found.isAll) throw tooManyToSort(query);
	return { ...found, entries: toOrder(found.entries, query), whole: null };
}

/** Whoever names nobody hears of himself. */
function toOwnPattern(pattern: EntryPattern, { scope }: Scoped): EntryPattern {
	const isNobody = [pattern.keyId, pattern.userId, pattern.teamId].every(
		(id) => id === null,
	);
	if (scope === null || !isNobody) return pattern;
	const { kind, id } = toOwn(scope);
	return { ...pattern, [`${kind}Id`]: id };
}

const tooManyToSort = ({ sort_by }: Query) =>
	new GatewayError(
		"malformed_request",
		`sort_by: there are too many calls to put them in the order of ${sort_by}. Ask for a shorter time, or add a filter such as api_key.`,
	);

function toOrder(
	entries: readonly FoundEntry[],
	{ sort_by, sort_order }: Pick<Query, "sort_by" | "sort_order">,
): FoundEntry[] {
	const by: Sort = sorts[sort_by];
	const upward = entries.toSorted((a, b) =>
		by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : byStart(a, b),
	);
	return sort_order === "asc" ? upward : upward.reverse();
}

/** By a name that they have, so they are few; the other filters hold as well. */
async function findAmongNamed(
	query: Partial<Pick<Query, "request_id" | "session_id">> &
		Pick<Query, "sort_by" | "sort_order">,
	pattern: EntryPattern,
	{ fromMs, untilMs }: Span,
	{ engine, queries, scope }: Scoped,
): Promise<Sorted> {
	const { request_id: id, session_id: session } = query;
	const named =
		id !== undefined
			? await findEntries(engine, queries, id)
			: await findNamed(engine, queries.references, {
					kind: "session",
					name: session ?? "",
					count: maxOfSession,
				});
	const fitting = named.filter(
		(entry) =>
			entry.startedMs >= fromMs &&
			entry.startedMs < untilMs &&
			(session === undefined || entry.sessionId === session) &&
			maySeeEntry(scope, entry) &&
			fits(entry, pattern),
	);
	return {
		entries: toOrder(fitting.map(toFound), query),
		isAll: named.length < maxOfSession,
		lookedUntilMs: null,
		whole: new Map(fitting.map((entry) => [entry.id, entry])),
	};
}

const toFound = (entry: StoredEntry): FoundEntry => ({
	id: entry.id,
	startedMs: entry.startedMs,
	durationMs: entry.durationMs,
	spent: toSpent(entry),
	tokens:
		entry.input +
		entry.cacheWrite5m +
		entry.cacheWrite1h +
		entry.cacheRead +
		entry.output,
	endUser: entry.endUser,
});

/** As the statement has it. */
function fits(entry: StoredEntry, pattern: EntryPattern): boolean {
	const spent = toSpent(entry);
	const is = (wanted: string | null, value: string | null) =>
		wanted === null || wanted === value;
	return (
		is(pattern.keyId, entry.keyId) &&
		is(pattern.userId, entry.userId) &&
		is(pattern.teamId, entry.teamId) &&
		is(pattern.endUser, entry.endUser) &&
		is(pattern.model, entry.servedModel ?? entry.requestedModel ?? "unknown") &&
		is(pattern.status, toStatus(entry)) &&
		(pattern.minNanos === null || spent >= pattern.minNanos) &&
		(pattern.maxNanos === null || spent <= pattern.maxNanos)
	);
}

/** An alias that no key has is looked for as a key that there is not. */
function toPattern(query: Query, state: Scoped): EntryPattern {
	const { key_alias: alias, api_key: key } = query;
	const named =
		alias === undefined ? null : state.directory.keys.byAlias(alias);
	const asked = key === undefined ? null : toKeyId(key, state.scope, state);
	return {
		keyId: asked ?? (alias === undefined ? null : (named?.id ?? alias)),
		userId: query.user_id ?? null,
		teamId: query.team_id ?? null,
		endUser: query.end_user ?? null,
		model: query.model ?? null,
		status: query.status_filter ?? null,
		minNanos: query.min_spend ?? null,
		maxNanos: query.max_spend ?? null,
	};
}

/** One of those that are asked for must be the caller's; then each of the rows is. */
function toVisible(
	{ key_alias: alias }: Query,
	{ keyId, userId, teamId }: EntryPattern,
	{ engine, scope, directory }: Scoped,
): Engine {
	if (scope === null) return engine;
	const asked = [
		["key", keyId],
		["user", userId],
		["team", teamId],
	] as const;
	const named = asked.filter(([, id]) => id !== null);
	const isOwn = named.some(([kind, id]) => maySee(scope, kind, id ?? ""));
	const isOther =
		alias !== undefined && directory.keys.byAlias(alias)?.id !== keyId;
	if (isOther) return toEmpty(engine);
	return named.length === 0 || isOwn ? engine : toEmpty(engine);
}

async function toAnswer(
	{ entries, isAll, lookedUntilMs, whole: known }: Sorted,
	{
		page,
		page_size: size,
		sort_order,
	}: Pick<Query, "page" | "page_size" | "sort_order"> & { start_date: unknown },
	state: LogsState,
) {
	const start = (page - 1) * size;
	if (!isAll && start >= entries.length && start > 0) {
		throw tooDeep(lookedUntilMs, sort_order);
	}
	const ids = entries.slice(start, start + size).map(({ id }) => id);
	return {
		data: toRows(await readWhole(ids, known, state), state),
		total: entries.length,
		page,
		page_size: size,
		total_pages: Math.ceil(entries.length / size),
		total_is_exact: isAll,
		...(lookedUntilMs !== null && { searched_until: toTime(lookedUntilMs) }),
	};
}

const readWhole = async (
	ids: readonly string[],
	known: Sorted["whole"],
	{ engine, queries }: LogsState,
): Promise<readonly StoredEntry[]> =>
	known === null
		? await readByIds(engine, queries, ids)
		: ids.flatMap((id) => known.get(id) ?? []);

const toRows = (entries: readonly StoredEntry[], { upstreamUrl }: LogsState) =>
	entries.map((entry) => toSpendRow(entry, upstreamUrl));

function tooDeep(lookedUntilMs: number | null, order: "asc" | "desc") {
	const bound = order === "desc" ? "end_date" : "start_date";
	const how =
		lookedUntilMs === null
			? `At most ${maxFound} calls can be paged through. Ask for a shorter time, at most ${maxDays} days, or add a filter such as api_key.`
			: `That would mean looking through too many calls. Go on from ${bound}=${toTime(lookedUntilMs).slice(0, 19).replace("T", " ")}, or add a filter such as api_key.`;
	return new GatewayError("malformed_request", `page: ${how}`);
}
