/** All keys, however many pages they are. */
import { z } from "zod";
import { AskError } from "./ask-error.ts";
import type { ManagementApi } from "./management-api.ts";

/** The most that a gateway gives at once. */
const pageSize = 100;
const maxPages = 100_000;
/** Keys that go while the pages are read move others to pages that were read already. */
const maxTries = 3;

const page = z.object({
	keys: z.array(z.looseObject({ token: z.string() })),
	total_count: z.number(),
	total_pages: z.number(),
});

type Listed = z.output<typeof page>["keys"][number];

/** As the API shows them, the oldest first. Rejects with AskError. */
export async function readKeys(api: ManagementApi): Promise<readonly Listed[]> {
	for (let tries = 1; ; tries += 1) {
		const { keys, total } = await readOnce(api);
		if (keys.size >= total || tries === maxTries) return [...keys.values()];
	}
}

async function readOnce(api: ManagementApi) {
	const keys = new Map<string, Listed>();
	for (let at = 1; ; at += 1) {
		const answer = await api.ask({
			method: "GET",
			path: "/key/list",
			query: {
				return_full_object: "true",
				size: String(pageSize),
				page: String(at),
				sort_by: "created_at",
				sort_order: "asc",
			},
		});
		const read = page.safeParse(answer);
		if (!read.success) {
			throw new AskError(
				"The gateway's list of keys cannot be read; is it of another version than this command?",
			);
		}
		for (const key of read.data.keys) keys.set(key.token, key);
		const { total_count: total, total_pages: pages } = read.data;
		if (at >= pages || at >= maxPages) return { keys, total };
	}
}
