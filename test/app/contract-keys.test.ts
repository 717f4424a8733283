/** LiteLLM's contract of keys, row by row: fields, defaults, statuses, pages, whole objects that come back. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	acts,
	badBodies,
	badCounts,
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

	test("a raise is both or neither", async () => {
		const body = await route.body();
		const answer = await op.manage(route.path, { ...body, ...raiseFields });
		expect(answer.metadata).toEqual(raiseFields);
		for (const one of Object.entries(raiseFields)) {
			const half = { ...(await route.body()), [one[0]]: one[1] };
			const param = "temp_budget_increase";
			expectRefused(await op.ask(route.path, half), 400, param);
		}
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

describe("whole objects", () => {
	const full = {
		key_alias: "whole",
		user_id: "ada",
		team_id: "red",
		organization_id: "acme",
		duration: "30d",
		models: ["claude-*"],
		aliases: { fast: "claude-haiku-4-5" },
		tags: ["a", "b"],
		metadata: { owner: "x", nested: { a: [1, null] } },
		allowed_routes: ["/v1/messages"],
		max_budget: 5,
		soft_budget: 4,
		budget_duration: "1mo",
		budget_limits: [{ budget_duration: "1d", max_budget: 1 }],
		budget_id: "linked",
		rpm_limit: 60,
		tpm_limit: 1_000_000,
		max_parallel_requests: 5,
		model_max_budget: { "claude-*": { budget_limit: 3, time_period: "1d" } },
		model_rpm_limit: { "claude-*": 50 },
		model_tpm_limit: { "claude-*": 900_000 },
		...raiseFields,
	};
	const withoutTimes = ({ updated_at: _, ...row }: Record<string, unknown>) =>
		row;

	test("what info shows comes back and changes nothing", async () => {
		const { key, token } = await make(full);
		const { cost } = await op.spend(key);
		const before = await infoOf(key);
		expect(before.spend).toBe(cost);
		expect(before.metadata).toEqual({
			...full.metadata,
			...raiseFields,
			tags: full.tags,
			model_rpm_limit: full.model_rpm_limit,
			model_tpm_limit: full.model_tpm_limit,
		});
		for (let i = 0; i < 2; i++) {
			const { key: name, ...row } = await op.manage("/key/update", {
				...before,
				key,
			});
			expect(name).toBe(key);
			expect(withoutTimes(row)).toEqual(withoutTimes(before));
		}
		const [stored] = await op.rig.read(
			`SELECT doc FROM @objects WHERE id = '${token}'`,
		);
		const doc = JSON.parse(String(stored?.[0]));
		expect(doc.metadata).toEqual(full.metadata);
		expect(doc.reset).toBeNull();
		const path = "/key/list?key_alias=whole&return_full_object=true";
		const { keys } = await op.manage(path);
		const listed = await op.manage("/key/update", { ...keys[0], key: token });
		expect(listed.spend).toBe(cost);
	});

	test("so does what generate answers", async () => {
		const answer = await make();
		const { duration: _, ...row } = answer;
		expect((await op.ask("/key/update", row)).status).toBe(200);
		const { key_alias } = await op.manage("/key/update", {
			...row,
			key_alias: "changed",
		});
		expect(key_alias).toBe("changed");
	});

	test.each([
		["expires", "2030-01-01T00:00:00Z"],
		["token", "0".repeat(64)],
		["key_name", "sk-...mine"],
		["created_by", "mallory"],
		["created_at", "2020-01-01T00:00:00Z"],
		["budget_reset_at", "2030-01-01T00:00:00Z"],
		["litellm_budget_table", { max_budget: 100 }],
		["model_spend", { m: 1 }],
	])(
		"%s is only shown, and refused where it says something else",
		async (name, value) => {
			const { key } = await make();
			const answer = await op.ask("/key/update", { key, [name]: value });
			expectRefused(answer, 400, name);
		},
	);

	test("limits and tags within metadata act, and go when they are said anew", async () => {
		const { key, ...row } = await make({
			metadata: { model_rpm_limit: { m: 1 }, tags: ["t"], owner: "x" },
			model_rpm_limit: null,
		});
		expect(row).toMatchObject({ model_rpm_limit: { m: 1 }, tags: ["t"] });
		const updated = await op.manage("/key/update", {
			key,
			model_rpm_limit: {},
			tags: [],
		});
		expect(updated.metadata).toEqual({ owner: "x" });
		const wrong = { metadata: { model_rpm_limit: { m: "fast" } } };
		expectRefused(await op.ask("/key/generate", wrong), 400, "model_rpm_limit");
		// A member of that name that is no list of tags is its owner's.
		const own = { tags: { a: 1 }, model_rpm_limit: "x" };
		expect((await make({ metadata: own })).metadata).toEqual(own);
	});
});

describe("by whatever name", () => {
	test.each(["key", "token", "key_alias"])("%s", async (name) => {
		const row = await make({ key_alias: `found by ${name}` });
		const by = row[name];
		expect((await infoOf(by)).key_alias).toBe(row.key_alias);
		const answers = [
			await op.manage("/key/update", { key: by, rpm_limit: 7 }),
			await op.manage("/key/block", { key: by }),
			await op.manage("/key/block", { key: by }),
			await op.manage("/key/unblock", { key: by }),
			await op.manage("/key/unblock", { key: by }),
			await op.manage(`/key/${encodeURIComponent(by)}/reset_spend`, {
				reset_to: 1,
			}),
		];
		expect(answers[0].key).toBe(by);
		expect(answers.slice(1).map((one) => one.blocked)).toEqual([
			true,
			true,
			false,
			false,
			false,
		]);
		expect(answers[5]).toMatchObject({ token: row.token, spend: 1 });
		const renewed = await op.manage("/key/regenerate", { key: by });
		expect(renewed).toMatchObject({ key_alias: row.key_alias, rpm_limit: 7 });
		const last = name === "key" ? renewed.key : by;
		const body =
			name === "key_alias" ? { key_aliases: [by] } : { keys: [last] };
		expect(await op.manage("/key/delete", body)).toEqual({
			deleted_keys: [last],
		});
		expectRefused(await op.ask("/key/delete", body), 404, null);
		const info = `/key/info?${new URLSearchParams({ key: last })}`;
		expect((await op.ask(info)).body.error.type).toBe("not_found_error");
	});

	test("a new value without a body, and the path's key and no other", async () => {
		const [a, b] = [await make(), await make()];
		const path = `/key/${a.token}/regenerate`;
		const renewed = await op.post(path, "");
		expect(renewed).toMatchObject({ status: 200, body: { token: a.token } });
		expect((await op.call(a.key)).status).toBe(401);
		expect((await op.call(renewed.body.key)).status).toBe(200);
		expectRefused(await op.ask(path, { key: b.key }), 400, "key");
		expectRefused(await op.ask("/key/regenerate", {}), 400, "key");
		for (const bad of [{ new_master_key: "sk-x" }, { grace_period: "-1" }]) {
			const [param] = Object.keys(bad);
			expectRefused(await op.ask(path, bad), 400, param);
		}
		const own = "sk-a-chosen-new-value-0123";
		expect((await op.manage(path, { new_key: own })).key).toBe(own);
		expectRefused(await op.ask(path, { new_key: own }), 400, "key");
	});

	test("in its last hours a value may ask about its own key", async () => {
		const { key, token } = await make();
		await op.manage("/key/regenerate", { key, grace_period: "1h" });
		for (const path of ["/key/info", `/key/info?key=${key}`]) {
			const own = await op.ask(path, undefined, key);
			expect(own.status).toBe(200);
		}
		expect(
			(await op.ask(`/key/info?key=${token}`, undefined, key)).status,
		).toBe(200);
	});

	test.each(badIds)("the alias %s is none", async (bad) => {
		const answer = await op.post("/key/generate", `{"key_alias":${bad}}`);
		expectRefused(answer, 400, "key_alias");
	});

	test.each(oddIds)("the alias and user %s", async (odd) => {
		const row = { key_alias: odd, user_id: odd, team_id: odd };
		const { key, token } = await make(row);
		expect(await infoOf(odd)).toMatchObject(row);
		for (const filter of ["key_alias", "user_id", "team_id"]) {
			const query = new URLSearchParams({ [filter]: odd });
			const { keys } = await op.manage(`/key/list?${query}`);
			expect(keys).toEqual([token]);
		}
		const { id } = await op.spend(key);
		expect(await op.rig.entryOf(id)).toMatchObject({
			userId: odd,
			teamId: odd,
		});
		await op.manage("/key/delete", { key_aliases: [odd] });
	});
});

describe("pages", () => {
	const count = 23;
	beforeAll(async () => {
		for (let at = 0; at < count; at++) await make({ user_id: "pager" });
	});
	const list = (query: string) => op.ask(`/key/list?user_id=pager${query}`);

	test.each([
		["", 10, 1, 3],
		["&page=3", 3, 3, 3],
		["&page=4", 0, 4, 3],
		["&page=999999", 0, 999_999, 3],
		["&size=100", 23, 1, 1],
		["&size=1&page=23", 1, 23, 23],
		["&page=&size=", 10, 1, 3],
	])("%p", async (query, keys, page, pages) => {
		const { status, body } = await list(query);
		expect(status).toBe(200);
		expect(body.keys).toHaveLength(keys);
		expect(body).toMatchObject({
			total_count: count,
			current_page: page,
			total_pages: pages,
		});
	});

	test.each([
		["size", "0"],
		["size", "101"],
		["size", "-1"],
		["size", "ten"],
		["page", "0"],
		["page", "-1"],
		["page", "1.5"],
		["sort_by", "secret"],
		["sort_order", "up"],
		["expand", "team"],
		["return_full_object", "maybe"],
		["status", "deleted"],
		["project_id", "p"],
		["access_group_id", "g"],
	])("%s=%s is refused", async (name, value) => {
		expectRefused(await list(`&${name}=${value}`), 400, name);
	});

	test("every key once, whatever the order", async () => {
		const orders = ["created_at", "updated_at", "token", "key_alias", "spend"];
		for (const order of [...orders, "max_budget"]) {
			const seen: string[] = [];
			for (const page of [1, 2, 3]) {
				const query = `&sort_by=${order}&sort_order=asc&page=${page}`;
				seen.push(...(await list(query)).body.keys);
			}
			expect(new Set(seen).size).toBe(count);
		}
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

describe("at once", () => {
	test("changes of one key do not undo each other", async () => {
		const { key } = await make();
		const parts = [
			{ rpm_limit: 1 },
			{ tpm_limit: 2 },
			{ max_budget: 3 },
			{ user_id: "u" },
			{ models: ["m"] },
			{ metadata: { a: 1 } },
		];
		const answers = await Promise.all(
			parts.map((part) => op.ask("/key/update", { key, ...part })),
		);
		expect(answers.map(({ status }) => status)).toEqual(parts.map(() => 200));
		expect(await infoOf(key)).toMatchObject(Object.assign({}, ...parts));
	});

	test("one of many has the alias, one deletion of many deletes", async () => {
		const tries = Array.from({ length: 8 }, () =>
			op.ask("/key/generate", { key_alias: "wanted" }),
		);
		const statuses = (await Promise.all(tries)).map(({ status }) => status);
		expect(statuses.toSorted()).toEqual([200, ...Array(7).fill(400)]);
		const gone = await Promise.all(
			Array.from({ length: 4 }, () =>
				op.ask("/key/delete", { key_aliases: ["wanted"] }),
			),
		);
		const ends = gone.map(({ status }) => status);
		expect(ends.toSorted()).toEqual([200, 404, 404, 404]);
	});
});

test("a stranger is 401, in LiteLLM's words", async () => {
	for (const [key, type] of [
		[null, "auth_error"],
		["sk-unknown-0123456789-0123", "token_not_found_in_db"],
	] as const) {
		const answer = await op.ask("/key/generate", {}, key);
		expectRefused(answer, 401, null);
		expect(answer.body.error.type).toBe(type);
	}
	const { key } = await make();
	const answer = await op.ask("/key/generate", {}, key);
	expectRefused(answer, 403, null);
	expect(answer.body.error.type).toBe("auth_error");
});

test("a value of one's own that is made again begins with nothing", async () => {
	const key = "sk-made-again-and-again-0123";
	const { token } = await make({ key });
	await op.spend(key);
	await op.manage("/key/delete", { keys: [token] });
	expect((await make({ key })).spend).toBe(0);
	const { cost } = await op.spend(key);
	expect((await infoOf(key)).spend).toBe(cost);
});
