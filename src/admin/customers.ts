/** End users, whom calls name and who hold no keys: LiteLLM's `/customer/…`, which is also `/end_user/…`. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { GatewayError } from "../domain/error.ts";
import { lay, noLimits } from "../domain/limit-set.ts";
import { noNanos } from "../domain/nanos.ts";
import { type Customer, toBlank } from "../domain/people.ts";
import { toSummedNanos } from "../store/reports.ts";
import {
	clearable,
	label,
	labels,
	optional,
	said,
	toBody,
	yesOrNo,
} from "./fields.ts";
import {
	addItem,
	editCommon,
	findItems,
	requireSome,
	toEdit,
} from "./items.ts";
import { limitedShape } from "./limit-fields.ts";
import { findReset, toBudgetRow, toLimitColumns } from "./limit-row.ts";
import { readBack } from "./read-back.ts";
import { text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { toDollars } from "./spend-row.ts";
import { toHours, toSpan } from "./spend-span.ts";
import { type AdminState, readSpend, restate, toAct, toMade } from "./state.ts";

const acted = {
	alias: clearable(text),
	blocked: optional(yesOrNo),
	allowed_model_region: clearable(
		z.enum(["eu", "us"], { error: "must be eu or us" }),
	),
	default_model: clearable(text),
	...limitedShape,
};

const inert = ["object_permission", "object_permission_id"] as const;

/** Columns of an end user that no body sets. */
const shown = ["budget_reset_at", "litellm_budget_table"] as const;

const newBody = toBody({ ...acted, user_id: label }, [
	...inert,
	"budget_reset_at",
]).refine(
	({ budget_id, max_budget }) => !budget_id || (max_budget ?? null) === null,
	"budget_id and max_budget: send one of them, not both",
);
const updateBody = toBody({ ...acted, user_id: label }, inert, { shown });
const manyBody = toBody({ user_ids: labels });

type Fields = {
	readonly [K in keyof typeof acted]?: z.output<(typeof acted)[K]>;
};

/** @throws GatewayError `malformed_request` */
const edit = (of: Customer, fields: Fields, state: AdminState): Customer => ({
	...editCommon(of, fields, state),
	name: said(fields.alias, of.name),
	blocked: fields.blocked ?? of.blocked,
	allowedModelRegion: said(fields.allowed_model_region, of.allowedModelRegion),
	defaultModel: said(fields.default_model, of.defaultModel),
});

const toNew = (id: string, state: AdminState): Customer => ({
	...toBlank(id, toMade(state)),
	name: null,
	allowedModelRegion: null,
	defaultModel: null,
});

async function toRow(customer: Customer, state: AdminState) {
	const { id } = customer;
	const spend = await readSpend({ kind: "customer", id }, customer, state);
	return {
		user_id: id,
		alias: customer.name,
		blocked: customer.blocked,
		spend: toDollars(spend),
		allowed_model_region: customer.allowedModelRegion,
		default_model: customer.defaultModel,
		litellm_budget_table: toBudgetTable(customer, state),
		object_permission_id: null,
		object_permission: null,
	};
}

/** What holds: their own words, laid over those of the budget that they are linked with; null: there are none. */
function toBudgetTable(customer: Customer, state: AdminState) {
	const { budgetId } = customer;
	const budget =
		budgetId === null ? null : state.directory.budgets.byId(budgetId);
	const limits = toLimitColumns(lay(customer, budget));
	const isBare = isDeepStrictEqual(limits, toLimitColumns(noLimits));
	if (budget === null && isBare) return null;
	return {
		...(budget && toBudgetRow(budget, state)),
		budget_id: budgetId,
		...limits,
		budget_reset_at: findReset(customer, state),
	};
}

/** What calls have cost that name an end user who is in no table. */
const toUnlisted = (id: string, spend: number) => ({
	user_id: id,
	alias: null,
	blocked: false,
	spend,
	allowed_model_region: null,
	default_model: null,
	litellm_budget_table: null,
	object_permission_id: null,
	object_permission: null,
});

async function add(asked: Asked<z.output<typeof newBody>>, state: AdminState) {
	const { user_id, ...fields } = asked.body;
	const made = edit(toNew(user_id, state), fields, state);
	const customer = await addItem("customer", made, toAct(asked), state);
	// Calls may have named them before.
	await restate({ kind: "customer", id: user_id }, fields, customer, state);
	return toRow(customer, state);
}

