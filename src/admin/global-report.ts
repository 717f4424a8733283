/** LiteLLM's `/global/spend/report`. */
import { z } from "zod";
import type { Used } from "../store/activity.ts";
import type { ActivityDimension } from "../store/activity-queries.ts";
import { readUse } from "./activity.ts";
import { sumBy, sumUp, toDearest, toTokens } from "./activity-row.ts";
import { day, text } from "./read-input.ts";
import type { Asked } from "./route.ts";
import { type LogsState, toKeyId } from "./spend-logs.ts";
import { toDollars } from "./spend-row.ts";
import { toDays } from "./spend-span.ts";
import { toLocalDays, utc } from "./zone.ts";

export const reportQuery = z.object({
	start_date: day,
	end_date: day,
	group_by: z
		.enum(["team", "customer", "api_key"], {
			error: "must be team, customer or api_key",
		})
		.default("team"),
	api_key: text.optional(),
	internal_user_id: text.optional(),
	team_id: text.optional(),
	customer_id: text.optional(),
});

type Query = z.output<typeof reportQuery>;

/**
 * With `api_key` or `internal_user_id`, or by key, a row for each; otherwise days, each with its teams or end users. Which
 * keys a team's or an end user's calls had is not in the sums: `api_key` is null in their rows, and in a user's.
 */
export async function answerReport(
	{ query }: Asked<undefined, Query>,
	state: LogsState,
) {
	const { dimension, id } = toSubject(query, state);
	const days = toLocalDays(toDays(query) ?? { firstMs: 0, lastMs: 0 }, utc);
	const ids = id === null ? null : [id];
	const rows = await readUse(state, { dimension, ids, days });
	if (dimension === "team" || dimension === "customer") {
		return toDayRows(rows, dimension, state);
	}
	const byId = Map.groupBy(rows, (row) => row.id);
	return toDearest(sumBy(rows, (row) => row.id)).map(([subject]) => ({
		api_key: dimension === "key" ? subject : null,
		...(dimension === "user" && { internal_user_id: subject }),
		...toCosts(byId.get(subject) ?? []),
	}));
}

/** Whoever is named is stronger than the grouping. */
function toSubject(
	query: Query,
	state: LogsState,
): { dimension: ActivityDimension; id: string | null } {
	const { api_key, internal_user_id, team_id, customer_id } = query;
	if (api_key !== undefined) {
		return { dimension: "key", id: toKeyId(api_key, null, state) };
	}
	if (internal_user_id !== undefined) {
		return { dimension: "user", id: internal_user_id };
	}
	if (team_id !== undefined) return { dimension: "team", id: team_id };
	if (customer_id !== undefined) {
		return { dimension: "customer", id: customer_id };
	}
	const { group_by: by } = query;
	return { dimension: by === "api_key" ? "key" : by, id: null };
}

/** Input tokens with those of the cache. */
function toCosts(rows: readonly Used[]) {
	const toSums = (of: ReturnType<typeof sumUp>) => ({
		total_cost: toDollars(of.cost),
		total_input_tokens: toTokens(of) - of.output,
		total_output_tokens: of.output,
	});
	const models = toDearest(sumBy(rows, ({ model }) => model));
	return {
		...toSums(sumUp(rows)),
		model_details: models.map(([model, of]) => ({ model, ...toSums(of) })),
	};
}

function toDayRows(
	rows: readonly Used[],
	dimension: "team" | "customer",
	state: LogsState,
) {
	const byDate = Map.groupBy(rows, ({ date }) => date);
	return [...byDate.keys()].sort().map((date) => {
		const ofDay = byDate.get(date) ?? [];
		const byId = Map.groupBy(ofDay, ({ id }) => id);
		const subjects = toDearest(sumBy(ofDay, ({ id }) => id)).map(
			([id, { cost }]) => ({
				...(dimension === "team"
					? { team_name: state.directory.teams.byId(id)?.name ?? id }
					: { customer: id }),
				total_spend: toDollars(cost),
				metadata: toModelRows(byId.get(id) ?? []),
			}),
		);
		return {
			group_by_day: date,
			[dimension === "team" ? "teams" : "customers"]: subjects,
		};
	});
}

const toModelRows = (rows: readonly Used[]) =>
	toDearest(sumBy(rows, ({ model }) => model)).map(([model, of]) => ({
		model,
		spend: toDollars(of.cost),
		total_tokens: toTokens(of),
		api_key: null,
	}));
