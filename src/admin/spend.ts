/** What was spent, by whom and on what: LiteLLM's routes, answered from the ledger and its sums. */
import { z } from "zod";
import type { Catalog } from "../pricing/catalog.ts";
import { toSummedNanos } from "../store/reports.ts";
import { calculate, calculateBody, type ReplyMeter } from "./calculate.ts";
import type { GlobalState } from "./global-state.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { spendExamples } from "./spend-examples.ts";
import { answerLogs, logsQuery, pageLogs } from "./spend-logs.ts";
import { toTagRow } from "./spend-row.ts";
import { readScope } from "./spend-scope.ts";
import {
	answerSearch,
	answerSession,
	pageSearch,
	pageSession,
	searchQuery,
	sessionQuery,
} from "./spend-search.ts";
import { dates, toDays, toHours, toSpan } from "./spend-span.ts";

export interface SpendState extends GlobalState {
	readonly catalog: () => Catalog;
	readonly meter: ReplyMeter;
}

/** Tags of one answer, the dearest. */
const maxTagRows = 10_000;

const tagsQuery = z.object(dates);

/** Without dates all there ever was. A call with several tags counts in each. */
async function answerTags(
	{ query }: Asked<undefined, z.output<typeof tagsQuery>>,
	{ engine, queries }: SpendState,
) {
	const hours = toHours(toSpan(toDays(query)));
	const rows = await engine.read(
		queries.reports.byId({ ...hours, dimension: "tag", count: maxTagRows }),
	);
	return rows.map(([tag, calls, cost]) =>
		toTagRow(String(tag), Number(calls), toSummedNanos(cost)),
	);
}

async function answerCalculate(
	{ body }: Asked<z.output<typeof calculateBody>>,
	{ catalog, clock, meter }: SpendState,
) {
	return calculate(body, { catalog: catalog(), meter, atMs: clock.now() });
}

/** Bodies are not kept: null, as LiteLLM answers where it kept none, whether or not there is such a call. */
const answerBodies = async (
	{ headers }: Asked,
	state: SpendState,
): Promise<null> => {
	readScope(headers, state);
	return null;
};

export const spendRoutes: readonly ManagedRoute<SpendState>[] = [
	defineRoute({
		method: "GET",
		path: "/spend/logs",
		summary: "Calls, newest first, or what was spent by day",
		list: { member: null, pages: pageLogs },
		for: "holder",
		query: logsQuery,
		example: spendExamples.logs,
		answer: answerLogs,
	}),
	...(["/spend/logs/v2", "/spend/logs/ui"] as const).map((path) =>
		defineRoute<SpendState, undefined, z.output<typeof searchQuery>>({
			method: "GET",
			path,
			summary: "Calls a page at a time, filtered and sorted",
			list: { member: "data", pages: pageSearch },
			for: "holder",
			query: searchQuery,
			example: spendExamples.search,
			answer: answerSearch,
		}),
	),
	defineRoute({
		method: "GET",
		path: "/spend/logs/session/ui",
		summary: "Calls of a session, the oldest first, a page at a time",
		list: { member: "data", pages: pageSession },
		for: "holder",
		query: sessionQuery,
		example: spendExamples.session,
		answer: answerSession,
	}),
	defineRoute({
		method: "GET",
		path: "/spend/logs/ui/:request_id",
		summary: "What a call said and was answered; null: it is not kept",
		for: "holder",
		answer: answerBodies,
	}),
	defineRoute({
		method: "GET",
		path: "/spend/tags",
		summary: "What was spent by tag",
		list: { member: null, most: maxTagRows },
		for: "operator",
		query: tagsQuery,
		example: spendExamples.tags,
		answer: answerTags,
	}),
	defineRoute({
		method: "POST",
		path: "/spend/calculate",
		summary: "What a request or a reply costs",
		for: "operator",
		body: calculateBody,
		example: spendExamples.calculate,
		answer: answerCalculate,
	}),
];
