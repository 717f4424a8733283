/** LiteLLM's contract of teams, row by row. */
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
} from "./contract.ts";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
	await op.manage("/budget/new", { budget_id: "linked", max_budget: 3 });
});
afterAll(() => op.stop());

const make = (fields: object = {}) => op.manage("/team/new", fields);
const infoOf = (team_id: string) =>
	op.manage(`/team/info?${new URLSearchParams({ team_id })}`);

const fields: readonly Field[] = [
	acts("team_alias", "Red"),
	acts("organization_id", "acme"),
	acts("metadata", { owner: "x" }, { nothing: [{}] }),
	...limitedFields,
	acts("models", ["claude-*"], { nothing: [[]] }),
	acts("blocked", true, { nothing: [false] }),
	acts("model_aliases", { fast: "claude-haiku-4-5" }, { nothing: [{}] }),
	acts("tags", ["a"], { nothing: [[]] }),
	inert("guardrails", ["x"], []),
	acts("team_member_budget", 2),
	acts("team_member_budget_duration", "30d"),
	acts("team_member_rpm_limit", 5),
	acts("team_member_tpm_limit", 500),
	inert("team_member_key_duration", "30d"),
	inert("team_member_permissions", ["/key/generate"], []),
	inert("allowed_passthrough_routes", ["/x"], []),
	inert("object_permission", { a: 1 }, {}),
	inert("router_settings", { a: 1 }, {}),
	inert("access_group_ids", ["g"], []),
	inert("policies", ["p"], []),
	inert("prompts", ["p"], []),
	inert("admins", ["ada"], []),
	inert("members", ["ada"], []),
	{ name: "rpm_limit_type", other: "dynamic" },
	{ name: "tpm_limit_type", other: "guaranteed_throughput" },
];

const routes: Record<string, FieldRoute> = {
	new: {
		path: "/team/new",
		body: async () => ({}),
		row: (answer) => answer,
	},
	update: {
		path: "/team/update",
		body: async () => ({ team_id: (await make()).team_id }),
		row: ({ data }) => data,
	},
};

describe.each(Object.keys(routes))("/team/%s", (name) => {
	const route = routes[name] as FieldRoute;
	test.each(fields.map((field) => [field.name, field] as const))(
		"%s",
		(_, field) => expectField(field, route, op),
	);

	test.each(["max_budget", "team_member_budget"])(
		"bad amounts in %s",
		async (field) => {
			for (const bad of badDollars) {
				const whole = JSON.stringify({ ...(await route.body()), [field]: 0 });
				const body = whole.replace(/0}$/, `${bad}}`);
				expectRefused(await op.post(route.path, body), 400, field);
			}
		},
	);

	test("unknown fields are refused by name", async () => {
		const body = { ...(await route.body()), max_bugdet: 5 };
		expectRefused(await op.ask(route.path, body), 400, "max_bugdet");
	});
});

test("every field of the contract, with its default", async () => {
	const { created_at, ...row } = await make({ team_id: "bare" });
	expect(Date.parse(created_at)).toBeGreaterThan(0);
	expect(row).toEqual({
		team_id: "bare",
		team_alias: null,
		organization_id: null,
		admins: [],
		members: [],
		members_with_roles: [],
		metadata: {},
		max_budget: null,
		soft_budget: null,
		spend: 0,
		models: [],
		max_parallel_requests: null,
		tpm_limit: null,
		rpm_limit: null,
		budget_duration: null,
		budget_reset_at: null,
		budget_id: null,
		blocked: false,
		updated_at: created_at,
		model_spend: {},
		model_max_budget: {},
		model_rpm_limit: {},
		model_tpm_limit: {},
		model_aliases: {},
		tags: [],
		router_settings: null,
		team_member_permissions: [],
		team_member_budget: null,
		team_member_budget_duration: null,
		team_member_rpm_limit: null,
		team_member_tpm_limit: null,
		access_group_ids: [],
		policies: [],
		budget_limits: [],
		litellm_budget_table: null,
		model_id: null,
		object_permission_id: null,
	});
	expect(await infoOf("bare")).toEqual({
		team_id: "bare",
		team_info: { ...row, created_at },
		keys: [],
		team_memberships: [],
	});
});

