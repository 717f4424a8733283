/** Labels of calls that have limits: LiteLLM's `/tag/…`. */
import type { z } from "zod";
import { type Tag, toBlank } from "../domain/people.ts";
import { clearable, label, labels, said, toBody } from "./fields.ts";
import {
	addItem,
	changeItem,
	editCommon,
	findItem,
	findItems,
	toEdit,
} from "./items.ts";
import { limitedShape, shownOfLimited } from "./limit-fields.ts";
import { toLimitedColumns } from "./limit-row.ts";
import { readBack } from "./read-back.ts";
import { text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { toTime } from "./spend-row.ts";
import { type AdminState, readSpend, restate, toAct, toMade } from "./state.ts";

const acted = { description: clearable(text), ...limitedShape };
const newBody = toBody({ ...acted, name: label }, [
	"budget_reset_at",
	"models",
]);

/** Columns of a tag that no body sets. */
const shown = ["created_at", "created_by", ...shownOfLimited] as const;

const updateBody = toBody({ ...acted, name: label }, ["models"], { shown });
const infoBody = toBody({ names: labels });
const deleteBody = toBody({ name: label });

type Fields = {
	readonly [K in keyof typeof acted]?: z.output<(typeof acted)[K]>;
};

/** @throws GatewayError `malformed_request` */
const edit = (tag: Tag, fields: Fields, state: AdminState): Tag => ({
	...editCommon(tag, fields, state),
	description: said(fields.description, tag.description),
});

async function toRow(tag: Tag, state: AdminState) {
	const { id } = tag;
	const spend = await readSpend({ kind: "tag", id }, tag, state);
	return {
		name: id,
		description: tag.description,
		models: [],
		...toLimitedColumns(tag, spend, state),
		created_at: toTime(tag.createdMs),
		created_by: tag.createdBy,
		updated_at: toTime(tag.updatedMs),
	};
}

async function add(asked: Asked<z.output<typeof newBody>>, state: AdminState) {
	const { name, ...fields } = asked.body;
	const blank: Tag = { ...toBlank(name, toMade(state)), description: null };
	const made = edit(blank, fields, state);
	const tag = await addItem("tag", made, toAct(asked), state);
	// Calls may have had it before.
	await restate({ kind: "tag", id: name }, fields, tag, state);
	return toRow(tag, state);
}

async function update(
	asked: Asked<z.output<typeof updateBody>>,
	state: AdminState,
) {
	const { name: id, ...sent } = asked.body;
	const fields = await readBack(sent, shown, () =>
		toRow(findItem("tag", id, state), state),
	);
	const tag = await changeItem("tag", id, toAct(asked), {
		state,
		edit: (found) => edit(found, fields, state),
	});
	await restate({ kind: "tag", id }, fields, tag, state);
	return toRow(tag, state);
}

/** By name, as LiteLLM answers it. */
async function info(
	asked: Asked<z.output<typeof infoBody>>,
	state: AdminState,
) {
	const found = findItems("tag", asked.body.names, state);
	const rows = found.map(async (tag) => [tag.id, await toRow(tag, state)]);
	return Object.fromEntries(await Promise.all(rows));
}

async function list(_: Asked, state: AdminState) {
	const all = state.directory.tags.list();
	return Promise.all(all.map((tag) => toRow(tag, state)));
}

async function remove(
	asked: Asked<z.output<typeof deleteBody>>,
	{ directory, counter }: AdminState,
) {
	const { name: id } = asked.body;
	await directory.change(toAct(asked), () => ({
		edits: [toEdit("tag", findItem("tag", id, { directory }).id, null)],
		result: undefined,
	}));
	counter.forget({ kind: "tag", id });
	return { message: `The tag ${id} has no limits any more.` };
}

export const tagRoutes: readonly ManagedRoute<AdminState>[] = [
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/tag/new",
		summary: "Give limits to a tag",
		body: newBody,
		answer: add,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/tag/update",
		summary: "Change the limits of a tag",
		body: updateBody,
		answer: update,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/tag/info",
		summary: "The tags that are named, with what was spent on them",
		body: infoBody,
		answer: info,
	}),
	defineRoute({
		method: "GET",
		for: "operator",
		path: "/tag/list",
		summary: "All tags with limits",
		list: { member: null },
		answer: list,
	}),
	defineRoute({
		method: "POST",
		for: "operator",
		path: "/tag/delete",
		summary: "Take the limits of a tag away",
		body: deleteBody,
		answer: remove,
	}),
];
