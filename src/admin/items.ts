/** What adding, changing and removing have in common, whatever is managed. */

import type { Shelf } from "../domain/directory.ts";
import { GatewayError } from "../domain/error.ts";
import type { Limited } from "../domain/limit-set.ts";
import type { Made } from "../domain/people.ts";
import type { Act, Edit, Items, Kind } from "../store/directory.ts";
import { editLimited } from "./limit-fields.ts";
import { type AdminState, requireBudget, toMade } from "./state.ts";

/** How a kind is called in routes and sentences. */
const names = {
	user: { shelf: "users", field: "user_id", noun: "user" },
	team: { shelf: "teams", field: "team_id", noun: "team" },
	customer: { shelf: "customers", field: "user_id", noun: "end user" },
	budget: { shelf: "budgets", field: "budget_id", noun: "budget" },
	tag: { shelf: "tags", field: "name", noun: "tag" },
} as const satisfies Partial<Record<Kind, object>>;

export type ManagedKind = keyof typeof names;

export const toEdit = <K extends Kind>(
	kind: K,
	id: string,
	item: Items[K] | null,
): Edit => ({ kind, id, item }) as Edit;

const shelfOf = <K extends ManagedKind>(
	kind: K,
	{ directory }: Pick<AdminState, "directory">,
) => directory[names[kind].shelf] as unknown as Shelf<Items[K]>;

/** @throws GatewayError `not_found` */
export function findItem<K extends ManagedKind>(
	kind: K,
	id: string,
	state: Pick<AdminState, "directory">,
): Items[K] {
	const item = shelfOf(kind, state).byId(id);
	if (item !== null) return item;
	const { field, noun } = names[kind];
	throw new GatewayError("not_found", `${field}: there is no such ${noun}.`, {
		answer: { param: field },
	});
}

/** Refuses one that is there already. */
export const requireNew = (
	kind: ManagedKind,
	id: string,
	state: Pick<AdminState, "directory">,
): void => {
	if (shelfOf(kind, state).byId(id) === null) return;
	const { field, noun } = names[kind];
	// LiteLLM's own word for it.
	const answer = { param: field, litellm: "bad_request" };
	throw new GatewayError(
		"malformed_request",
		`${field}: there is such a ${noun} already. Change that one, or choose another ${field}.`,
		{ answer },
	);
};

/** Rejects with GatewayError where it is there already. */
export const addItem = <K extends ManagedKind>(
	kind: K,
	item: Items[K],
	act: Act,
	state: AdminState,
): Promise<Items[K]> =>
	state.directory.change(act, () => {
		requireNew(kind, item.id, state);
		return { edits: [toEdit(kind, item.id, item)], result: item };
	});

/** @param edit throws GatewayError for what may not be */
export const changeItem = <K extends ManagedKind>(
	kind: K,
	id: string,
	act: Act,
	{ state, edit }: { state: AdminState; edit: (item: Items[K]) => Items[K] },
): Promise<Items[K]> =>
	state.directory.change(act, () => {
		const item = edit(findItem(kind, id, state));
		return { edits: [toEdit(kind, id, item)], result: item };
	});

/** Those that are there, in the order of their names. */
export const findItems = <K extends ManagedKind>(
	kind: K,
	ids: readonly string[],
	state: Pick<AdminState, "directory">,
): readonly Items[K][] =>
	[...new Set(ids)].flatMap((id) => {
		const item = shelfOf(kind, state).byId(id);
		return item === null ? [] : [item];
	});

/** @throws GatewayError `not_found` where none of them is there */
export function requireSome(kind: ManagedKind, found: readonly unknown[]) {
	if (found.length > 0) return;
	const { noun } = names[kind];
	throw new GatewayError("not_found", `There is none of these ${noun}s.`);
}

/**
 * The part of an edit that all have who have limits.
 * @throws GatewayError `malformed_request`
 */
export function editCommon<T extends Limited & { readonly updatedBy: string }>(
	item: T,
	fields: Parameters<typeof editLimited>[1],
	state: AdminState,
): T {
	const { nowMs, actor }: Made = toMade(state);
	requireBudget(fields.budget_id, state.directory);
	return {
		...item,
		...editLimited(item, fields, nowMs),
		updatedMs: nowMs,
		updatedBy: actor,
	};
}
