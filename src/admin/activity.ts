/** What was used by day: LiteLLM's `/user/daily/activity` and its kin, out of the sums. */
import { z } from "zod";
import { GatewayError } from "../domain/error.ts";
import { type LocalDay, readActivity, type Used } from "../store/activity.ts";
import type { ActivityDimension } from "../store/activity-queries.ts";
import {
	sumBy,
	sumUp,
	toBreakdown,
	toMetrics,
	toTotals,
} from "./activity-row.ts";
import { pageNumber, whole } from "./key-list.ts";
import { day, text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { type LogsState, toKeyId } from "./spend-logs.ts";
import { maySee, readScope, type Scope, toEmpty } from "./spend-scope.ts";
import { toDays } from "./spend-span.ts";
import { toLocalDays, utc, zone } from "./zone.ts";

const maxPage = 1_000;
/** Of days times subjects times models; more is no answer that anybody reads. */
export const maxActivityRows = 50_000;

const common = {
	start_date: day,
	end_date: day,
	model: text.optional(),
	api_key: text.optional(),
	timezone: zone.optional(),
	page: pageNumber,
	page_size: whole(maxPage).default(maxPage),
};

const queries = {
	user: z.object({ ...common, user_id: text.optional() }),
	team: z.object({ ...common, team_ids: text.optional() }),
	tag: z.object({ ...common, tags: text.optional() }),
	customer: z.object({ ...common, end_user_ids: text.optional() }),
} as const;

type Entity = keyof typeof queries;

/** All that any of them asks. */
type Query = z.output<typeof queries.user> & {
	readonly team_ids?: string | undefined;
	readonly tags?: string | undefined;
	readonly end_user_ids?: string | undefined;
};

/** What is read: totals of the one, and, where they are others, entities and keys of their own. */
interface Plan {
	readonly dimension: ActivityDimension;
	/** Null: all. */
	readonly ids: readonly string[] | null;
	/** In what rows of `dimension` are summed up; null: in nothing. */
	readonly toEntity: ((id: string) => string | null) | null;
	readonly isVisible: boolean;
	/** Besides, for a breakdown. */
	readonly also: readonly ("user" | "key")[];
}

/**
 * Days with any use, the newest first; `metadata` sums up all of them, whatever page is shown. A call with several tags
 * counts in each. Keys are told apart where no entity is asked for, or one key is: no sums are kept of pairs of subjects.
 * A key's calls count for the user and the team that it belongs to now.
 */
async function answerActivity(
	entity: Entity,
	{ query, headers }: Asked<undefined, Query>,
	state: LogsState,
) {
	const span = toDays(query) ?? { firstMs: 0, lastMs: 0 };
	const days = toLocalDays(span, query.timezone ?? utc);
	const scope = readScope(headers, state);
	const plan = toPlan(entity, query, scope, state);
	const engine = plan.isVisible ? state.engine : toEmpty(state.engine);
	const read = (dimension: ActivityDimension, ids: Plan["ids"]) =>
		readUse({ ...state, engine }, { dimension, ids, days, model: query.model });
	const rows = await read(plan.dimension, plan.ids);
	const also: Partial<Record<"user" | "key", ByDate>> = {};
	for (const dimension of plan.also) {
		also[dimension] = toByDate(await read(dimension, null));
	}
	const byDate = toByDate(rows);
	const used = [...byDate.keys()].sort().reverse();
	const start = (query.page - 1) * query.page_size;
	const shown = used.slice(start, start + query.page_size);
	const pages = Math.ceil(used.length / query.page_size);
	return {
		results: shown.map((date) => {
			const of = byDate.get(date) ?? [];
			return toDay(date, of, { entity, plan, also, state });
		}),
		metadata: {
			...toTotals(sumUp(rows)),
			page: query.page,
			total_pages: pages,
			has_more: query.page < pages,
		},
	};
}

/** @throws GatewayError `malformed_request` for more rows than an answer can hold */
export async function readUse(
	{ engine, queries }: Pick<LogsState, "engine" | "queries">,
	asked: {
		readonly dimension: ActivityDimension;
		readonly ids: readonly string[] | null;
		readonly days: readonly LocalDay[];
		readonly model?: string | undefined;
	},
): Promise<readonly Used[]> {
	const { model } = asked;
	const count = maxActivityRows;
	const rows = await readActivity(engine, queries, { ...asked, count });
	if (rows === "deleted") {
		throw new GatewayError(
			"malformed_request",
			"timezone: a day of it begins within an hour, and calls of such an hour were deleted from the ledger by its age or size. Ask for later days, or in a time zone whose days begin with an hour, such as UTC.",
		);
	}
	if (rows === "too_many") {
		throw new GatewayError(
			"malformed_request",
			"start_date and end_date: there is too much in so many days. Ask for fewer days, or for some users, teams or tags only.",
		);
	}
	return model === undefined ? rows : rows.filter((row) => row.model === model);
}

type ByDate = ReadonlyMap<string, readonly Used[]>;

const toByDate = (rows: readonly Used[]): ByDate =>
	Map.groupBy(rows, ({ date }) => date);

interface Shown {
	readonly entity: Entity;
	readonly plan: Plan;
	readonly also: Partial<Record<"user" | "key", ByDate>>;
	readonly state: LogsState;
}

function toDay(date: string, rows: readonly Used[], shown: Shown) {
	const { entity, plan, also, state } = shown;
	const metrics = toMetrics(sumUp(rows));
	const of = (dimension: "user" | "key"): readonly Used[] =>
		plan.dimension === dimension ? rows : (also[dimension]?.get(date) ?? []);
	const { toEntity } = plan;
	const entities =
		toEntity === null
			? sumBy(of("user"), ({ id }) => id)
			: sumBy(
					rows.filter(({ id }) => toEntity(id) !== null),
					({ id }) => toEntity(id) ?? "",
				);
	const models = toBreakdown(sumBy(rows, ({ model }) => model));
	return {
		date,
		metrics,
		breakdown: {
			models,
			model_groups: models,
			providers: {
				anthropic: { metrics, metadata: {}, api_key_breakdown: {} },
			},
			api_keys: toBreakdown(
				sumBy(of("key"), ({ id }) => id),
				(id) => toKeyMetadata(id, state),
			),
			entities: toBreakdown(entities, (id) =>
				entity === "team" ? toTeamMetadata(id, state) : {},
			),
			endpoints: {},
			mcp_servers: {},
		},
	};
}

function toKeyMetadata(id: string, { directory }: LogsState) {
	const key = directory.keys.byId(id);
	return { key_alias: key?.alias ?? null, team_id: key?.teamId ?? null };
}

const toTeamMetadata = (id: string, { directory }: LogsState) => ({
	team_alias: directory.teams.byId(id)?.name ?? null,
});

const toList = (value: string | undefined): readonly string[] | null =>
	value === undefined
		? null
		: [...new Set(value.split(",").map((id) => id.trim()))].filter(
				(id) => id !== "",
			);

const sameId = (id: string) => id;

function toPlan(
	entity: Entity,
	query: Query,
	scope: Scope,
	state: LogsState,
): Plan {
	if (query.api_key !== undefined)
		return toKeyPlan(entity, query, scope, state);
	const plan = { isVisible: true, also: [], toEntity: sameId };
	if (entity === "tag")
		return { ...plan, dimension: entity, ids: toList(query.tags) };
	if (entity === "customer") {
		return { ...plan, dimension: entity, ids: toList(query.end_user_ids) };
	}
	if (entity === "team") {
		const asked = toList(query.team_ids);
		if (scope === null) return { ...plan, dimension: entity, ids: asked };
		const ids = (asked ?? scope.teams).filter((id) =>
			maySee(scope, entity, id),
		);
		return { ...plan, dimension: entity, ids };
	}
	const id = query.user_id ?? scope?.userId ?? null;
	if (id !== null) {
		const isVisible = maySee(scope, "user", id);
		return { ...plan, dimension: "user", ids: [id], isVisible };
	}
	return scope === null
		? {
				...plan,
				dimension: "global",
				ids: [""],
				toEntity: null,
				also: ["user", "key"],
			}
		: { ...plan, dimension: "key", ids: [scope.keyId], toEntity: () => null };
}

/** @throws GatewayError `malformed_request` where keys are not told apart */
function toKeyPlan(
	entity: Entity,
	query: Query,
	scope: Scope,
	state: LogsState,
): Plan {
	if (entity === "tag" || entity === "customer") {
		throw new GatewayError(
			"malformed_request",
			`api_key: by ${entity} and key no sums are kept. Leave it out, or read single calls with /spend/logs/v2.`,
		);
	}
	const id = toKeyId(query.api_key ?? "", scope, state);
	const key = state.directory.keys.byId(id);
	const owner = (entity === "user" ? key?.userId : key?.teamId) ?? null;
	const asked =
		entity === "user" ? toList(query.user_id) : toList(query.team_ids);
	const isAsked = asked === null || (owner !== null && asked.includes(owner));
	return {
		dimension: "key",
		ids: [id],
		toEntity: () => owner,
		isVisible: isAsked && maySee(scope, "key", id),
		also: [],
	};
}

const toRoute = (
	path: string,
	entity: Entity,
	who: ManagedRoute<LogsState>["for"],
): ManagedRoute<LogsState> =>
	defineRoute<LogsState, undefined, Query>({
		method: "GET",
		path: `/${path}/daily/activity`,
		summary: `What was used by day and ${path.replace("_", " ")}, out of the sums`,
		for: who,
		query: queries[entity] as z.ZodType<Query>,
		example: {
			query: { start_date: "2026-11-01", end_date: "2026-11-30" },
		},
		list: { member: "results" },
		answer: (asked, state) => answerActivity(entity, asked, state),
	});

export const activityRoutes: readonly ManagedRoute<LogsState>[] = [
	toRoute("user", "user", "holder"),
	toRoute("team", "team", "holder"),
	toRoute("tag", "tag", "operator"),
	toRoute("customer", "customer", "operator"),
	toRoute("end_user", "customer", "operator"),
];
