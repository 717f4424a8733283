/** Users, end users, budgets and tags: managed as LiteLLM's scripts do it, and bound by what was said. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
});
afterAll(() => op.stop());

const tiny = 0.000_001;

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
