/** What was spent, by whom and on what: LiteLLM's routes, answered from the ledger and its sums. */
import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { GatewayError } from "../domain/error.ts";
import { cleanLabel, cutLabel } from "../domain/labels.ts";
import type { Nanos } from "../domain/nanos.ts";
import type { Clock, RequestHeaders } from "../platform/contract.ts";
import type { Catalog } from "../pricing/catalog.ts";
import { toSummedNanos } from "../store/reports.ts";
import { toAnswerable } from "./answerable.ts";
import { calculate, calculateBody, type ReplyMeter } from "./calculate.ts";
import { readBody, readQuery, text } from "./read-input.ts";
import { answerLogs, type LogsState } from "./spend-logs.ts";
import { toDollars } from "./spend-row.ts";
import { dates, dayMs, lastMs, toDays, toHours, toSpan } from "./spend-span.ts";

export interface SpendState extends LogsState {
	readonly catalog: () => Catalog;
	readonly clock: Clock;
	readonly meter: ReplyMeter;
	/** Of everything; null: there is none. */
	readonly maxBudget: () => Nanos | null;
	/** @throws GatewayError for a caller who may not see what was spent */
	requireOperator(headers: RequestHeaders): void;
}

interface Route {
	readonly method: "GET" | "POST";
	readonly path: string;
	readonly answer: (c: Context, state: SpendState) => Promise<unknown>;
}

const routes: readonly Route[] = [
	{ method: "GET", path: "/spend/logs", answer: answerLogs },
	{ method: "GET", path: "/spend/tags", answer: answerTags },
	{ method: "POST", path: "/spend/calculate", answer: answerCalculate },
	{ method: "GET", path: "/global/spend", answer: answerGlobal },
	{ method: "GET", path: "/customer/info", answer: answerCustomer },
	{ method: "GET", path: "/end_user/info", answer: answerCustomer },
];

/** Of a body; reading a longer one would hold up the calls that run. */
const maxBodyBytes = 4 * 1024 * 1024;

/** Errors leave as GatewayError: `malformed_request`, `request_too_large`, `busy`, and whatever `requireOperator` says. */
export function addSpendRoutes<E extends { headers: RequestHeaders }>(
	app: Hono<{ Bindings: E }>,
	state: SpendState,
): void {
	const limit = bodyLimit({
		maxSize: maxBodyBytes,
		onError: () => {
			throw new GatewayError(
				"request_too_large",
				`The body must have at most ${maxBodyBytes} bytes.`,
			);
		},
	});
	for (const { method, path, answer } of routes) {
		app.on(
			method,
			path,
			async (c, next) => {
				state.requireOperator(c.env.headers);
				await next();
			},
			limit,
			async (c) => {
				try {
					return c.json((await answer(c, state)) as object);
				} catch (error) {
					throw toAnswerable(error);
				}
			},
		);
	}
}

/** Tags of one answer, the dearest. */
const maxTagRows = 10_000;

/** Without dates all there ever was. A call with several tags counts in each. */
async function answerTags(c: Context, { engine, queries }: SpendState) {
	const hours = toHours(toSpan(toDays(readQuery(c, z.object(dates)))));
	const rows = await engine.read(
		queries.reports.byId({ ...hours, dimension: "tag", count: maxTagRows }),
	);
	return rows.map(([tag, calls, cost]) => ({
		individual_request_tag: tag,
		log_count: Number(calls),
		total_spend: toDollars(toSummedNanos(cost)),
	}));
}

async function answerCalculate(
	c: Context,
	{ catalog, clock, meter }: SpendState,
) {
	const body = await readBody(c, calculateBody);
	return calculate(body, { catalog: catalog(), meter, atMs: clock.now() });
}

const globalDays = 30;

/** Of the last thirty days and today. */
async function answerGlobal(_c: Context, state: SpendState) {
	const { engine, queries, clock, maxBudget } = state;
	const today = Math.floor(clock.now() / dayMs) * dayMs;
	const span = { fromMs: today - globalDays * dayMs, untilMs: lastMs };
	const asked = { ...toHours(span), dimension: "global", id: "" };
	const [row] = await engine.read(queries.reports.total(asked));
	const budget = maxBudget();
	return {
		spend: toDollars(toSummedNanos(row?.[1])),
		max_budget: budget === null ? null : toDollars(budget),
	};
}

const customerQuery = z.object({ end_user_id: text });

/** All that an end user ever cost. One that no call has named is unknown: 400, as LiteLLM has it. */
async function answerCustomer(c: Context, { engine, queries }: SpendState) {
	const { end_user_id } = readQuery(c, customerQuery);
	// As the label of a call was cleaned.
	const id = cutLabel(cleanLabel(end_user_id));
	const hours = toHours(toSpan(null));
	const asked = { ...hours, dimension: "customer", id };
	const [row] = await engine.read(queries.reports.total(asked));
	const [calls = null, cost] = row ?? [];
	if (calls === null) {
		throw new GatewayError(
			"malformed_request",
			`End User Id=${id} does not exist in db.`,
		);
	}
	return {
		user_id: id,
		blocked: false,
		alias: null,
		spend: toDollars(toSummedNanos(cost)),
		allowed_model_region: null,
		default_model: null,
		litellm_budget_table: null,
		object_permission_id: null,
		object_permission: null,
	};
}
