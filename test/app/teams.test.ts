/** Teams and their members: managed as LiteLLM's scripts do it, and bound by what was said. */
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
		await op.manage("/team/new", {
			team_id: "own",
			members_with_roles: [{ user_id: "me" }, { user_id: "other" }],
		});
		await op.manage("/team/new", { team_id: "foreign" });
		const { key } = await op.manage("/key/generate", {
			team_id: "own",
			user_id: "me",
		});
		const own = await op.ask("/team/info", undefined, key);
		expect(own).toMatchObject({ status: 200, body: { team_id: "own" } });
		expect(own.body.keys).toEqual([]);
		expect(own.body.team_memberships).toMatchObject([{ user_id: "me" }]);
		const path = "/team/info?team_id=foreign";
		expect((await op.ask(path, undefined, key)).status).toBe(403);
	});
});