describe("whole objects", () => {
	const withoutTimes = ({ updated_at: _, ...row }: Record<string, unknown>) =>
		row;
	const full = {
		team_id: "whole",
		team_alias: "Whole",
		organization_id: "acme",
		metadata: { owner: "x" },
		tags: ["a", "b"],
		max_budget: 5,
		soft_budget: 4,
		budget_duration: "1mo",
		models: ["claude-*"],
		model_aliases: { fast: "claude-haiku-4-5" },
		model_rpm_limit: { m: 5 },
		team_member_budget: 1,
		team_member_budget_duration: "30d",
		members_with_roles: [
			{ role: "admin", user_id: "ada" },
			{ role: "user", user_email: "bo@example.com" },
		],
	};

	test("what info and the list show comes back and changes nothing", async () => {
		await make(full);
		const { key } = await op.manage("/key/generate", { team_id: "whole" });
		const { cost } = await op.spend(key);
		const before = (await infoOf("whole")).team_info;
		expect(before.spend).toBe(cost);
		const all: { team_id: string }[] = await op.manage("/team/list");
		const listed = all.find(({ team_id }) => team_id === "whole");
		for (const shown of [before, listed, before]) {
			const { team_id, data } = await op.manage("/team/update", shown);
			expect(team_id).toBe("whole");
			expect(withoutTimes(data)).toEqual(withoutTimes(before));
		}
		const [stored] = await op.rig.read(
			"SELECT doc FROM @objects WHERE id = 'whole'",
		);
		const doc = JSON.parse(String(stored?.[0]));
		expect(doc).toMatchObject({ metadata: { owner: "x" }, reset: null });
	});

	test.each([
		["members_with_roles", [{ role: "admin", user_id: "mallory" }]],
		["team_memberships", [{ user_id: "mallory" }]],
		["keys", [{ key_alias: "x" }]],
		["created_at", "2020-01-01T00:00:00.000Z"],
		["budget_reset_at", "2030-01-01T00:00:00.000Z"],
	])(
		"%s is only shown, and refused where it says something else",
		async (name, value) => {
			const { team_id } = await make({ max_budget: 1 });
			const body = { team_id, [name]: value };
			expectRefused(await op.ask("/team/update", body), 400, name);
		},
	);
});

describe("unknown, twice, odd", () => {
	test("an unknown team is 404 wherever it is named", async () => {
		const team_id = "none";
		const asked: [string, object][] = [
			["update", { team_id }],
			["block", { team_id }],
			["unblock", { team_id }],
			["member_add", { team_id, member: { user_id: "u" } }],
			["member_update", { team_id, user_id: "u" }],
			["member_delete", { team_id, user_id: "u" }],
			["none/member/u/reset_spend", { reset_to: 0 }],
		];
		for (const [path, body] of asked) {
			expectRefused(await op.ask(`/team/${path}`, body), 404, "team_id");
		}
		const gone = await op.ask("/team/delete", { team_ids: [team_id] });
		expectRefused(gone, 404, null);
		expectRefused(await op.ask("/team/info?team_id=none"), 404, "team_id");
	});

	test("made twice, blocked twice, deleted twice", async () => {
		await make({ team_id: "twice" });
		const again = await op.ask("/team/new", { team_id: "twice" });
		expectRefused(again, 400, "team_id");
		for (const path of ["block", "block", "unblock", "unblock"]) {
			const row = await op.manage(`/team/${path}`, { team_id: "twice" });
			expect(row.blocked).toBe(path === "block");
		}
		const gone = { team_ids: ["twice", "twice"] };
		expect(await op.manage("/team/delete", gone)).toEqual({
			deleted_teams: ["twice"],
		});
		expectRefused(await op.ask("/team/delete", gone), 404, null);
	});

	test.each(oddIds)("the team and member %s", async (id) => {
		await make({ team_id: id, members_with_roles: [{ user_id: id }] });
		const row = { team_id: id, user_id: id };
		const { key } = await op.manage("/key/generate", row);
		const { cost } = await op.spend(key);
		const { team_info, team_memberships } = await infoOf(id);
		expect(team_info).toMatchObject({ team_id: id, spend: cost });
		expect(team_memberships).toMatchObject([{ ...row, spend: cost }]);
		await op.manage("/team/member_update", { ...row, max_budget_in_team: 1 });
		// A slash in a path separates, however it is written.
		if (!/[/]|^\.\.$/.test(id)) {
			const of = encodeURIComponent(id);
			const path = `/team/${of}/member/${of}/reset_spend`;
			const reset = await op.manage(path, { reset_to: 0 });
			expect(reset).toEqual({
				...row,
				spend: 0,
				previous_spend: cost,
				max_budget: 1,
			});
		}
		await op.manage("/team/member_delete", row);
		expect(await op.manage("/team/delete", { team_ids: [id] })).toEqual({
			deleted_teams: [id],
		});
	});

	test.each(badIds)("the id %s is none", async (bad) => {
		const answer = await op.post("/team/new", `{"team_id":${bad}}`);
		expectRefused(answer, 400, "team_id");
	});

	const rows = ["new", "update", "delete", "block", "member_add"].flatMap(
		(path) => badBodies.map(([name, body]) => [path, name, body] as const),
	);
	test.each(rows)("/team/%s: %s", async (path, _, body) => {
		expect((await op.post(`/team/${path}`, body)).status).toBe(400);
	});
});

test("a team that is made again begins with nothing", async () => {
	await make({ team_id: "again" });
	const { key } = await op.manage("/key/generate", { team_id: "again" });
	await op.spend(key);
	await op.manage("/team/delete", { team_ids: ["again"] });
	const limited = { team_id: "again", max_budget: 0.5 };
	expect((await make(limited)).spend).toBe(0);
	const fresh = await op.manage("/key/generate", { team_id: "again" });
	const { cost } = await op.spend(fresh.key);
	expect((await infoOf("again")).team_info.spend).toBe(cost);
});
