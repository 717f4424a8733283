/** LiteLLM's contract of internal users, row by row. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	acts,
	badBodies,
	badDollars,
	badIds,
	expectField,
	expectRefused,
	type Field,
	type FieldRoute,
	inert,
	limitedFields,
	oddIds,
	raiseFields,
} from "./contract.ts";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
	await op.manage("/budget/new", { budget_id: "linked", max_budget: 3 });
	await op.manage("/team/new", { team_id: "red" });
});
afterAll(() => op.stop());

const make = (fields: object = {}) => op.manage("/user/new", fields);
const infoOf = (user_id: string) =>
	op.manage(`/user/info?${new URLSearchParams({ user_id })}`);

const fields: readonly Field[] = [
	acts("user_alias", "Ada"),
	acts("user_role", "internal_user_viewer"),
	acts("organization_id", "acme"),
	acts("metadata", { owner: "x" }, { nothing: [{}] }),
	...limitedFields,
	acts("models", ["claude-*"], { nothing: [[]] }),
	inert("organizations", ["acme"], []),
	inert("send_invite_email", true, false),
	inert("sso_user_id", "x"),
	inert("password", "12345678"),
	inert("team_id", "red"),
	inert("project_id", "p"),
	inert("agent_id", "a"),
	inert("blocked", true, false),
	inert("config", { a: 1 }, {}),
	inert("permissions", { a: 1 }, {}),
	inert("allowed_cache_controls", ["no-cache"], []),
	inert("allowed_passthrough_routes", ["/x"], []),
	inert("guardrails", ["x"], []),
	inert("policies", ["x"], []),
	inert("prompts", ["x"], []),
	inert("enforced_params", ["user"], []),
	inert("object_permission", { a: 1 }, {}),
	inert("default_estimated_output_tokens", 100),
	inert("default_estimated_output_tokens_per_model", { m: 1 }, {}),
	inert("auto_rotate", true, false),
	inert("rotation_interval", "30d"),
	inert("router_settings", { a: 1 }, {}),
	inert("access_group_ids", ["g"], []),
	inert("budget_fallbacks", { a: "b" }, {}),
	{ name: "rpm_limit_type", other: "dynamic" },
	{ name: "tpm_limit_type", other: "guaranteed_throughput" },
	{ name: "user_role", other: "emperor" },
	{ name: "user_email", other: 7 },
];

const routes: Record<string, FieldRoute> = {
	new: { path: "/user/new", body: async () => ({}), row: (answer) => answer },
	update: {
		path: "/user/update",
		body: async () => ({
			user_id: (await make({ auto_create_key: false })).user_id,
		}),
		row: ({ data }) => data,
	},
};

describe.each(Object.keys(routes))("/user/%s", (name) => {
	const route = routes[name] as FieldRoute;
	test.each(fields.map((field) => [field.name, field] as const))(
		"%s",
		(_, field) => expectField(field, route, op),
	);

	test("bad amounts", async () => {
		for (const bad of badDollars) {
			const whole = JSON.stringify({ ...(await route.body()), max_budget: 0 });
			const body = whole.replace(/0}$/, `${bad}}`);
			expectRefused(await op.post(route.path, body), 400, "max_budget");
		}
	});

	test("unknown fields are refused by name", async () => {
		const body = { ...(await route.body()), role: "proxy_admin" };
		expectRefused(await op.ask(route.path, body), 400, "role");
	});

	test.each(badBodies)("%s is no body", async (_, body) => {
		expect((await op.post(route.path, body)).status).toBe(400);
	});
});

describe("made", () => {
	test("with every field of the contract, and a first key", async () => {
		const { key, created_at, ...row } = await make({ user_id: "bare" });
		expect(key).toMatch(/^sk-[\w-]{43}$/);
		const { expires, ...user } = row;
		expect(expires).toBeNull();
		expect(user).toEqual({
			user_id: "bare",
			user_alias: null,
			user_email: null,
			user_role: "internal_user",
			team_id: null,
			sso_user_id: null,
			organization_id: null,
			teams: [],
			max_budget: null,
			soft_budget: null,
			spend: 0,
			models: [],
			metadata: {},
			max_parallel_requests: null,
			tpm_limit: null,
			rpm_limit: null,
			budget_duration: null,
			budget_reset_at: null,
			budget_id: null,
			budget_limits: [],
			litellm_budget_table: null,
			allowed_cache_controls: [],
			policies: [],
			model_spend: {},
			model_max_budget: {},
			model_rpm_limit: {},
			model_tpm_limit: {},
			updated_at: created_at,
		});
		const info = await infoOf("bare");
		expect(info).toMatchObject({ user_id: "bare", user_info: user, teams: [] });
		expect(info.keys).toHaveLength(1);
		expect(info.keys[0]).not.toHaveProperty("token");
	});

	test("what is said of a key is said of the first one", async () => {
		const ofKey = {
			key_alias: "first of fay",
			duration: "30d",
			aliases: { fast: "claude-haiku-4-5" },
			allowed_routes: ["/v1/messages"],
			tags: ["fay"],
		};
		const { key, expires } = await make({ user_id: "fay", ...ofKey });
		expect(Date.parse(expires)).toBeGreaterThan(Date.now());
		const { duration: _, ...shown } = ofKey;
		const { info } = await op.manage(`/key/info?key=${key}`);
		expect(info).toMatchObject({ ...shown, user_id: "fay" });
		const taken = { key_alias: ofKey.key_alias };
		expectRefused(await op.ask("/user/new", taken), 400, "key_alias");
		for (const [name, value] of Object.entries(ofKey)) {
			const body = { auto_create_key: false, [name]: value };
			expectRefused(await op.ask("/user/new", body), 400, name);
		}
		const none = await make({ auto_create_key: false, key_type: "default" });
		expect(none).not.toHaveProperty("key");
	});

	test("with metadata that are its own, whatever their names", async () => {
		const metadata = { tags: ["vip"], owner: "x" };
		for (const auto_create_key of [true, false]) {
			const row = await make({ metadata, auto_create_key });
			expect(row.metadata).toEqual(metadata);
			const { keys } = await infoOf(row.user_id);
			for (const key of keys) expect(key.tags).toEqual([]);
		}
	});

	test("into teams that are there", async () => {
		const { user_id, teams } = await make({ teams: ["red", "red"] });
		expect(teams).toEqual(["red"]);
		const { teams: joined } = await infoOf(user_id);
		expect(joined.map((one: { team_id: string }) => one.team_id)).toEqual([
			"red",
		]);
		const wrong = { teams: ["none"], user_id: "nowhere" };
		expectRefused(await op.ask("/user/new", wrong), 404, "team_id");
		expectRefused(await op.ask("/user/info?user_id=nowhere"), 404, "user_id");
	});

	test("once, by id and by address", async () => {
		await make({ user_id: "once", user_email: "Once@X.org" });
		for (const [name, value] of [
			["user_id", "once"],
			["user_email", "once@x.org"],
		] as const) {
			expectRefused(await op.ask("/user/new", { [name]: value }), 400, name);
		}
	});

	test("and removed with its keys; made again it begins with nothing", async () => {
		const { key } = await make({ user_id: "again", teams: ["red"] });
		await op.spend(key);
		const ids = { user_ids: ["again", "again", "none"] };
		expect(await op.manage("/user/delete", ids)).toBe(1);
		expectRefused(await op.ask("/user/delete", ids), 404, null);
		expect((await op.call(key)).status).toBe(401);
		expect((await make({ user_id: "again" })).spend).toBe(0);
	});

	test.each(oddIds)("as %s", async (id) => {
		const { key } = await make({
			user_id: id,
			user_email: `${id}@x.org`.slice(-99),
		});
		const { cost } = await op.spend(key);
		expect((await infoOf(id)).user_info).toMatchObject({
			user_id: id,
			spend: cost,
		});
		expect(await op.manage("/user/delete", { user_ids: [id] })).toBe(1);
	});

	test.each(badIds)("the id %s is none", async (bad) => {
		const answer = await op.post("/user/new", `{"user_id":${bad}}`);
		expectRefused(answer, 400, "user_id");
	});
});

describe("changed", () => {
	const withoutTimes = ({ updated_at: _, ...row }: Record<string, unknown>) =>
		row;

	test("by id or address; what nobody names is refused", async () => {
		const user_email = "cy@x.org";
		const { user_id } = await make({ user_email, max_budget: 3 });
		const byAddress = { user_email: "CY@x.org", user_alias: "Cy" };
		expect(await op.manage("/user/update", byAddress)).toMatchObject({
			user_id,
			data: { user_alias: "Cy", max_budget: 3 },
		});
		const moved = { user_id, user_email: "cyril@x.org" };
		const { data } = await op.manage("/user/update", moved);
		expect(data.user_email).toBe("cyril@x.org");
		const asked: [object, number, string][] = [
			[{}, 400, "user_id"],
			[{ user_id: "none" }, 404, "user_id"],
			[{ user_email }, 404, "user_email"],
			[{ user_id, ...raiseFields }, 400, "temp_budget_increase"],
		];
		for (const [body, status, param] of asked) {
			expectRefused(await op.ask("/user/update", body), status, param);
		}
	});

	test("what info and the list show comes back and changes nothing", async () => {
		const { key } = await make({
			user_id: "whole",
			user_email: "whole@x.org",
			user_alias: "Whole",
			teams: ["red"],
			max_budget: 5,
			soft_budget: 4,
			budget_duration: "1mo",
			metadata: { owner: "x" },
			model_rpm_limit: { m: 5 },
			models: ["claude-*"],
		});
		const { cost } = await op.spend(key);
		const before = (await infoOf("whole")).user_info;
		expect(before).toMatchObject({ spend: cost, teams: ["red"] });
		const { users } = await op.manage("/user/list?user_ids=whole");
		for (const shown of [before, users[0], before]) {
			const { data } = await op.manage("/user/update", shown);
			expect(withoutTimes(data)).toEqual(withoutTimes(before));
		}
		for (const [name, value] of [
			["teams", ["blue"]],
			["key_count", 7],
			["created_at", "2020-01-01T00:00:00.000Z"],
		] as const) {
			const body = { user_id: "whole", [name]: value };
			expectRefused(await op.ask("/user/update", body), 400, name);
		}
	});
});

describe("pages", () => {
	const count = 7;
	beforeAll(async () => {
		for (let at = 0; at < count; at++) {
			await make({
				user_email: `pager${at}@x.org`,
				user_role: "internal_user_viewer",
				auto_create_key: false,
			});
		}
	});
	const list = (query: string) => op.ask(`/user/list?user_email=PAGER${query}`);

	test.each([
		["", count, 25, 1],
		["&page_size=3&page=3", 1, 3, 3],
		["&page_size=3&page=4", 0, 3, 3],
		["&page_size=100", count, 100, 1],
		["&role=internal_user_viewer", count, 25, 1],
		["&role=proxy_admin", 0, 25, 0],
		["&team=none", 0, 25, 0],
	])("%p", async (query, users, page_size, total_pages) => {
		const { status, body } = await list(query);
		expect(status).toBe(200);
		expect(body.users).toHaveLength(users);
		expect(body).toMatchObject({ page_size, total_pages });
	});

	test.each([
		["page_size", "0"],
		["page_size", "101"],
		["page_size", "-1"],
		["page", "0"],
		["sort_by", "password"],
		["sort_order", "up"],
		["role", "emperor"],
	])("%s=%s is refused", async (name, value) => {
		expectRefused(await list(`&${name}=${value}`), 400, name);
	});

	test("every user once, whatever the order", async () => {
		const orders = ["user_id", "user_email", "user_alias", "created_at"];
		for (const order of [...orders, "updated_at", "user_role", "spend"]) {
			const seen: string[] = [];
			for (const page of [1, 2, 3]) {
				const query = `&page_size=3&page=${page}&sort_by=${order}&sort_order=desc`;
				const { users } = (await list(query)).body;
				seen.push(...users.map((one: { user_id: string }) => one.user_id));
			}
			expect(new Set(seen).size).toBe(count);
		}
	});
});
