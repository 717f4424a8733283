/** `GET /user/list`: pages of users. */
import { z } from "zod";
import type { User } from "../domain/people.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import { bySpend, pageNumber, whole } from "./key-list.ts";
import { inPages } from "./list.ts";
import { text } from "./read-input.ts";
import type { Asked } from "./route.ts";
import type { AdminState } from "./state.ts";
import { role } from "./user-fields.ts";
import { toUserRow } from "./user-row.ts";

const maxPage = 100;
const usualPage = 25;

const sorts = {
	user_id: ({ id }: User) => id,
	user_email: ({ email }: User) => email ?? "",
	user_alias: ({ name }: User) => name ?? "",
	created_at: ({ createdMs }: User) => createdMs,
	updated_at: ({ updatedMs }: User) => updatedMs,
	user_role: (user: User) => user.role,
	max_budget: (user: User) => user.maxBudgetNanos ?? Number.POSITIVE_INFINITY,
	spend: null,
} as const;

export const listQuery = z.object({
	role: role.optional(),
	user_ids: text.optional(),
	user_email: text.optional(),
	team: text.optional(),
	page: pageNumber,
	page_size: whole(maxPage).default(usualPage),
	sort_by: z
		.enum(Object.keys(sorts) as (keyof typeof sorts)[], {
			error: `must be one of ${Object.keys(sorts).join(", ")}`,
		})
		.default("created_at"),
	sort_order: z
		.enum(["asc", "desc"], { error: "must be asc or desc" })
		.default("asc"),
});

/** With the number of their keys. @param keys all there are */
export const toListed = async (
	user: User,
	keys: readonly VirtualKey[],
	state: AdminState,
) => ({
	...(await toUserRow(user, state)),
	key_count: keys.filter(({ userId }) => userId === user.id).length,
});

/** `user_ids` is a comma list; of `user_email` a part is enough. */
async function findUsers(
	query: z.output<typeof listQuery>,
	state: AdminState,
): Promise<readonly User[]> {
	const { users, teams } = state.directory;
	const part = query.user_email?.toLowerCase() ?? "";
	const ids = query.user_ids?.split(",").map((id) => id.trim());
	const team = query.team === undefined ? null : teams.byId(query.team);
	const found = users
		.list()
		.filter(
			(user) =>
				(query.role ?? user.role) === user.role &&
				(ids?.includes(user.id) ?? true) &&
				(user.email?.toLowerCase() ?? "").includes(part) &&
				(query.team === undefined ||
					team?.members.some(({ userId }) => userId === user.id)),
		);
	const by = sorts[query.sort_by] ?? (await bySpend("user", state));
	const sorted = found.toSorted((a, b) =>
		by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0,
	);
	return query.sort_order === "desc" ? sorted.reverse() : sorted;
}

const toListedUsers = (users: readonly User[], state: AdminState) => {
	const keys = state.directory.keys.list();
	return Promise.all(users.map((user) => toListed(user, keys, state)));
};

export async function listUsers(
	{ query }: Asked<undefined, z.output<typeof listQuery>>,
	state: AdminState,
) {
	const found = await findUsers(query, state);
	const start = (query.page - 1) * query.page_size;
	const page = found.slice(start, start + query.page_size);
	return {
		users: await toListedUsers(page, state),
		total: found.length,
		page: query.page,
		page_size: query.page_size,
		total_pages: Math.ceil(found.length / query.page_size),
	};
}

/** All of them, as they were when they were asked for. */
export async function* pageUsers(
	{ query }: Asked<undefined, z.output<typeof listQuery>>,
	state: AdminState,
) {
	yield* inPages(await findUsers(query, state), {
		size: maxPage,
		toPage: (users) => toListedUsers(users, state),
	});
}
