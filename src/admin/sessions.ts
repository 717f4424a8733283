/** What sessions cost: a Claude Code session with its agents, call by call. */
import { z } from "zod";
import { GatewayError } from "../domain/error.ts";
import type { StoredEntry } from "../store/entry-row.ts";
import { readNewest } from "../store/read-entries.ts";
import { findNamed } from "../store/references.ts";
import { flag, text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { toTotals, toTree } from "./session-steps.ts";
import { type LogsState, toSubject } from "./spend-logs.ts";
import { toTime } from "./spend-row.ts";
import { maySeeEntry, readScope } from "./spend-scope.ts";
import { dates, toDays, toSpan } from "./spend-span.ts";

export type SessionState = Pick<
	LogsState,
	| "engine"
	| "queries"
	| "isMasterKey"
	| "directory"
	| "requireOperator"
	| "readOwnKey"
> & {
	/** Resolves when the database has all that was recorded before. */
	flush(): Promise<void>;
};

const maxSize = 100;
const defaultSize = 20;
/** Calls of a session that one answer adds up. */
const maxListedCalls = 1_000;
/** Calls of a session that one answer shows. */
const maxShownCalls = 5_000;
/** Calls that one answer looks through for sessions. */
const maxScanned = 5_000;
const scanPage = 1_000;

const notTime = "must be a time such as 2026-11-22T12:30:00.000Z";

const listQuery = z.object({
	...dates,
	api_key: text.optional(),
	user_id: text.optional(),
	size: z.coerce
		.number("must be a whole number")
		.int("must be a whole number")
		.min(1, "must be at least 1")
		.transform((size) => Math.min(size, maxSize))
		.default(defaultSize),
	before: z
		.string()
		.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, notTime)
		.transform((time) => Date.parse(time))
		.refine((ms) => !Number.isNaN(ms), notTime)
		.optional(),
});

type Subject = ReturnType<typeof toSubject>;

const isOf =
	({ filter, id }: Subject) =>
	({ keyId, userId }: StoredEntry): boolean =>
		filter === "global" || (filter === "key" ? keyId : userId) === id;

interface Scan {
	readonly subject: Subject;
	readonly fromMs: number;
	readonly untilMs: number;
}

/** Calls of the subject, newest first, as many as may be looked through. */
async function* scan(
	{ subject, fromMs, untilMs }: Scan,
	{ engine, queries }: SessionState,
) {
	const seen = new Set<string>();
	let until = untilMs;
	while (seen.size < maxScanned) {
		const asked = { ...subject, fromMs, untilMs: until, count: scanPage };
		const page = await readNewest(engine, queries, asked);
		const fresh = page.filter(({ id }) => !seen.has(id));
		for (const entry of fresh) {
			seen.add(entry.id);
			yield entry;
		}
		if (page.length < scanPage || fresh.length === 0) return;
		// Others of the same millisecond may be left.
		until = (page.at(-1)?.startedMs ?? fromMs) + 1;
	}
}

/**
 * Sessions by their last call, newest first. With a key or a user only its calls are looked at and added up. `next` is
 * `before` of the next page; null: there is none. At most 5,000 calls are looked through for a page, which may have fewer
 * sessions than `size` for that.
 */
async function answerList(
	{ query }: Asked<undefined, z.output<typeof listQuery>>,
	state: SessionState,
) {
	const { engine, queries } = state;
	const subject = toSubject(query, null, state);
	const span = toSpan(toDays(query));
	const untilMs = Math.min(span.untilMs, query.before ?? span.untilMs);
	const sessions: object[] = [];
	const seen = new Set<string>();
	let scanned = 0;
	let oldestMs = untilMs;
	for await (const entry of scan({ subject, ...span, untilMs }, state)) {
		scanned += 1;
		oldestMs = entry.startedMs;
		const { sessionId: name } = entry;
		if (name === null || seen.has(name)) continue;
		seen.add(name);
		const asked = { kind: "session", name, count: maxListedCalls } as const;
		const all = await findNamed(engine, queries.references, asked);
		const own = all.filter(isOf(subject));
		// It has a later call, and stood on a page before this one.
		if (
			own.some(
				({ startedMs }) => startedMs < span.untilMs && startedMs >= untilMs,
			)
		)
			continue;
		sessions.push(toListed(name, own, all.length >= maxListedCalls));
		if (sessions.length >= query.size) break;
	}
	const isMore = sessions.length >= query.size || scanned >= maxScanned;
	return { sessions, next: isMore ? toTime(oldestMs) : null };
}

async function* pageList(
	asked: Asked<undefined, z.output<typeof listQuery>>,
	state: SessionState,
) {
	let { query } = asked;
	for (;;) {
		const { sessions, next } = await answerList({ ...asked, query }, state);
		yield sessions;
		if (next === null || Date.parse(next) === query.before) return;
		query = { ...query, before: Date.parse(next) };
	}
}

function toListed(
	name: string,
	entries: readonly StoredEntry[],
	isCut: boolean,
) {
	const models = entries.flatMap(({ servedModel }) => servedModel ?? []);
	const agents = entries.flatMap(({ agentId }) => agentId ?? []);
	const keys = entries.flatMap(({ keyId }) => keyId ?? []);
	return {
		session_id: name,
		...toTotals(entries),
		models: [...new Set(models)],
		agents: new Set(agents).size,
		api_keys: [...new Set(keys)],
		/** It has more calls than are added up here. */
		truncated: isCut,
	};
}

const oneQuery = z.object({
	tree: flag
		.default(true)
		.describe("Whether every call is shown, agent by agent, or sums only."),
});

/** What is on the ledger at this moment. To the holder of a key what is the holder's, as far as there is such. */
async function answerOne(
	{ params, query, headers }: Asked<undefined, z.output<typeof oneQuery>>,
	state: SessionState,
) {
	const { engine, queries } = state;
	const scope = readScope(headers, state);
	const name = params.session_id ?? "";
	const asked = { kind: "session", name, count: maxShownCalls } as const;
	await state.flush();
	const all = await findNamed(engine, queries.references, asked);
	const found = all.filter((entry) => maySeeEntry(scope, entry));
	if (found.length === 0) {
		throw new GatewayError(
			"not_found",
			"No call on the ledger is of this session.",
		);
	}
	const entries = found.toSorted(
		(a, b) => a.startedMs - b.startedMs || a.seq - b.seq,
	);
	return {
		...toListed(name, entries, all.length >= maxShownCalls),
		by_model: toModels(entries),
		...(query.tree && { tree: toTree(entries) }),
	};
}

/** Those that named one, the dearest first. */
const toModels = (entries: readonly StoredEntry[]) =>
	[
		...Map.groupBy(
			entries,
			(entry) => entry.servedModel ?? entry.requestedModel,
		),
	]
		.flatMap(([model, own]) =>
			model === null ? [] : [{ model, ...toTotals(own) }],
		)
		.toSorted((a, b) => b.spend - a.spend);

export const sessionRoutes: readonly ManagedRoute<SessionState>[] = [
	defineRoute({
		method: "GET",
		path: "/spend/sessions",
		summary: "Sessions, newest first, and what each cost",
		for: "operator",
		query: listQuery,
		example: { query: { size: "10" } },
		list: { member: "sessions", pages: pageList },
		answer: answerList,
	}),
	defineRoute({
		method: "GET",
		path: "/spend/sessions/:session_id",
		summary: "One session with its agents, call by call",
		for: "holder",
		query: oneQuery,
		answer: answerOne,
	}),
];
