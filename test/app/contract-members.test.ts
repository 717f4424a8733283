/** LiteLLM's contract of members of teams and of their budgets. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { expectRefused } from "./contract.ts";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
});
afterAll(() => op.stop());

const make = (fields: object = {}) => op.manage("/team/new", fields);
const infoOf = (team_id: string) =>
	op.manage(`/team/info?${new URLSearchParams({ team_id })}`);

describe("members", () => {
	const add = (team_id: string, member: unknown, more: object = {}) =>
		op.ask("/team/member_add", { team_id, member, ...more });

	test("each of their fields says nothing, or acts", async () => {
		const { team_id } = await make();
		const nothing = { max_budget_in_team: null, rpm_limit: null };
		const member = { user_id: "n", user_email: null, role: null };
		const added = await add(team_id, member, nothing);
		expect(added).toMatchObject({
			status: 200,
			body: {
				members_with_roles: [{ user_id: "n", user_email: null, role: "user" }],
				updated_team_memberships: [
					{ user_id: "n", team_id, budget_id: null, spend: 0 },
				],
			},
		});
		const limits = {
			max_budget_in_team: 3,
			budget_duration: "7d",
			rpm_limit: 4,
			tpm_limit: 5,
		};
		const updated = await op.manage("/team/member_update", {
			team_id,
			user_id: "n",
			user_email: null,
			role: "admin",
			...limits,
		});
		expect(updated).toMatchObject({ team_id, user_id: "n", ...limits });
		const { team_memberships } = await infoOf(team_id);
		const [{ budget_id, litellm_budget_table }] = team_memberships;
		expect(litellm_budget_table).toMatchObject({
			budget_id,
			max_budget: 3,
			budget_duration: "7d",
			rpm_limit: 4,
			tpm_limit: 5,
			max_parallel_requests: null,
		});
		expect(litellm_budget_table.budget_reset_at).toMatch(/T00:00:00/);
		for (const bad of [
			{ max_budget_in_team: -1 },
			{ role: "owner" },
			{ rpm_limit: 1.5 },
		]) {
			const [param] = Object.keys(bad);
			const body = { team_id, user_id: "n", ...bad };
			expectRefused(await op.ask("/team/member_update", body), 400, param);
		}
	});

	test("who is named twice is one, whose address is another's is nobody", async () => {
		const { team_id } = await make();
		const twice = [{ user_email: "t@x.org" }, { user_email: "t@x.org" }];
		expectRefused(await add(team_id, twice), 400, "user_id");
		expect((await infoOf(team_id)).team_info.members_with_roles).toEqual([]);
		expect((await add(team_id, [twice[0]])).status).toBe(200);
		const users = await op.manage("/user/list?user_email=t@x.org");
		expect(users.total).toBe(1);
		const torn = { user_id: "somebody", user_email: "t@x.org" };
		expectRefused(await add(team_id, torn), 400, "user_email");
		expectRefused(await add(team_id, {}), 400, "member");
		expectRefused(await add(team_id, [null]), 400, "member");
	});

	test("an address that is changed is theirs in every team", async () => {
		const { team_id } = await make();
		const old = "before@x.org";
		const { body } = await add(team_id, { user_email: old });
		const [{ user_id }] = body.members_with_roles;
		await op.manage("/user/update", { user_id, user_email: "After@x.org" });
		const { team_info } = await infoOf(team_id);
		expect(team_info.members_with_roles[0].user_email).toBe("After@x.org");
		const gone = { team_id, user_email: old };
		expectRefused(await op.ask("/team/member_delete", gone), 404, "user_email");
		const left = await op.manage("/team/member_delete", {
			team_id,
			user_email: "after@X.org",
		});
		expect(left.members_with_roles).toEqual([]);
	});

	test("a budget of their own keeps the team's window", async () => {
		const { team_id } = await make({
			team_member_budget: 5,
			team_member_budget_duration: "1mo",
			members_with_roles: [{ user_id: "m" }],
		});
		const body = { team_id, user_id: "m", max_budget_in_team: 9 };
		await op.manage("/team/member_update", body);
		const { team_memberships } = await infoOf(team_id);
		const { budget_reset_at } = team_memberships[0].litellm_budget_table;
		expect(budget_reset_at).toMatch(/^\d{4}-\d\d-01T00:00:00/);
	});

	test("changes at once do not undo each other", async () => {
		const { team_id } = await make();
		const ids = Array.from({ length: 12 }, (_, at) => `m${at}`);
		const answers = await Promise.all(
			ids.map((user_id) => add(team_id, { user_id })),
		);
		expect(answers.every(({ status }) => status === 200)).toBe(true);
		const { team_info } = await infoOf(team_id);
		const members = team_info.members_with_roles.map(
			({ user_id }: { user_id: string }) => user_id,
		);
		expect(members.toSorted()).toEqual(ids.toSorted());
	});
});