/** One whom calls have named is put into the table. */
async function update(
	asked: Asked<z.output<typeof updateBody>>,
	state: AdminState,
) {
	const { user_id: id, ...sent } = asked.body;
	const { directory } = state;
	const isNamed = await hasCalls(id, state);
	const fields = await readBack(sent, shown, () =>
		toRow(directory.customers.byId(id) ?? toNew(id, state), state),
	);
	const customer = await directory.change(toAct(asked), () => {
		const found = directory.customers.byId(id);
		if (found === null && !isNamed) throw unknown(id, "user_id");
		const item = edit(found ?? toNew(id, state), fields, state);
		return { edits: [toEdit("customer", id, item)], result: item };
	});
	await restate({ kind: "customer", id }, fields, customer, state);
	return toRow(customer, state);
}

/** Those who are in no table yet are put into it. */
async function setBlocked(
	asked: Asked<z.output<typeof manyBody>>,
	state: AdminState,
	blocked: boolean,
) {
	const ids = [...new Set(asked.body.user_ids)];
	const { directory } = state;
	const changed = await directory.change(toAct(asked), () => {
		const customers = ids.map((id) =>
			edit(
				directory.customers.byId(id) ?? toNew(id, state),
				{ blocked },
				state,
			),
		);
		const edits = customers.map((one) => toEdit("customer", one.id, one));
		return { edits, result: customers };
	});
	return {
		blocked_users: await Promise.all(changed.map((one) => toRow(one, state))),
	};
}

async function remove(
	asked: Asked<z.output<typeof manyBody>>,
	state: AdminState,
) {
	const { directory, counter } = state;
	const gone = await directory.change(toAct(asked), () => {
		const found = findItems("customer", asked.body.user_ids, state);
		const edits = found.map(({ id }) => toEdit("customer", id, null));
		return { edits, result: found };
	});
	requireSome("customer", gone);
	for (const { id } of gone) counter.forget({ kind: "customer", id });
	return {
		deleted_customers: gone.length,
		message: `Removed ${gone.length}. What they have cost stays on the ledger.`,
	};
}

const infoQuery = z.object({ end_user_id: label });

/** One that is in no table and that no call has named is unknown: 400, as LiteLLM has it. */
async function info(
	{ query: { end_user_id: id } }: Asked<undefined, z.output<typeof infoQuery>>,
	state: AdminState,
) {
	const customer = state.directory.customers.byId(id);
	if (customer !== null) return toRow(customer, state);
	// What has just ended is part of it.
	const spend = await readSpend({ kind: "customer", id }, null, state);
	if (spend !== noNanos || (await hasCalls(id, state))) {
		return toUnlisted(id, toDollars(spend));
	}
	throw unknown(id, "end_user_id");
}

const unknown = (id: string, param: string) =>
	new GatewayError("not_found", `End User Id=${id} does not exist in db.`, {
		answer: { param },
	});

async function hasCalls(id: string, { engine, queries }: AdminState) {
	const asked = { ...toHours(toSpan(null)), dimension: "customer", id };
	const [row] = await engine.read(queries.reports.total(asked));
	return (row?.[0] ?? null) !== null;
}

/** End users of one answer who are in no table, the dearest. */
const maxUnlisted = 10_000;

async function list(_: Asked, state: AdminState) {
	const { directory, engine, queries } = state;
	const listed = directory.customers.list();
	const hours = toHours(toSpan(null));
	const asked = { ...hours, dimension: "customer", count: maxUnlisted };
	const rows = await engine.read(queries.reports.byId(asked));
	return [
		...(await Promise.all(listed.map((one) => toRow(one, state)))),
		...rows
			.filter(([id]) => directory.customers.byId(String(id)) === null)
			.map(([id, , cost]) =>
				toUnlisted(String(id), toDollars(toSummedNanos(cost))),
			),
	];
}

const toRoutes = (name: string): readonly ManagedRoute<AdminState>[] => [
	defineRoute({
		method: "POST",
		for: "operator",
		path: `/${name}/new`,
		summary: "Put an end user into the table, with limits",
		body: newBody,
		answer: add,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: `/${name}/update`,
		summary: "Change an end user; what is not said stays as it is",
		body: updateBody,
		answer: update,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: `/${name}/delete`,
		summary: "Take end users out of the table",
		body: manyBody,
		answer: remove,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: `/${name}/block`,
		summary: "Refuse every call that names one of these end users",
		body: manyBody,
		answer: (asked, state) => setBlocked(asked, state, true),
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: `/${name}/unblock`,
		summary: "Let calls that name these end users through again",
		body: manyBody,
		answer: (asked, state) => setBlocked(asked, state, false),
	}),
	defineRoute({
		method: "GET",
		for: "operator",
		path: `/${name}/info`,
		summary: "An end user and what they have cost",
		query: infoQuery,
		answer: info,
	}),
	defineRoute({
		method: "GET",
		for: "operator",
		path: `/${name}/list`,
		summary: "All end users, those whom only calls name included",
		list: { member: null },
		answer: list,
	}),
];

export const customerRoutes: readonly ManagedRoute<AdminState>[] = [
	...toRoutes("customer"),
	...toRoutes("end_user"),
];
