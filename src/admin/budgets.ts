/** Budgets with a name, which keys, teams and end users can be linked with: LiteLLM's `/budget/…`. */
import type { z } from "zod";
import { type Budget, toBlank } from "../domain/people.ts";
import type { Edit } from "../store/directory.ts";
import { optional, texts, toBody } from "./fields.ts";
import {
	addItem,
	changeItem,
	editCommon,
	findItem,
	findItems,
	toEdit,
} from "./items.ts";
import { limitShape } from "./limit-fields.ts";
import { toBudgetRow } from "./limit-row.ts";
import { readBack } from "./read-back.ts";
import { text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { type AdminState, toAct, toMade } from "./state.ts";

const newBody = toBody({ ...limitShape, budget_id: optional(text) }, [
	"allowed_models",
	"budget_reset_at",
]);

/** Columns of a budget that no body sets. */
const shown = [
	"budget_reset_at",
	"created_at",
	"created_by",
	"updated_at",
	"updated_by",
] as const;

const updateBody = toBody(
	{ ...limitShape, budget_id: text },
	["allowed_models"],
	{ shown },
);
const infoBody = toBody({ budgets: texts });
const deleteBody = toBody({ id: text });

async function add(asked: Asked<z.output<typeof newBody>>, state: AdminState) {
	const { budget_id, ...fields } = asked.body;
	const blank: Budget = toBlank(budget_id ?? state.newId(), toMade(state));
	const made = editCommon(blank, fields, state);
	return toBudgetRow(await addItem("budget", made, toAct(asked), state), state);
}

/** Whoever is linked with it has the new limits at once. */
async function update(
	asked: Asked<z.output<typeof updateBody>>,
	state: AdminState,
) {
	const { budget_id, ...sent } = asked.body;
	const fields = await readBack(sent, shown, async () =>
		toBudgetRow(findItem("budget", budget_id, state), state),
	);
	const budget = await changeItem("budget", budget_id, toAct(asked), {
		state,
		edit: (found) => editCommon(found, fields, state),
	});
	return toBudgetRow(budget, state);
}

async function info(
	{ body }: Asked<z.output<typeof infoBody>>,
	state: AdminState,
) {
	const found = findItems("budget", body.budgets, state);
	return found.map((budget) => toBudgetRow(budget, state));
}

async function list(_: Asked, state: AdminState) {
	const all = state.directory.budgets.list();
	return all.map((budget) => toBudgetRow(budget, state));
}

/** Whoever was linked with it no longer is. */
async function remove(
	asked: Asked<z.output<typeof deleteBody>>,
	state: AdminState,
) {
	const { id } = asked.body;
	const gone = await state.directory.change(toAct(asked), () => {
		const budget = findItem("budget", id, state);
		const edits = [...unlink(id, state), toEdit("budget", id, null)];
		return { edits, result: budget };
	});
	return toBudgetRow(gone, state);
}

function unlink(id: string, { directory }: AdminState): Edit[] {
	const { keys, users, teams, customers, tags } = directory;
	const isLinked = ({ budgetId }: { budgetId: string | null }) =>
		budgetId === id;
	const free = { budgetId: null };
	return [
		...keys
			.list()
			.filter(isLinked)
			.map((key) => toEdit("key", key.id, { ...key, ...free })),
		...users
			.list()
			.filter(isLinked)
			.map((user) => toEdit("user", user.id, { ...user, ...free })),
		...teams
			.list()
			.filter(isLinked)
			.map((team) => toEdit("team", team.id, { ...team, ...free })),
		...customers
			.list()
			.filter(isLinked)
			.map((one) => toEdit("customer", one.id, { ...one, ...free })),
		...tags
			.list()
			.filter(isLinked)
			.map((tag) => toEdit("tag", tag.id, { ...tag, ...free })),
	];
}

export const budgetRoutes: readonly ManagedRoute<AdminState>[] = [
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/budget/new",
		summary: "Make a budget that others can be linked with",
		body: newBody,
		answer: add,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/budget/update",
		summary: "Change a budget, and with it all that are linked",
		body: updateBody,
		answer: update,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/budget/info",
		summary: "The budgets that are named",
		list: { member: null },
		body: infoBody,
		answer: info,
	}),
	defineRoute({
		method: "GET",
		for: "operator",
		path: "/budget/list",
		summary: "All budgets",
		list: { member: null },
		answer: list,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/budget/delete",
		summary: "Remove a budget; who was linked with it no longer is",
		body: deleteBody,
		answer: remove,
	}),
];
