/** What everybody spent: LiteLLM's `/global/…`, out of the sums. */
import { z } from "zod";
import { noNanos } from "../domain/nanos.ts";
import type { ActivityDimension } from "../store/activity-queries.ts";
import { toSummedNanos } from "../store/reports.ts";
import { readUse } from "./activity.ts";
import { sumBy, sumUp, toDearest } from "./activity-row.ts";
import { answerEndUsers, endUsersBody } from "./end-users.ts";
import { answerReport, reportQuery } from "./global-report.ts";
import {
	type Dates,
	type GlobalState,
	readEverything,
	toUsualDays,
} from "./global-state.ts";
import { whole } from "./key-list.ts";
import { text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { spendExamples } from "./spend-examples.ts";
import { toKeyId } from "./spend-logs.ts";
import { toDollars } from "./spend-row.ts";
import { dates, lastMs, toDays, toHours, toSpan } from "./spend-span.ts";
import { toLocalDays, utc } from "./zone.ts";

const usualLimit = 100;
const maxLimit = 1_000;
/** Of one answer, the dearest. */
const maxNames = 10_000;
const _maxModels = 10;

async function answerGlobal(_: Asked, state: GlobalState) {
	const { engine, queries, maxBudget } = state;
	const span = { fromMs: toUsualDays(state).firstMs, untilMs: lastMs };
	const asked = { ...toHours(span), dimension: "global", id: "" };
	const [row] = await engine.read(queries.reports.total(asked));
	const budget = maxBudget();
	return {
		spend: toDollars(toSummedNanos(row?.[1])),
		max_budget: budget === null ? null : toDollars(budget),
	};
}

const logsQuery = z.object({ api_key: text.optional() });

async function answerDays(
	{ query }: Asked<undefined, z.output<typeof logsQuery>>,
	state: GlobalState,
) {
	const { api_key: key } = query;
	const days = toLocalDays(toUsualDays(state), utc);
	const subject =
		key === undefined
			? ({ dimension: "global", ids: [""] } as const)
			: ({ dimension: "key", ids: [toKeyId(key, null, state)] } as const);
	const sums = sumBy(
		await readUse(state, { ...subject, days }),
		({ date }) => date,
	);
	return days.map(({ date }) => ({
		date,
		spend: toDollars(sums.get(date)?.cost ?? noNanos),
	}));
}

const topQuery = z.object({
	...dates,
	limit: whole(maxLimit).default(usualLimit),
});
type Top = Asked<undefined, z.output<typeof topQuery>>;

/** Id, calls and cost of a kind of subject, the dearest first. */
async function readTop(
	dimension: ActivityDimension,
	query: Dates,
	state: GlobalState,
	count: number,
) {
	const { engine, queries } = state;
	const days = toDays(query) ?? toUsualDays(state);
	const asked = { ...toHours(toSpan(days)), dimension, count };
	const rows = await engine.read(queries.reports.byId(asked));
	return rows.map(([id, calls, cost]) => ({
		id: String(id),
		calls: Number(calls),
		spend: toDollars(toSummedNanos(cost)),
	}));
}

async function answerKeys({ query }: Top, state: GlobalState) {
	const rows = await readTop("key", query, state, query.limit);
	return rows.map(({ id, spend }) => {
		const key = state.directory.keys.byId(id);
		return {
			api_key: id,
			key_alias: key?.alias ?? null,
			key_name: key?.name ?? null,
			total_spend: spend,
		};
	});
}

async function answerModels({ query }: Top, state: GlobalState) {
	const rows = await readEverything(query, state);
	return toDearest(sumBy(rows, ({ model }) => model))
		.slice(0, query.limit)
		.map(([model, { cost }]) => ({ model, total_spend: toDollars(cost) }));
}

async function answerTeams({ query }: Top, state: GlobalState) {
	const days = toLocalDays(toDays(query) ?? toUsualDays(state), utc);
	const rows = await readUse(state, { dimension: "team", ids: null, days });
	const toName = (id: string) => state.directory.teams.byId(id)?.name ?? id;
	const totals = toDearest(sumBy(rows, ({ id }) => id)).slice(0, query.limit);
	const names = totals.map(([id]) => toName(id));
	const listed = new Set(totals.map(([id]) => id));
	const byDate = Map.groupBy(
		rows.filter(({ id }) => listed.has(id)),
		({ date }) => date,
	);
	return {
		daily_spend: [...byDate.keys()].sort().map((date) => {
			const sums = sumBy(byDate.get(date) ?? [], ({ id }) => toName(id));
			const spends = [...sums].map(
				([name, { cost }]) => [name, toDollars(cost)] as const,
			);
			return { ...Object.fromEntries(spends), date };
		}),
		teams: [...new Set(names)],
		total_spend_per_team: totals.map(([id, { cost }]) => ({
			team_id: toName(id),
			total_spend: toDollars(cost),
		})),
	};
}

async function answerProviders({ query }: Top, state: GlobalState) {
	const { cost } = sumUp(await readEverything(query, state));
	return [{ provider: "anthropic", spend: toDollars(cost) }];
}

const tagsQuery = z.object({ ...dates, tags: text.optional() });

async function answerTags(
	{ query }: Asked<undefined, z.output<typeof tagsQuery>>,
	state: GlobalState,
) {
	const wanted = query.tags?.split(",").map((tag) => tag.trim());
	const rows = await readTop("tag", query, state, maxNames);
	return {
		spend_per_tag: rows
			.filter(({ id }) => wanted?.includes(id) ?? true)
			.map(({ id, calls, spend }) => ({ name: id, spend, log_count: calls })),
	};
}

async function answerTagNames(_: Asked, { engine, queries }: GlobalState) {
	const hours = toHours(toSpan(null));
	const asked = { ...hours, dimension: "tag", count: maxNames };
	const rows = await engine.read(queries.reports.byId(asked));
	return { tag_names: rows.map(([tag]) => String(tag)).sort() };
}

const get = { method: "GET", for: "operator" } as const;
const top = { ...get, query: topQuery };

export const globalRoutes: readonly ManagedRoute<GlobalState>[] = [
	defineRoute({
		...get,
		path: "/global/spend",
		summary: "What everybody has spent in thirty days",
		example: spendExamples.global,
		answer: answerGlobal,
	}),
	defineRoute({
		...get,
		path: "/global/spend/logs",
		summary: "What everybody, or one key, has spent by day in thirty days",
		list: { member: null },
		query: logsQuery,
		answer: answerDays,
	}),
	defineRoute({
		...top,
		path: "/global/spend/keys",
		summary: "Keys that spent most; without dates in thirty days",
		list: { member: null },
		answer: answerKeys,
	}),
	defineRoute({
		...top,
		path: "/global/spend/models",
		summary: "Models on which most was spent; without dates in thirty days",
		list: { member: null },
		answer: answerModels,
	}),
	defineRoute({
		...top,
		path: "/global/spend/teams",
		summary: "Teams that spent most, by day; without dates in thirty days",
		list: { member: "daily_spend" },
		answer: answerTeams,
	}),
	defineRoute({
		...top,
		path: "/global/spend/provider",
		summary: "What was spent at Anthropic; without dates in thirty days",
		list: { member: null },
		answer: answerProviders,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/global/spend/end_users",
		summary: "End users that spent most, of all keys or of one",
		list: { member: null },
		body: endUsersBody,
		answer: answerEndUsers,
	}),
	defineRoute({
		...get,
		path: "/global/spend/tags",
		summary: "What was spent by tag; without dates in thirty days",
		list: { member: "spend_per_tag", most: maxNames },
		query: tagsQuery,
		example: spendExamples.globalTags,
		answer: answerTags,
	}),
	defineRoute({
		...get,
		path: "/global/spend/all_tag_names",
		summary: "Every tag that calls had",
		list: { member: "tag_names", most: maxNames },
		answer: answerTagNames,
	}),
	defineRoute({
		...get,
		path: "/global/spend/report",
		summary: "What was spent by day and team or end user, or by key",
		list: { member: null },
		query: reportQuery,
		example: spendExamples.report,
		answer: answerReport,
	}),
];
