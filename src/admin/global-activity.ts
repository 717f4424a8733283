/** Calls and tokens by day: LiteLLM's `/global/activity`. */
import { z } from "zod";
import type { Used } from "../store/activity.ts";
import { sumBy, sumUp, toTokens } from "./activity-row.ts";
import { type GlobalState, readEverything } from "./global-state.ts";
import { day } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { spendExamples } from "./spend-examples.ts";
import { toDays } from "./spend-span.ts";
import { toLocalDays, utc } from "./zone.ts";

const maxModels = 10;

const activityQuery = z.object({ start_date: day, end_date: day });
type Activity = Asked<undefined, z.output<typeof activityQuery>>;

/** Every day of the span is there. */
function toActivity(
	rows: readonly Used[],
	query: z.output<typeof activityQuery>,
) {
	const days = toLocalDays(toDays(query) ?? { firstMs: 0, lastMs: 0 }, utc);
	const byDate = Map.groupBy(rows, ({ date }) => date);
	const total = sumUp(rows);
	return {
		daily_data: days.map(({ date, fromMs }) => {
			const sums = sumUp(byDate.get(date) ?? []);
			return {
				date: dayName.format(fromMs),
				api_requests: sums.calls,
				total_tokens: toTokens(sums),
			};
		}),
		sum_api_requests: total.calls,
		sum_total_tokens: toTokens(total),
	};
}

/** `Jan 22`. */
const dayName = new Intl.DateTimeFormat("en-US", {
	month: "short",
	day: "2-digit",
	timeZone: "UTC",
});

const answerActivity = async ({ query }: Activity, state: GlobalState) =>
	toActivity(await readEverything(query, state), query);

async function answerModelActivity({ query }: Activity, state: GlobalState) {
	const rows = await readEverything(query, state);
	const models = [...sumBy(rows, ({ model }) => model)]
		.sort(([, a], [, b]) => b.calls - a.calls)
		.slice(0, maxModels);
	const byModel = Map.groupBy(rows, ({ model }) => model);
	return models.map(([model]) => ({
		model,
		...toActivity(byModel.get(model) ?? [], query),
	}));
}

const get = { method: "GET", for: "operator" } as const;

export const globalActivityRoutes: readonly ManagedRoute<GlobalState>[] = [
	defineRoute({
		...get,
		path: "/global/activity",
		summary: "Calls and tokens by day",
		list: { member: "daily_data" },
		query: activityQuery,
		example: spendExamples.activity,
		answer: answerActivity,
	}),
	defineRoute({
		...get,
		path: "/global/activity/model",
		summary: "Calls and tokens by day of the ten models with most calls",
		list: { member: null },
		query: activityQuery,
		example: spendExamples.activity,
		answer: answerModelActivity,
	}),
];
