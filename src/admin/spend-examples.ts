/** What the API's description shows of the routes of spend. */
import { toNanos } from "../domain/nanos.ts";
import type { RouteExample } from "./route.ts";
import { toDollars, toTagRow } from "./spend-row.ts";

const spend = toNanos(1_250_000_000n);
const model = "claude-sonnet-5-5";
const dates = { start_date: "2026-11-01", end_date: "2026-11-30" };

export const spendExamples = {
	logs: { query: dates },
	search: {
		query: {
			start_date: "2026-11-22 00:00:00",
			end_date: "2026-11-22 23:59:59",
		},
	},
	session: { query: { session_id: "session-1" } },
	tags: { query: dates, reply: () => [toTagRow("docs", 41, spend)] },
	calculate: {
		body: { model, messages: [{ role: "user", content: "Hello, world" }] },
	},
	globalTags: {
		reply: () => ({
			spend_per_tag: [{ name: "docs", spend: toDollars(spend), log_count: 41 }],
		}),
	},
	report: { query: { ...dates, group_by: "team" } },
	activity: { query: dates },
	global: { reply: () => ({ spend: toDollars(spend), max_budget: null }) },
} as const satisfies Record<string, RouteExample>;
