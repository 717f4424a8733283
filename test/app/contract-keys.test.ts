/** LiteLLM's contract of keys, row by row: fields, defaults, statuses, pages, whole objects that come back. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	acts,
	badBodies,
	badCounts,
	badDollars,
	expectField,
	expectRefused,
	type Field,
	type FieldRoute,
	inert,
	limitedFields,
	raiseFields,
} from "./contract.ts";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
	await op.manage("/budget/new", { budget_id: "linked", max_budget: 3 });
});
afterAll(() => op.stop());

const make = (fields: object = {}) => op.manage("/key/generate", fields);
const infoOf = async (name: string) =>
	(await op.manage(`/key/info?${new URLSearchParams({ key: name })}`)).info;

let made = 0;

const fields: readonly Field[] = [
	acts("key_alias", "an alias"),
	acts("user_id", "ada"),
	acts("team_id", "red"),
	acts("organization_id", "acme"),
	inert("project_id", "p"),
	inert("agent_id", "a"),
	...limitedFields,
	acts("models", ["claude-haiku-*"], { nothing: [[]] }),
	acts("aliases", { fast: "claude-haiku-4-5" }, { nothing: [{}] }),
	inert("config", { a: 1 }, {}),
	inert("permissions", { a: 1 }, {}),
	acts("metadata", { owner: "x" }, { nothing: [{}] }),
	acts("tags", ["a", "b"], { nothing: [[]] }),
	acts("blocked", true, { nothing: [false] }),
	inert("allowed_cache_controls", ["no-cache"], []),
	acts("allowed_routes", ["/v1/messages"], { nothing: [[]] }),
	inert("allowed_passthrough_routes", ["/x"], []),
	inert("guardrails", ["x"], []),
	inert("policies", ["x"], []),
	inert("prompts", ["x"], []),
	inert("enforced_params", ["user"], []),
	inert("object_permission", { mcp_servers: [] }, {}),
	{ name: "rpm_limit_type", other: "dynamic" },
	{ name: "tpm_limit_type", other: "guaranteed_throughput" },
	inert("default_estimated_output_tokens", 100),
	inert("default_estimated_output_tokens_per_model", { m: 1 }, {}),
	inert("auto_rotate", true, false),
	inert("rotation_interval", "30d"),
	inert("send_invite_email", true, false),
	inert("router_settings", { a: 1 }, {}),
	inert("access_group_ids", ["g"], []),
	inert("budget_fallbacks", { a: "b" }, {}),
	{ name: "key_type", nothing: ["default"], other: "root" },
	{ name: "duration", other: "soon" },
];

const routes: Record<string, FieldRoute> = {
	generate: {
		path: "/key/generate",
		body: async () => ({}),
		row: (answer) => answer,
	},
	"service-account/generate": {
		path: "/key/service-account/generate",
		body: async () => ({ team_id: "t" }),
		row: (answer) => answer,
	},
	update: {
		path: "/key/update",
		body: async () => ({ key: (await make()).key }),
		row: (answer) => answer,
	},
	regenerate: {
		path: "/key/regenerate",
		body: async () => ({ key: (await make()).token }),
		row: (answer) => answer,
	},
};

describe.each(Object.keys(routes))("/key/%s", (name) => {
	const route = routes[name] as FieldRoute;
	const own = (field: Field): Field | null => {
		const value = `alias ${made++}`;
		if (field.name === "key_alias") return acts("key_alias", value);
		if (!name.startsWith("service")) return field;
		// It belongs to its team, which must be said, and to nobody in it.
		if (field.name === "user_id") return { ...field, shown: null };
		return field.name === "team_id" ? null : field;
	};

	test.each(fields.map((field) => [field.name, field] as const))(
		"%s",
		async (_, field) => {
			const of = own(field);
			if (of !== null) await expectField(of, route, op);
		},
	);

	test("unknown fields are refused by name", async () => {
		const body = { ...(await route.body()), max_bugdet: 5 };
		expectRefused(await op.ask(route.path, body), 400, "max_bugdet");
	});

	test("a raise is both or neither, and not over", async () => {
		const body = await route.body();
		const answer = await op.manage(route.path, { ...body, ...raiseFields });
		expect(answer.metadata).toEqual(raiseFields);
		for (const one of Object.entries(raiseFields)) {
			const half = { ...(await route.body()), [one[0]]: one[1] };
			const param = "temp_budget_increase";
			expectRefused(await op.ask(route.path, half), 400, param);
		}
		const over = {
			...(await route.body()),
			...raiseFields,
			temp_budget_expiry: "2020-01-01T00:00:00Z",
		};
		const late = await op.ask(route.path, over);
		expectRefused(late, 400, "temp_budget_expiry");
	});
});

describe("what a new key is told to be", () => {
	const defaults = {
		access_group_ids: [],
		agent_id: null,
		aliases: {},
		allowed_cache_controls: [],
		allowed_passthrough_routes: [],
		allowed_routes: [],
		auto_rotate: false,
		blocked: false,
		budget_duration: null,
		budget_fallbacks: {},
		budget_id: null,
		budget_limits: [],
		budget_reset_at: null,
		config: {},
		created_by: "operator",
		credential: "server",
		default_estimated_output_tokens: null,
		default_estimated_output_tokens_per_model: {},
		duration: null,
		enforced_params: [],
		expires: null,
		guardrails: [],
		key_alias: null,
		key_type: "default",
		litellm_budget_table: null,
		max_budget: null,
		max_parallel_requests: null,
		metadata: {},
		model_max_budget: {},
		model_rpm_limit: {},
		model_spend: {},
		model_tpm_limit: {},
		models: [],
		object_permission: null,
		object_permission_id: null,
		organization_id: null,
		permissions: {},
		policies: [],
		project_id: null,
		prompts: [],
		rotation_interval: null,
		router_settings: null,
		rpm_limit: null,
		rpm_limit_type: null,
		send_invite_email: null,
		soft_budget: null,
		spend: 0,
		tags: [],
		team_id: null,
		tpm_limit: null,
		tpm_limit_type: null,
		updated_by: "operator",
		user_id: null,
	};
	const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);

	test("every field of the contract, with its default", async () => {
		const { key, token, ...row } = await make();
		expect(row).toEqual({
			...defaults,
			token_id: token,
			key_name: `sk-...${key.slice(-4)}`,
			created_at: time,
			updated_at: time,
		});
		const info = await infoOf(key);
		const {
			duration: _d,
			key_type: _t,
			send_invite_email: _s,
			...columns
		} = defaults;
		expect(info).toMatchObject(columns);
		expect(info).not.toHaveProperty("token");
	});

	test("what was said of its duration, and when it ends", async () => {
		const before = Date.now();
		const { duration, expires } = await make({ duration: "2h" });
		expect(duration).toBe("2h");
		const inMs = Date.parse(expires) - before;
		expect(inMs).toBeGreaterThanOrEqual(7_200_000);
		expect(inMs).toBeLessThan(7_260_000);
		expect((await make({ duration: "-1" })).expires).toBeNull();
	});

	test("a type is LiteLLM's word for routes, and says more than an empty list", async () => {
		const named = { key_type: "llm_api", allowed_routes: [] };
		const { key, ...row } = await make(named);
		expect(row).toMatchObject({
			key_type: "llm_api",
			allowed_routes: ["llm_api_routes"],
		});
		const same = { key, key_type: "default" };
		const updated = await op.manage("/key/update", same);
		expect(updated.allowed_routes).toEqual(["llm_api_routes"]);
		const torn = { key_type: "read_only", allowed_routes: ["/v1/messages"] };
		expectRefused(await op.ask("/key/generate", torn), 400, "key_type");
	});
});

describe("amounts", () => {
	const dollars = ["max_budget", "soft_budget", "spend"];
	const counts = ["tpm_limit", "rpm_limit", "max_parallel_requests"];
	const rows = [
		...dollars.flatMap((name) => badDollars.map((bad) => [name, bad] as const)),
		...counts.flatMap((name) => badCounts.map((bad) => [name, bad] as const)),
	];
	test.each(rows)("%s: %s is refused", async (name, bad) => {
		const body = `{"${name}":${bad}}`;
		expectRefused(await op.post("/key/generate", body), 400, name);
	});

	test.each([
		["budget_limits", [{ max_budget: 1 }]],
		["budget_limits", [{ budget_duration: "1d", max_budget: null }]],
		["budget_limits", [null]],
		["model_max_budget", { m: null }],
		["model_max_budget", { m: {} }],
		["model_max_budget", { m: { time_period: "1d" } }],
		["model_max_budget", { m: { budget_limit: 1, window: "1d" } }],
		["model_rpm_limit", { m: null }],
		["models", [null]],
		["models", ["a", ""]],
		["tags", [null]],
		["tags", ["\u200b"]],
		["allowed_routes", [7]],
		["aliases", { a: null }],
		["metadata", []],
		["metadata", { x: "é".repeat(8_200) }],
		["duration", "0s"],
		["budget_duration", "-1"],
		["temp_budget_expiry", "tomorrow"],
	])("%s: %p is refused", async (name, bad) => {
		const answer = await op.ask("/key/generate", { [name]: bad });
		expectRefused(answer, 400, name);
	});

	test("the least and the most there is", async () => {
		for (const max_budget of [0, 0.000_000_001, 9_000_000]) {
			expect((await make({ max_budget })).max_budget).toBe(max_budget);
		}
		const most = 1_000_000_000_000;
		expect((await make({ tpm_limit: most })).tpm_limit).toBe(most);
	});

	test("the names that LiteLLM also has for a budget of a model", async () => {
		const { key, model_max_budget } = await make({
			model_max_budget: { m: { max_budget: 1, budget_duration: "1d" } },
		});
		const shown = { m: { budget_limit: 1, time_period: "1d" } };
		expect(model_max_budget).toEqual(shown);
		const again = await op.manage("/key/update", { key, model_max_budget });
		expect(again.model_max_budget).toEqual(shown);
	});
});

describe("bodies that are none", () => {
	const paths = ["generate", "update", "delete", "block", "unblock"];
	const rows = paths.flatMap((path) =>
		badBodies.map(([name, body]) => [path, name, body] as const),
	);
	test.each(rows)("/key/%s: %s", async (path, _, body) => {
		const answer = await op.post(`/key/${path}`, body);
		expect(answer.status).toBe(400);
		expect(answer.body.error.code).toBe("400");
	});

	test("a body that is called something else, or nothing", async () => {
		for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
			const headers = { "content-type": type };
			expect((await op.post("/key/generate", "{}", headers)).status).toBe(200);
		}
	});
});

test("a stranger is 401, in LiteLLM's words", async () => {
	for (const [key, type, param] of [
		[null, "auth_error", null],
		["sk-unknown-0123456789-0123", "token_not_found_in_db", "key"],
	] as const) {
		const answer = await op.ask("/key/generate", {}, key);
		expectRefused(answer, 401, param);
		expect(answer.body.error.type).toBe(type);
	}
	const { key } = await make();
	const answer = await op.ask("/key/generate", {}, key);
	expectRefused(answer, 403, "key");
	expect(answer.body.error.type).toBe("auth_error");
});
