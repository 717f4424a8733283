/** What a key can be given beyond a budget: other windows, models, raises, resets, names for models. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Operator, openOperator } from "./operator.ts";

let op: Operator;

beforeAll(async () => {
	op = await openOperator();
});
afterAll(() => op.stop());

const tiny = 0.000_001;

test("null takes a limit away, and what is not said stays", async () => {
	const { key } = await op.manage("/key/generate", {
		max_budget: tiny,
		rpm_limit: 100,
		user_id: "u",
	});
	expect((await op.call(key)).status).toBe(429);
	const updated = await op.manage("/key/update", { key, max_budget: null });
	expect(updated).toMatchObject({
		max_budget: null,
		rpm_limit: 100,
		user_id: "u",
	});
	expect((await op.call(key)).status).toBe(200);
});

test("what was spent can be said anew; the ledger stays as it is", async () => {
	const { key, token } = await op.manage("/key/generate", {});
	const { cost } = await op.spend(key);
	await op.manage("/key/update", { key, max_budget: cost });
	expect((await op.call(key)).status).toBe(429);
	const reset = await op.manage(`/key/${token}/reset_spend`, { reset_to: 0 });
	expect(reset).toMatchObject({ token, spend: 0 });
	await op.manage("/key/update", { key, max_budget: 1 });
	const again = await op.spend(key);
	expect((await op.manage(`/key/info?key=${key}`)).info.spend).toBe(again.cost);
	const said = await op.manage("/key/update", { key, spend: 0.999_999_9 });
	expect(said.spend).toBe(0.999_999_9);
	const refused = await op.call(key);
	expect(refused.status).toBe(429);
	expect(refused.error.message).toContain("$0.9999999 is spent");
	const rows = await op.manage(`/spend/logs?api_key=${token}`);
	expect(rows.filter(({ spend }: { spend: number }) => spend > 0)).toHaveLength(
		2,
	);
	const begun = await op.manage("/key/generate", { spend: 5, max_budget: 5 });
	expect(begun.spend).toBe(5);
	expect((await op.call(begun.key)).status).toBe(429);
});

test("a raise counts until it ends", async () => {
	const { key } = await op.manage("/key/generate", { max_budget: tiny });
	const soon = new Date(Date.now() + 1_500).toISOString();
	const raised = await op.manage("/key/update", {
		key,
		temp_budget_increase: 1,
		temp_budget_expiry: soon,
	});
	expect(raised).toMatchObject({
		max_budget: tiny,
		metadata: { temp_budget_increase: 1 },
	});
	expect((await op.call(key)).status).toBe(200);
	const deadline = performance.now() + 5_000;
	while ((await op.call(key)).status === 200) {
		expect(performance.now()).toBeLessThan(deadline);
		await Bun.sleep(50);
	}
	// Over as it is, it comes back with the whole object.
	const { info } = await op.manage(`/key/info?key=${key}`);
	const again = await op.manage("/key/update", { ...info, key });
	expect(again.metadata).toEqual(info.metadata);
});

describe("limits of a model", () => {
	test("a budget for one model binds that one only, hidden slots included", async () => {
		const { key, ...row } = await op.manage("/key/generate", {
			model_max_budget: {
				"claude-opus-*": { budget_limit: tiny, time_period: "1d" },
			},
		});
		expect(row.model_max_budget).toEqual({
			"claude-opus-*": { budget_limit: tiny, time_period: "1d" },
		});
		expect((await op.call(key)).status).toBe(200);
		const refused = await op.call(key, { model: "claude-opus-4-8" });
		expect(refused.status).toBe(429);
		expect(refused.error.message).toContain("for claude-opus-*");
		const hidden = await op.call(key, {
			fallbacks: [{ model: "claude-opus-4-8" }],
		});
		expect(hidden.status).toBe(429);
	});

	test("calls and tokens in a minute, by model", async () => {
		const { key, metadata } = await op.manage("/key/generate", {
			model_rpm_limit: { "claude-sonnet-5-5": 1 },
			model_tpm_limit: { "claude-haiku-4-5": 10 },
		});
		expect(metadata).toEqual({
			model_rpm_limit: { "claude-sonnet-5-5": 1 },
			model_tpm_limit: { "claude-haiku-4-5": 10 },
		});
		expect((await op.call(key)).status).toBe(200);
		const second = await op.call(key);
		expect(second.status).toBe(429);
		expect(second.error.type).toBe("rate_limit_error");
		expect(second.headers.get("rate_limit_type")).toBe("requests");
		const haiku = await op.call(key, { model: "claude-haiku-4-5" });
		expect(haiku.status).toBe(429);
		expect(haiku.headers.get("rate_limit_type")).toBe("tokens");
	});
});

test("a soft budget refuses nothing, and is told once", async () => {
	const { key, token } = await op.manage("/key/generate", {
		soft_budget: tiny,
	});
	for (let i = 0; i < 3; i++) await op.spend(key);
	const told = op.rig.gateway.lines.filter((line) =>
		JSON.stringify(line).includes("soft_budget_crossed"),
	);
	expect(told).toHaveLength(1);
	expect(JSON.stringify(told[0])).toContain(token);
});

test("85 and 95 percent of a budget are told, each once", async () => {
	const { key, token } = await op.manage("/key/generate", { max_budget: 1 });
	const { cost } = await op.spend(key);
	for (const share of [0.85, 0.95]) {
		await op.manage("/key/update", { key, spend: share - 1.5 * cost });
		for (let i = 0; i < 3; i++) await op.spend(key);
	}
	const percents = op.rig.gateway.lines
		.map((line) => JSON.stringify(line))
		.filter((line) => line.includes(token))
		.flatMap((line) => /threshold_crossed.*"percent":(\d+)/.exec(line) ?? []);
	expect(percents.filter((one) => /^\d+$/.test(one))).toEqual(["85", "95"]);
});

test("keys are found by alias, sorted by spend, shown with their users", async () => {
	await op.manage("/user/new", { user_id: "lea", auto_create_key: false });
	const cheap = await op.manage("/key/generate", { user_id: "lea" });
	const dear = await op.manage("/key/generate", { user_id: "lea" });
	await op.spend(cheap.key);
	await op.spend(dear.key);
	await op.spend(dear.key);
	const { keys } = await op.manage(
		"/key/list?user_id=lea&sort_by=spend&expand=user",
	);
	expect(keys).toMatchObject([
		{ token: dear.token, user: { user_id: "lea" } },
		{ token: cheap.token },
	]);
});

describe("names for models", () => {
	test("the key's, then the team's, are put in their place; the row says so", async () => {
		await op.manage("/team/new", {
			team_id: "named",
			model_aliases: { fast: "claude-opus-4-8", team: "claude-haiku-4-5" },
		});
		const { key } = await op.manage("/key/generate", {
			team_id: "named",
			aliases: { fast: "claude-haiku-4-5" },
			models: ["fast", "claude-haiku-*"],
		});
		for (const model of ["fast", "team"]) {
			const before = op.rig.simulator.record.all().length;
			const { id } = await op.spend(key, { model, user: "u" });
			const [sent] = op.rig.simulator.record.all().slice(before);
			const text = new TextDecoder().decode(sent?.received.body.bytes);
			expect(text).toContain('"model":"claude-haiku-4-5"');
			expect(text).not.toContain('"user":"u"');
			const entry = await op.rig.entryOf(id);
			expect(entry.requestedModel).toBe("claude-haiku-4-5");
			expect(JSON.parse(entry.metadata ?? "{}").model_alias).toBe(model);
			// What is held is what the model costs, and not what a name costs that nobody knows.
			const own = await op.spend(key, { model: "claude-haiku-4-5" });
			const { held } = await op.rig.entryOf(own.id);
			expect(Number(entry.held)).toBeLessThan(1.5 * Number(held));
		}
		expect((await op.call(key, { model: "constructor" })).status).toBe(403);
		expect((await op.call(key)).status).toBe(403);
	});
});
