/** Users, teams, members, end users, budgets and tags: managed as LiteLLM's scripts do it, and bound by what was said. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
});
afterAll(() => op.stop());

const tiny = 0.000_001;

describe("teams", () => {
	test("made, shown, changed, listed, removed with their keys", async () => {
		const team = await op.manage("/team/new", {
			team_alias: "Research",
			max_budget: 5,
			budget_duration: "1mo",
			tpm_limit: 1_000_000,
			models: ["claude-*"],
			tags: ["research"],
			metadata: { cost_centre: "42" },
			members_with_roles: [
				{ role: "admin", user_id: "ada" },
				{ role: "user", user_email: "bob@example.com" },
			],
			guardrails: [],
			organization_id: null,
		});
		expect(team).toMatchObject({
			team_alias: "Research",
			max_budget: 5,
			spend: 0,
			budget_duration: "1mo",
			tpm_limit: 1_000_000,
			rpm_limit: null,
			models: ["claude-*"],
			blocked: false,
			metadata: { cost_centre: "42", tags: ["research"] },
			members_with_roles: [
				{ role: "admin", user_id: "ada", user_email: null },
				{ role: "user", user_email: "bob@example.com" },
			],
		});
		expect(team.budget_reset_at).toMatch(/^\d{4}-\d\d-01T00:00:00/);
		const { key, token } = await op.manage("/key/generate", {
			team_id: team.team_id,
			user_id: "ada",
		});
		const { cost, id } = await op.spend(key);
		expect((await op.rig.entryOf(id)).tags).toEqual(["research"]);
		const info = await op.manage(`/team/info?team_id=${team.team_id}`);
		expect(info.team_info.spend).toBe(cost);
		expect(info.keys).toHaveLength(1);
		expect(info.team_memberships[0]).toMatchObject({
			user_id: "ada",
			spend: cost,
			litellm_budget_table: null,
		});
		const changed = await op.manage("/team/update", {
			team_id: team.team_id,
			team_alias: "Research 2",
			max_budget: null,
		});
		expect(changed.data).toMatchObject({
			team_alias: "Research 2",
			max_budget: null,
			tpm_limit: 1_000_000,
		});
		const listed = await op.manage("/team/list?user_id=ada");
		expect(listed.map((one: { team_id: string }) => one.team_id)).toContain(
			team.team_id,
		);
		expect(
			await op.manage("/team/delete", { team_ids: [team.team_id, "none"] }),
		).toEqual({ deleted_teams: [team.team_id] });
		expect((await op.call(key)).status).toBe(401);
		expect((await op.ask(`/team/info?team_id=${team.team_id}`)).status).toBe(
			404,
		);
		expect((await op.ask(`/key/info?key=${token}`)).status).toBe(404);
	});

	test("the budget of a team binds all its keys, and says whose it is", async () => {
		const team = await op.manage("/team/new", {
			team_id: "small",
			team_alias: "The small ones",
			max_budget: tiny,
		});
		for (const user_id of [null, "eve"]) {
			const { key } = await op.manage("/key/generate", {
				team_id: team.team_id,
				user_id,
			});
			const refused = await op.call(key);
			expect(refused.status).toBe(429);
			expect(refused.error).toMatchObject({ type: "billing_error" });
			expect(refused.error.message).toContain("team small (The small ones)");
		}
	});

	test("a blocked team's keys are refused until it is unblocked", async () => {
		await op.manage("/team/new", { team_id: "shut" });
		const { key } = await op.manage("/key/generate", { team_id: "shut" });
		expect(await op.manage("/team/block", { team_id: "shut" })).toMatchObject({
			blocked: true,
		});
		const refused = await op.call(key);
		expect(refused.status).toBe(401);
		expect(refused.error.message).toContain("team shut");
		await op.manage("/team/unblock", { team_id: "shut" });
		expect((await op.call(key)).status).toBe(200);
	});

	test("a key has no model that its team has not", async () => {
		await op.manage("/team/new", {
			team_id: "haiku",
			models: ["claude-haiku-*"],
		});
		const { key } = await op.manage("/key/generate", {
			team_id: "haiku",
			models: ["all-team-models"],
		});
		const refused = await op.call(key);
		expect(refused.status).toBe(403);
		expect(refused.error.message).toContain("team haiku");
		expect((await op.call(key, { model: "claude-haiku-4-5" })).status).toBe(
			200,
		);
	});

	test("each member has a budget in the team, whose spend counts at once", async () => {
		await op.manage("/team/new", {
			team_id: "crew",
			team_member_budget: 1,
			members_with_roles: [{ role: "user", user_id: "cy" }],
		});
		const { key } = await op.manage("/key/generate", {
			team_id: "crew",
			user_id: "cy",
		});
		const { cost } = await op.spend(key);
		const updated = await op.manage("/team/member_update", {
			team_id: "crew",
			user_id: "cy",
			max_budget_in_team: cost,
			role: "admin",
		});
		expect(updated).toMatchObject({ max_budget_in_team: cost, role: "admin" });
		const refused = await op.call(key);
		expect(refused.status).toBe(429);
		expect(refused.error.message).toContain("user cy in team crew");
		const reset = await op.manage("/team/crew/member/cy/reset_spend", {
			reset_to: 0,
		});
		expect(reset).toMatchObject({ spend: 0, previous_spend: cost });
		await op.manage("/team/member_update", {
			team_id: "crew",
			user_id: "cy",
			max_budget_in_team: 1,
		});
		expect((await op.call(key)).status).toBe(200);
	});

	test("members join and leave", async () => {
		await op.manage("/team/new", { team_id: "club" });
		const joined = await op.manage("/team/member_add", {
			team_id: "club",
			member: [
				{ role: "user", user_id: "di" },
				{ role: "admin", user_email: "el@example.com" },
			],
			max_budget_in_team: 2,
		});
		expect(joined.members_with_roles).toHaveLength(2);
		expect(joined.updated_users[1].user_email).toBe("el@example.com");
		expect(joined.updated_team_memberships[0]).toMatchObject({
			user_id: "di",
			litellm_budget_table: { max_budget: 2 },
		});
		const twice = await op.ask("/team/member_add", {
			team_id: "club",
			member: { role: "user", user_id: "di" },
		});
		expect(twice.status).toBe(400);
		const left = await op.manage("/team/member_delete", {
			team_id: "club",
			user_email: "el@example.com",
		});
		expect(left.members_with_roles).toEqual([
			{ role: "user", user_id: "di", user_email: null },
		]);
		const gone = await op.ask("/team/member_delete", {
			team_id: "club",
			user_id: "nobody",
		});
		expect(gone.status).toBe(404);
	});

	test("the holder of a key sees its team, and nobody else's spend", async () => {
		await op.manage("/team/new", { team_id: "own" });
		await op.manage("/team/new", { team_id: "foreign" });
		const { key } = await op.manage("/key/generate", { team_id: "own" });
		const own = await op.ask("/team/info", undefined, key);
		expect(own).toMatchObject({ status: 200, body: { team_id: "own" } });
		expect(own.body.keys).toEqual([]);
		const path = "/team/info?team_id=foreign";
		expect((await op.ask(path, undefined, key)).status).toBe(401);
	});
});

describe("users", () => {
	test("made with a first key, shown, changed, listed, removed", async () => {
		const user = await op.manage("/user/new", {
			user_id: "fay",
			user_email: "fay@example.com",
			user_role: "internal_user",
			max_budget: 3,
			budget_duration: "30d",
		});
		expect(user).toMatchObject({
			user_id: "fay",
			user_email: "fay@example.com",
			max_budget: 3,
			spend: 0,
			expires: null,
		});
		const { cost } = await op.spend(user.key);
		const info = await op.manage("/user/info?user_id=fay");
		expect(info).toMatchObject({
			user_id: "fay",
			user_info: { spend: cost, user_role: "internal_user" },
			keys: [{ user_id: "fay" }],
			teams: [],
		});
		expect((await op.ask("/user/info", undefined, user.key)).body.user_id).toBe(
			"fay",
		);
		const changed = await op.manage("/user/update", {
			user_email: "fay@example.com",
			user_alias: "Fay",
		});
		expect(changed).toMatchObject({
			user_id: "fay",
			data: { user_alias: "Fay", max_budget: 3 },
		});
		const listed = await op.manage("/user/list?user_email=fay@");
		expect(listed).toMatchObject({
			total: 1,
			page: 1,
			page_size: 25,
			total_pages: 1,
			users: [{ user_id: "fay", key_count: 1 }],
		});
		const taken = await op.ask("/user/new", { user_email: "fay@example.com" });
		expect(taken.status).toBe(400);
		expect(await op.manage("/user/delete", { user_ids: ["fay"] })).toBe(1);
		expect((await op.call(user.key)).status).toBe(401);
	});

	test("a user's budget binds keys without a team", async () => {
		const user = await op.manage("/user/new", {
			user_id: "gus",
			max_budget: tiny,
		});
		const refused = await op.call(user.key);
		expect(refused.status).toBe(429);
		expect(refused.error.message).toContain("user gus");
		await op.manage("/team/new", { team_id: "rich", max_budget: 100 });
		const { key } = await op.manage("/key/generate", {
			user_id: "gus",
			team_id: "rich",
		});
		expect((await op.call(key)).status).toBe(200);
	});
});

describe("end users", () => {
	const named = (user: string) => ({ litellm_metadata: { user } });

	test.each(["customer", "end_user"])(
		"made, shown, changed, listed, removed at /%s",
		async (name) => {
			const user_id = `${name} one`;
			const made = await op.manage(`/${name}/new`, {
				user_id,
				alias: "One",
				max_budget: 4,
				budget_duration: "1d",
			});
			expect(made).toMatchObject({
				user_id,
				alias: "One",
				blocked: false,
				spend: 0,
				litellm_budget_table: { max_budget: 4, budget_duration: "1d" },
			});
			const again = await op.ask(`/${name}/new`, { user_id });
			expect(again.status).toBe(400);
			expect(again.body.error.message).toContain("user_id");
			const { key } = await op.manage("/key/generate", {});
			const { cost } = await op.spend(key, named(user_id));
			const query = new URLSearchParams({ end_user_id: user_id });
			expect(await op.manage(`/${name}/info?${query}`)).toMatchObject({
				spend: cost,
			});
			const changed = await op.manage(`/${name}/update`, {
				user_id,
				max_budget: 5,
			});
			expect(changed.litellm_budget_table.max_budget).toBe(5);
			await op.spend(key, named("somebody unlisted"));
			const listed: { user_id: string }[] = await op.manage(`/${name}/list`);
			expect(listed.map((one) => one.user_id)).toEqual(
				expect.arrayContaining([user_id, "somebody unlisted"]),
			);
			expect(
				await op.manage(`/${name}/delete`, { user_ids: [user_id] }),
			).toMatchObject({ deleted_customers: 1 });
		},
	);

	test("budget and block bind whoever's key is used, and the master key never", async () => {
		await op.manage("/customer/new", { user_id: "poor", max_budget: tiny });
		await op.manage("/customer/block", { user_ids: ["bad"] });
		for (let i = 0; i < 2; i++) {
			const { key } = await op.manage("/key/generate", {});
			const refused = await op.call(key, named("poor"));
			expect(refused.status).toBe(429);
			expect(refused.error.message).toContain("end user poor");
			const blocked = await op.call(key, named("bad"));
			expect(blocked.status).toBe(403);
			expect(blocked.error.message).toContain("end user bad");
			expect((await op.call(key, named("good"))).status).toBe(200);
		}
		await op.manage("/customer/unblock", { user_ids: ["bad"] });
		const { key } = await op.manage("/key/generate", {});
		expect((await op.call(key, named("bad"))).status).toBe(200);
	});

	test("a budget by its id or of one's own, not both", async () => {
		await op.manage("/budget/new", { budget_id: "free", max_budget: tiny });
		const both = await op.ask("/customer/new", {
			user_id: "torn",
			budget_id: "free",
			max_budget: 1,
		});
		expect(both.status).toBe(400);
		const linked = await op.manage("/customer/new", {
			user_id: "linked",
			budget_id: "free",
		});
		expect(linked.litellm_budget_table).toMatchObject({
			budget_id: "free",
			max_budget: tiny,
		});
		const { key } = await op.manage("/key/generate", {});
		expect((await op.call(key, named("linked"))).status).toBe(429);
		await op.manage("/budget/update", { budget_id: "free", max_budget: 10 });
		expect((await op.call(key, named("linked"))).status).toBe(200);
	});
});

describe("budgets", () => {
	test("made, shown, changed, listed, removed; who was linked no longer is", async () => {
		const budget = await op.manage("/budget/new", {
			max_budget: 7,
			rpm_limit: 1,
			budget_duration: "7d",
		});
		const { budget_id } = budget;
		expect(budget).toMatchObject({ max_budget: 7, rpm_limit: 1 });
		expect(
			(await op.ask("/budget/new", { budget_id })).body.error.message,
		).toContain("budget_id");
		for (const bad of [-1, "x"]) {
			expect((await op.ask("/budget/new", { max_budget: bad })).status).toBe(
				400,
			);
		}
		expect(
			await op.manage("/budget/info", { budgets: [budget_id, "none"] }),
		).toHaveLength(1);
		const ids = (await op.manage("/budget/list")).map(
			(one: { budget_id: string }) => one.budget_id,
		);
		expect(ids).toContain(budget_id);
		const { key, litellm_budget_table } = await op.manage("/key/generate", {
			budget_id,
		});
		expect(litellm_budget_table).toMatchObject({ budget_id, rpm_limit: 1 });
		expect((await op.call(key)).status).toBe(200);
		expect((await op.call(key)).status).toBe(429);
		expect(await op.manage("/budget/delete", { id: budget_id })).toMatchObject({
			budget_id,
		});
		expect((await op.call(key)).status).toBe(200);
		const { info } = await op.manage(`/key/info?key=${key}`);
		expect(info.budget_id).toBeNull();
	});
});

describe("tags", () => {
	test("a tag's limits bind every call that carries it", async () => {
		await op.manage("/tag/new", { name: "bulk", max_budget: tiny });
		const { key } = await op.manage("/key/generate", {});
		const refused = await op.call(key, {}, { "x-litellm-tags": "a,bulk" });
		expect(refused.status).toBe(429);
		expect(refused.error.message).toContain("tag bulk");
		const own = await op.manage("/key/generate", { tags: ["bulk"] });
		expect((await op.call(own.key)).status).toBe(429);
		await op.manage("/tag/update", { name: "bulk", max_budget: 1 });
		const { cost } = await op.spend(key, {}, { "x-litellm-tags": "bulk" });
		const { bulk } = await op.manage("/tag/info", { names: ["bulk"] });
		expect(bulk).toMatchObject({ max_budget: 1, spend: cost });
		expect(await op.manage("/tag/list")).toHaveLength(1);
		await op.manage("/tag/delete", { name: "bulk" });
		expect(await op.manage("/tag/list")).toEqual([]);
	});
});
