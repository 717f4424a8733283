/** `GET /key/list`: pages of keys. */
import { z } from "zod";
import type { VirtualKey } from "../domain/virtual-key.ts";
import { toKeyRow } from "./key-row.ts";
import { type KeysState, readSpend } from "./keys-state.ts";
import { flag, text } from "./read-input.ts";
import type { Asked } from "./route.ts";

const maxPage = 100;
const whole = (most: number) =>
	z
		.string()
		.regex(/^[1-9]\d{0,8}$/, "must be a whole number from 1 on")
		.transform((value) => Math.min(Number(value), most))
		.meta({
			type: "integer",
			minimum: 1,
			maximum: 999_999_999,
			pattern: undefined,
		});

const sorts = {
	created_at: (key: VirtualKey) => key.createdMs,
	updated_at: (key: VirtualKey) => key.updatedMs,
	token: (key: VirtualKey) => key.id,
	key_alias: (key: VirtualKey) => key.alias ?? "",
} as const;

export const listQuery = z.object({
	page: whole(Number.MAX_SAFE_INTEGER).default(1),
	size: whole(maxPage).default(10),
	user_id: text.optional(),
	team_id: text.optional(),
	organization_id: text.optional(),
	key_hash: text.optional(),
	key_alias: text.optional(),
	return_full_object: flag.default(false),
	sort_by: z
		.enum(Object.keys(sorts) as (keyof typeof sorts)[], {
			error: `must be one of ${Object.keys(sorts).join(", ")}`,
		})
		.default("created_at"),
	sort_order: z
		.enum(["asc", "desc"], { error: "must be asc or desc" })
		.default("desc"),
});

export async function listKeys(
	{ query: asked }: Asked<undefined, z.output<typeof listQuery>>,
	state: KeysState,
) {
	const found = state.keys.list().filter(isAskedFor(asked));
	const by = sorts[asked.sort_by];
	found.sort((a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0));
	if (asked.sort_order === "desc") found.reverse();
	const start = (asked.page - 1) * asked.size;
	const page = found.slice(start, start + asked.size);
	return {
		keys: asked.return_full_object
			? await Promise.all(
					page.map(async (key) =>
						toKeyRow(key, await readSpend(key, state), state.clock.now()),
					),
				)
			: page.map(({ id }) => id),
		total_count: found.length,
		current_page: asked.page,
		total_pages: Math.ceil(found.length / asked.size),
	};
}

const isAskedFor =
	(asked: z.output<typeof listQuery>) =>
	(key: VirtualKey): boolean =>
		(asked.user_id ?? key.userId) === key.userId &&
		(asked.team_id ?? key.teamId) === key.teamId &&
		(asked.organization_id ?? key.organizationId) === key.organizationId &&
		(asked.key_alias ?? key.alias) === key.alias &&
		[undefined, key.id, key.hash].includes(asked.key_hash);
