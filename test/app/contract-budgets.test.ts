/** LiteLLM's contract of budgets and tags, row by row, and what linked budgets come to. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	badBodies,
	badDollars,
	badIds,
	expectField,
	expectRefused,
	type FieldRoute,
	inert,
	limitedFields,
	limitFields,
	oddIds,
} from "./contract.ts";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
	await op.manage("/budget/new", { budget_id: "linked", max_budget: 3 });
});
afterAll(() => op.stop());

const tiny = 0.000_001;
let made = 0;
const row = (answer: object) => answer;
const budget = async () => ({
	budget_id: (await op.manage("/budget/new", {})).budget_id,
});
const tag = async () => {
	const name = `tag ${made++}`;
	await op.manage("/tag/new", { name });
	return { name };
};

const routes: Record<string, FieldRoute> = {
	"budget/new": { path: "/budget/new", body: async () => ({}), row },
	"budget/update": { path: "/budget/update", body: budget, row },
	"tag/new": {
		path: "/tag/new",
		body: async () => ({ name: `new ${made++}` }),
		row,
	},
	"tag/update": { path: "/tag/update", body: tag, row },
};

const resetAt = inert("budget_reset_at", "2030-01-01T00:00:00Z");

describe.each(Object.keys(routes))("/%s", (name) => {
	const route = routes[name] as FieldRoute;
	const fields = name.startsWith("tag")
		? [
				...limitedFields,
				inert("models", ["m"], []),
				{ name: "description", other: "docs", shown: "docs" },
			]
		: limitFields;
	test.each([...fields, resetAt].map((field) => [field.name, field] as const))(
		"%s",
		(_, field) => expectField(field, route, op),
	);

	test.each(badDollars)("max_budget: %s is refused", async (bad) => {
		const whole = JSON.stringify(await route.body()).replace(/}$/, "");
		const more = whole === "{" ? "" : ",";
		const body = `${whole}${more}"max_budget":${bad}}`;
		expectRefused(await op.post(route.path, body), 400, "max_budget");
	});

	test.each(badBodies)("%s is no body", async (_, body) => {
		expect((await op.post(route.path, body)).status).toBe(400);
	});

	test("unknown fields are refused by name", async () => {
		const body = { ...(await route.body()), limit: 5 };
		expectRefused(await op.ask(route.path, body), 400, "limit");
	});
});

describe("whole objects", () => {
	const limits = {
		max_budget: 5,
		soft_budget: 4,
		budget_duration: "7d",
		rpm_limit: 60,
		tpm_limit: 1_000,
		max_parallel_requests: 2,
		model_max_budget: { m: { budget_limit: 1, time_period: "1d" } },
	};
	const withoutTimes = ({ updated_at: _, ...rest }: Record<string, unknown>) =>
		rest;

	test("a budget comes back and changes nothing", async () => {
		const shown = await op.manage("/budget/new", limits);
		for (let i = 0; i < 2; i++) {
			const again = await op.manage("/budget/update", shown);
			expect(withoutTimes(again)).toEqual(withoutTimes(shown));
		}
		for (const [name, value] of [
			["created_by", "mallory"],
			["budget_reset_at", "2030-01-01T00:00:00.000Z"],
		] as const) {
			const body = { budget_id: shown.budget_id, [name]: value };
			expectRefused(await op.ask("/budget/update", body), 400, name);
		}
	});

	test("a tag comes back and changes nothing", async () => {
		const shown = await op.manage("/tag/new", { ...limits, name: "whole" });
		const again = await op.manage("/tag/update", shown);
		expect(withoutTimes(again)).toEqual(withoutTimes(shown));
		const { whole } = await op.manage("/tag/info", { names: ["whole"] });
		expect(withoutTimes(whole)).toEqual(withoutTimes(shown));
	});

	test("every field of the contract, with its default", async () => {
		const shown = await op.manage("/budget/new", { budget_id: "bare" });
		const time = shown.created_at;
		expect(Date.parse(time)).toBeGreaterThan(0);
		expect(shown).toEqual({
			budget_id: "bare",
			max_budget: null,
			soft_budget: null,
			max_parallel_requests: null,
			tpm_limit: null,
			rpm_limit: null,
			budget_duration: null,
			budget_limits: [],
			model_max_budget: {},
			model_rpm_limit: {},
			model_tpm_limit: {},
			budget_reset_at: null,
			created_at: time,
			created_by: "operator",
			updated_at: time,
			updated_by: "operator",
		});
		const again = { budget_id: "bare" };
		expectRefused(await op.ask("/budget/new", again), 400, "budget_id");
		expect(await op.manage("/budget/delete", { id: "bare" })).toEqual(shown);
		for (const [path, body] of [
			["delete", { id: "bare" }],
			["update", again],
		] as const) {
			expectRefused(await op.ask(`/budget/${path}`, body), 404, "budget_id");
		}
		expect(await op.manage("/budget/info", { budgets: ["bare"] })).toEqual([]);
	});
});

test.each(oddIds)("the budget and tag %s", async (id) => {
	await op.manage("/budget/new", { budget_id: id, max_budget: 1 });
	const [found] = await op.manage("/budget/info", { budgets: [id] });
	expect(found.budget_id).toBe(id);
	await op.manage("/budget/delete", { id });
	const { name } = await op.manage("/tag/new", { name: id });
	const found2 = await op.manage("/tag/info", { names: [id] });
	expect(Object.keys(found2)).toEqual([name]);
	await op.manage("/tag/delete", { name: id });
	expectRefused(await op.ask("/tag/delete", { name: id }), 404, "name");
});

test.each(badIds)("the id %s is none", async (bad) => {
	const made = await op.post("/budget/new", `{"budget_id":${bad}}`);
	expectRefused(made, 400, "budget_id");
	expectRefused(await op.post("/tag/new", `{"name":${bad}}`), 400, "name");
});

describe("a linked budget", () => {
	const link = async (budget: object, own: object) => {
		const { budget_id } = await op.manage("/budget/new", budget);
		const key = await op.manage("/key/generate", { budget_id, ...own });
		return { ...key, budget_id } as Record<string, string>;
	};
	const resetOf = (duration: string) =>
		op
			.manage("/budget/new", { max_budget: 1, budget_duration: duration })
			.then(({ budget_reset_at }) => budget_reset_at);

	test("keeps its window, whatever soft budget or duration its follower has", async () => {
		const monthly = { max_budget: 1, budget_duration: "1mo" };
		const month = await resetOf("1mo");
		for (const own of [
			{},
			{ soft_budget: 0.5 },
			{ budget_duration: "1d" },
			{ max_budget: 5 },
		]) {
			const { budget_reset_at } = await link(monthly, own);
			expect(budget_reset_at).toBe(month);
		}
		const own = { max_budget: 5, budget_duration: "1d" };
		const { budget_reset_at } = await link(monthly, own);
		expect(budget_reset_at).toBe(await resetOf("1d"));
	});

	test("bounds models for which its follower says nothing", async () => {
		const { key = "" } = await link(
			{
				model_max_budget: {
					"claude-opus-4-8": { budget_limit: tiny, time_period: "1d" },
				},
			},
			{ model_rpm_limit: { "claude-haiku-4-5": 100 } },
		);
		expect((await op.call(key, { model: "claude-opus-4-8" })).status).toBe(429);
		expect((await op.call(key, { model: "claude-haiku-4-5" })).status).toBe(
			200,
		);
	});

	test("is changed for all that follow it, and left by those it goes from", async () => {
		const { key = "", budget_id } = await link({ max_budget: tiny }, {});
		expect((await op.call(key)).status).toBe(429);
		await op.manage("/budget/update", { budget_id, max_budget: null });
		expect((await op.call(key)).status).toBe(200);
		const { litellm_budget_table, ...row } = (
			await op.manage(`/key/info?key=${key}`)
		).info;
		expect(litellm_budget_table).toMatchObject({ budget_id, max_budget: null });
		expect(row.max_budget).toBeNull();
		const off = await op.manage("/key/update", { key, budget_id: null });
		expect(off).toMatchObject({ budget_id: null, litellm_budget_table: null });
	});
});

test("windows of budget_limits alone also say when the first of them begins anew", async () => {
	const daily = await op.manage("/budget/new", {
		max_budget: 1,
		budget_duration: "1d",
	});
	const key = await op.manage("/key/generate", {
		budget_limits: [
			{ budget_duration: "1mo", max_budget: 20 },
			{ budget_duration: "1d", max_budget: 1 },
		],
	});
	expect(key.budget_reset_at).toBe(daily.budget_reset_at);
});

describe("what was spent, said anew", () => {
	const opus = { "claude-opus-4-8": { budget_limit: 1, time_period: "1d" } };

	test("is of all models together", async () => {
		const { key } = await op.manage("/key/generate", {
			max_budget: 100,
			model_max_budget: opus,
		});
		await op.spend(key, { model: "claude-opus-4-8" });
		await op.manage("/key/update", { key, spend: 50 });
		// Of this model's dollar nothing is spent.
		expect((await op.call(key, { model: "claude-opus-4-8" })).status).toBe(200);
		const { info } = await op.manage(`/key/info?key=${key}`);
		expect(info.spend).toBeGreaterThan(50);
		expect(info.spend).toBeLessThan(50.1);
	});

	test("counts once, however soon after", async () => {
		for (let i = 0; i < 10; i++) {
			const { key } = await op.manage("/key/generate", { max_budget: 1 });
			await op.spend(key);
			await op.manage("/key/update", { key, spend: 0.6 });
			expect((await op.call(key)).status).toBe(200);
		}
	});

	test("what is shown, sent back, forgives nothing in other windows", async () => {
		const { key, ...row } = await op.manage("/key/generate", {
			max_budget: 100,
			budget_duration: "1s",
			budget_limits: [{ budget_duration: "1mo", max_budget: 0.5 }],
			spend: 0.6,
		});
		expect((await op.call(key)).status).toBe(429);
		let shown = row;
		while (shown.spend > 0) {
			await Bun.sleep(50);
			shown = (await op.manage(`/key/info?key=${key}`)).info;
		}
		await op.manage("/key/update", { ...shown, key });
		expect((await op.call(key)).status).toBe(429);
		await op.manage(`/key/${row.token}/reset_spend`, { reset_to: 0 });
		expect((await op.call(key)).status).toBe(200);
	});
});
