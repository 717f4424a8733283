/** `GET /key/list`: pages of keys. */
import { z } from "zod";
import type { VirtualKey } from "../domain/virtual-key.ts";
import { toSummedNanos } from "../store/reports.ts";
import { toKeyRow } from "./key-row.ts";
import { inPages } from "./list.ts";
import { flag, text } from "./read-input.ts";
import type { Asked } from "./route.ts";
import { toHours, toSpan } from "./spend-span.ts";
import type { AdminState } from "./state.ts";
import { toUserRow } from "./user-row.ts";

const maxPage = 100;

/** A whole number from 1 to `most`, as a query has it. */
export const whole = (most: number) =>
	z
		.string()
		.regex(/^[1-9]\d{0,8}$/, "must be a whole number from 1 on")
		.transform(Number)
		.refine((value) => value <= most, `must be at most ${most}`)
		.meta({
			type: "integer",
			minimum: 1,
			maximum: most,
			pattern: undefined,
		});

const maxPageNumber = 999_999_999;
export const pageNumber = whole(maxPageNumber).default(1);

/** A filter of the contract that nothing has here: to leave it aside would answer with more than was asked for. */
export const noFilter = text
	.refine(
		() => false,
		"is not supported by this version of Tollway; leave it out",
	)
	.optional()
	.meta({ description: "Not supported: it is refused", enum: [""] });

/** By what keys are sorted; one that is not known here is looked up. */
const sorts = {
	created_at: (key: VirtualKey) => key.createdMs,
	updated_at: (key: VirtualKey) => key.updatedMs,
	token: (key: VirtualKey) => key.id,
	key_alias: (key: VirtualKey) => key.alias ?? "",
	max_budget: (key: VirtualKey) =>
		key.maxBudgetNanos ?? Number.POSITIVE_INFINITY,
	spend: null,
} as const;

type Sort = keyof typeof sorts;

export const listQuery = z.object({
	page: pageNumber,
	size: whole(maxPage).default(10),
	user_id: text.optional(),
	team_id: text.optional(),
	organization_id: text.optional(),
	key_hash: text.optional(),
	key_alias: text.optional(),
	return_full_object: flag.default(false),
	include_team_keys: flag.default(false),
	include_created_by_keys: flag.default(false),
	status: noFilter,
	project_id: noFilter,
	access_group_id: noFilter,
	expand: z.enum(["user"], { error: "must be user" }).optional(),
	sort_by: z
		.enum(Object.keys(sorts) as Sort[], {
			error: `must be one of ${Object.keys(sorts).join(", ")}`,
		})
		.default("created_at"),
	sort_order: z
		.enum(["asc", "desc"], { error: "must be asc or desc" })
		.default("desc"),
});

type Query = z.output<typeof listQuery>;

export async function listKeys(
	{ query: asked }: Asked<undefined, Query>,
	state: AdminState,
) {
	const found = await findKeys(asked, state);
	const start = (asked.page - 1) * asked.size;
	const page = found.slice(start, start + asked.size);
	return {
		keys: await toListedKeys(page, asked, state),
		total_count: found.length,
		current_page: asked.page,
		total_pages: Math.ceil(found.length / asked.size),
	};
}

/** All of them, as they were when they were asked for. */
export async function* pageKeys(
	{ query: asked }: Asked<undefined, Query>,
	state: AdminState,
) {
	yield* inPages(await findKeys(asked, state), {
		size: maxPage,
		toPage: (keys) => toListedKeys(keys, asked, state),
	});
}

async function findKeys(asked: Query, state: AdminState) {
	const found = state.directory.keys.list().filter(isAskedFor(asked, state));
	const by = sorts[asked.sort_by] ?? (await bySpend("key", state));
	const sorted = found.toSorted((a, b) =>
		by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0,
	);
	return asked.sort_order === "desc" ? sorted.reverse() : sorted;
}

async function toListedKeys(
	keys: readonly VirtualKey[],
	asked: Query,
	state: AdminState,
): Promise<readonly unknown[]> {
	const isFull = asked.return_full_object || asked.expand !== undefined;
	return isFull
		? Promise.all(keys.map((key) => toListedKey(key, asked, state)))
		: keys.map(({ id }) => id);
}

export async function toListedKey(
	key: VirtualKey,
	{ expand }: Pick<Query, "expand">,
	state: AdminState,
) {
	const row = await toKeyRow(key, state);
	if (expand === undefined) return row;
	const user = key.userId && state.directory.users.byId(key.userId);
	return { ...row, user: user ? await toUserRow(user, state) : null };
}

/** Of one kind, by what they have spent ever; one beyond has spent less than all of these. */
const maxSpenders = 100_000;

export async function bySpend(
	dimension: "key" | "user",
	{ engine, queries }: AdminState,
): Promise<(one: { readonly id: string }) => bigint> {
	const hours = toHours(toSpan(null));
	const asked = { ...hours, dimension, count: maxSpenders };
	const rows = await engine.read(queries.reports.byId(asked));
	const spent = new Map(
		rows.map(([id, , cost]) => [String(id), toSummedNanos(cost)]),
	);
	return ({ id }) => spent.get(id) ?? 0n;
}

/** With a user also the keys of their teams, and those they made, where that is asked for. */
const isAskedFor =
	(asked: Query, { directory }: AdminState) =>
	(key: VirtualKey): boolean =>
		isOfUser(key, asked, directory) &&
		(asked.team_id ?? key.teamId) === key.teamId &&
		(asked.organization_id ?? key.organizationId) === key.organizationId &&
		(asked.key_alias ?? key.alias) === key.alias &&
		[undefined, key.id, key.hash].includes(asked.key_hash);

function isOfUser(
	key: VirtualKey,
	{ user_id: user, include_team_keys, include_created_by_keys }: Query,
	{ teams }: AdminState["directory"],
): boolean {
	if (user === undefined || key.userId === user) return true;
	if (include_created_by_keys && key.createdBy === user) return true;
	const team = include_team_keys && key.teamId && teams.byId(key.teamId);
	return team ? team.members.some(({ userId }) => userId === user) : false;
}
