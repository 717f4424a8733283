import { afterAll, beforeAll, expect, test } from "bun:test";
import { engines, type TestStore } from "../store/engines.ts";
import { fill } from "../store/fill.ts";
import { openSpendApp } from "./spend-app.ts";

const nowMs = Date.UTC(2026, 10, 22, 18);
let store: TestStore;
let app: ReturnType<typeof openSpendApp>;

beforeAll(async () => {
	const sqlite = engines.find(({ name }) => name === "SQLite");
	store = await (sqlite as (typeof engines)[number]).open();
	await fill(store, [{ startedMs: nowMs, keyId: "k" }]);
	app = openSpendApp(store, { nowMs });
});
afterAll(() => store.stop());

const days = (start_date: string, end_date: string) =>
	`start_date=${start_date}&end_date=${end_date}`;

test.each([
	["/spend/logs?start_date=2026-11-22", "send both, or neither"],
	["/spend/tags?end_date=2026-11-22", "send both, or neither"],
	[`/spend/logs?${days("2026-11-22", "2026-11-21")}`, "before start_date"],
	[`/spend/logs?${days("2026-02-29", "2026-03-01")}`, "start_date"],
	[`/spend/logs?${days("22.11.2026", "2026-11-22")}`, "start_date"],
	[`/spend/logs?${days("2026-11-22", "2026-11-22T00:00")}`, "end_date"],
	[`/spend/tags?${days("0000-01-01", "2026-11-22")}`, "before 1970"],
	[`/spend/logs?${days("2025-11-21", "2026-11-22")}`, "at most 366 days"],
	[`/spend/logs?${days("1970-01-01", "9999-12-31")}`, "at most 366 days"],
	[
		`/spend/logs?${days("2026-11-22", "2026-11-22")}&summarize=maybe`,
		"summarize",
	],
	["/spend/logs?request_id=a%00b", "control characters"],
	["/spend/logs?user_id=a%0Ab", "control characters"],
	[`/spend/logs?api_key=${"x".repeat(513)}`, "at most 512 characters"],
	["/spend/logs/v2", "start_date: is missing"],
	["/spend/logs/ui?start_date=2026-11-22", "end_date: is missing"],
	[`/spend/logs/v2?${days("2026-11-22", "yesterday")}`, "end_date"],
	[`/spend/logs/v2?${days("2026-02-29", "2026-11-22")}`, "a real time"],
	[`/spend/logs/v2?${days("2026-11-22", "2026-11-22 25:00:00")}`, "a real"],
	[`/spend/logs/v2?${days("2026-11-22", "2026-11-21")}`, "before start_date"],
	[`/spend/logs/v2?${days("2000-01-01", "2026-11-21")}`, "at most 366 days"],
	...[
		["model=a%00b", "control characters"],
		[`user_id=${"%25".repeat(513)}`, "at most 512 characters"],
		["min_spend=cheap", "number of dollars"],
		["max_spend=-1", "number of dollars"],
		["max_spend=99999999", "at most 9000000"],
		["page=0", "whole number"],
		["page_size=many", "whole number"],
		["sort_by=id;drop", "must be one of"],
		["sort_order=sideways", "asc or desc"],
		["status_filter=maybe", "success or failure"],
	].map(
		([part = "", why = ""]) =>
			[
				`/spend/logs/v2?${days("2026-11-22", "2026-11-22")}&${part}`,
				why,
			] as const,
	),
	["/spend/logs/session/ui", "session_id"],
	["/user/daily/activity", "start_date"],
	[`/user/daily/activity?${days("2020-01-01", "2026-11-22")}`, "366 days"],
	[
		`/tag/daily/activity?${days("2026-11-22", "2026-11-22")}&api_key=k`,
		"no sums are kept",
	],
	[
		`/team/daily/activity?${days("2026-11-22", "2026-11-22")}&timezone=Moon/Sea`,
		"time zone",
	],
	[
		`/team/daily/activity?${days("2026-11-22", "2026-11-22")}&timezone=9999`,
		"time zone",
	],
	[
		`/team/daily/activity?${days("2026-10-01", "2026-11-22")}&timezone=Asia/Kolkata`,
		"at most 31",
	],
	["/global/activity", "start_date"],
	["/global/activity/model?start_date=2026-11-22", "end_date"],
	["/global/spend/report?group_by=moon", "start_date"],
	[
		`/global/spend/report?${days("2026-11-22", "2026-11-22")}&group_by=moon`,
		"team, customer or api_key",
	],
	[`/global/spend/models?${days("2000-01-01", "2026-11-22")}`, "366 days"],
	["/customer/info", "end_user_id"],
	["/customer/info?end_user_id=", "end_user_id"],
	["/customer/info?end_user_id=%00", "control characters"],
])("400: %s", async (path, why) => {
	const { status, body } = await app.ask(path);
	expect(status).toBe(400);
	expect(body.error).toMatchObject({
		type: "invalid_request_error",
		code: "400",
		message: expect.stringContaining(why),
	});
});

test.each([
	[`/spend/logs?${days("1970-01-01", "9999-12-31")}&summarize=false`, 1],
	[`/spend/logs?${days("2025-11-22", "2026-11-22")}`, 366],
	[`/spend/tags?${days("1970-01-01", "9999-12-31")}`, 0],
	["/spend/logs?request_id=&api_key=&user_id=", 1],
	["/spend/logs?api_key=k&api_key=other", 1],
	["/spend/logs?__proto__=1&constructor=2&unknown=3", 1],
	["/spend/logs?user_id=%zz", 0],
])("answered in bounds: %s", async (path, rows) => {
	const { status, body } = await app.ask(path);
	expect(status).toBe(200);
	expect(body).toHaveLength(rows);
});

test.each(["api_key", "user_id", "team_id", "end_user", "session_id", "model"])(
	"hostile %s finds nothing",
	async (name) => {
		for (const value of ["%%%%", "_", "*", "' or 1=1 --", "%".repeat(512)]) {
			const query = { start_date: "2025-11-22", end_date: "2026-11-22" };
			const answer = await app.get("/spend/logs/v2", {
				...query,
				[name]: value,
			});
			expect(answer).toMatchObject({
				status: 200,
				body: { data: [], total: 0 },
			});
		}
	},
);

test.each([
	["GET", "/spend/logs?request_id=x"],
	["GET", "/spend/logs?start_date=nonsense"],
	["GET", "/spend/tags"],
	["GET", "/global/spend"],
	["GET", "/global/spend/report"],
	["GET", "/spend/logs/v2"],
	["GET", "/spend/logs/session/ui"],
	["GET", "/spend/logs/ui/x"],
	["GET", "/user/daily/activity"],
	["GET", "/team/daily/activity"],
	["GET", "/customer/info?end_user_id=x"],
	["GET", "/end_user/info?end_user_id=x"],
	["POST", "/spend/calculate"],
])("only the operator: %s %s", async (method, path) => {
	const body = method === "POST" ? "{}" : null;
	const answer = await app.ask(path, { method, body }, "sk-somebody");
	expect(answer.status).toBe(401);
	expect(answer.body.error.message).toBe("Only the operator may see this.");
});
