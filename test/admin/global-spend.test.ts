/** What everybody spent. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { toNanos } from "../../src/domain/nanos.ts";
import { engines, type TestStore } from "../store/engines.ts";
import { fill } from "../store/fill.ts";
import { openSpendApp } from "./spend-app.ts";

const nowMs = Date.UTC(2026, 10, 22, 18);
const dayMs = 86_400_000;
const days = { start_date: "2026-11-21", end_date: "2026-11-22" };
const sonnet = "claude-sonnet-5-5";
const haiku = "claude-haiku-4-5";

describe.each(engines)("global spend on $name", ({ can, open }) => {
	let store: TestStore;
	let app: ReturnType<typeof openSpendApp>;
	const ask = async (
		path: string,
		query: Readonly<Record<string, string>> = {},
	) => {
		const reply = await app.get(path, query);
		expect([reply.status, reply.body?.error]).toEqual([200, undefined]);
		return reply.body;
	};

	beforeEach(async () => {
		if (!can) return;
		store = await open();
		app = openSpendApp(store, {
			nowMs,
			keys: { k1: { alias: "first", name: "sk-...0001", userId: "u1" } },
			teams: [{ id: "t1", name: "Research" }],
		});
		const k1 = { keyId: "k1", userId: "u1", teamId: "t1" };
		await fill(store, [
			{ ...k1, startedMs: nowMs, tags: ["a"], endUser: "Zoë" },
			{ ...k1, startedMs: nowMs, tags: ["b"], endUser: "Max" },
			{
				startedMs: nowMs - dayMs,
				keyId: "k2",
				teamId: "t2",
				userId: null,
				servedModel: haiku,
				cost: toNanos(1_000_000_000n),
				tags: ["b"],
				endUser: "Zoë",
			},
			{ ...k1, startedMs: nowMs - 60 * dayMs, tags: ["old"] },
		]);
	});
	afterEach(async () => {
		if (can) await store.stop();
	});

	test.skipIf(!can)("lists of those that spent most", async () => {
		const logs = await ask("/global/spend/logs");
		expect(logs).toHaveLength(31);
		expect(logs.slice(-3)).toEqual([
			{ date: "2026-11-20", spend: 0 },
			{ date: "2026-11-21", spend: 1 },
			{ date: "2026-11-22", spend: 0.026 },
		]);
		const ofKey = await ask("/global/spend/logs", { api_key: "k1" });
		expect(ofKey.at(-2).spend).toBe(0);
		expect(await ask("/global/spend/keys")).toEqual([
			{ api_key: "k2", key_alias: null, key_name: null, total_spend: 1 },
			{
				api_key: "k1",
				key_alias: "first",
				key_name: "sk-...0001",
				total_spend: 0.026,
			},
		]);
		expect(await ask("/global/spend/keys", { limit: "1" })).toHaveLength(1);
		expect(await ask("/global/spend/models")).toEqual([
			{ model: haiku, total_spend: 1 },
			{ model: sonnet, total_spend: 0.026 },
		]);
		expect(await ask("/global/spend/teams")).toEqual({
			daily_spend: [
				{ date: "2026-11-21", t2: 1 },
				{ date: "2026-11-22", Research: 0.026 },
			],
			teams: ["t2", "Research"],
			total_spend_per_team: [
				{ team_id: "t2", total_spend: 1 },
				{ team_id: "Research", total_spend: 0.026 },
			],
		});
		expect(await ask("/global/spend/provider")).toEqual([
			{ provider: "anthropic", spend: 1.026 },
		]);
		expect(await ask("/global/spend/tags", { ...days, tags: "b,c" })).toEqual({
			spend_per_tag: [{ name: "b", spend: 1.013, log_count: 2 }],
		});
		expect(await ask("/global/spend/all_tag_names")).toEqual({
			tag_names: ["a", "b", "old"],
		});
	});

	test.skipIf(!can)("end users, of everybody or of one key", async () => {
		const all = await app.post("/global/spend/end_users", {});
		expect(all.body).toEqual([
			{ end_user: "Zoë", total_count: 2, total_spend: 1.013 },
			{ end_user: "Max", total_count: 1, total_spend: 0.013 },
		]);
		const one = await app.post("/global/spend/end_users", {
			api_key: "k2",
			startTime: "2026-11-21",
			endTime: "2026-11-21 23:00:00",
		});
		expect(one.body).toEqual([
			{ end_user: "Zoë", total_count: 1, total_spend: 1 },
		]);
	});

	test.skipIf(!can)("reports", async () => {
		const report = (query: Readonly<Record<string, string>>) =>
			ask("/global/spend/report", { ...days, ...query });
		const toModel = (model: string, spend: number, total_tokens: number) => ({
			model,
			spend,
			total_tokens,
			api_key: null,
		});
		const t2 = {
			group_by_day: "2026-11-21",
			teams: [
				{
					team_name: "t2",
					total_spend: 1,
					metadata: [toModel(haiku, 1, 13_800)],
				},
			],
		};
		expect(await report({})).toEqual([
			t2,
			{
				group_by_day: "2026-11-22",
				teams: [
					{
						team_name: "Research",
						total_spend: 0.026,
						metadata: [toModel(sonnet, 0.026, 27_600)],
					},
				],
			},
		]);
		expect(await report({ team_id: "t2" })).toEqual([t2]);
		const customers = await report({ group_by: "customer" });
		expect(customers[1].customers).toEqual([
			{
				customer: "Max",
				total_spend: 0.013,
				metadata: [toModel(sonnet, 0.013, 13_800)],
			},
			{
				customer: "Zoë",
				total_spend: 0.013,
				metadata: [toModel(sonnet, 0.013, 13_800)],
			},
		]);
		const k1 = {
			total_cost: 0.026,
			total_input_tokens: 27_000,
			total_output_tokens: 600,
			model_details: [
				{
					model: sonnet,
					total_cost: 0.026,
					total_input_tokens: 27_000,
					total_output_tokens: 600,
				},
			],
		};
		expect(await report({ api_key: "k1" })).toEqual([{ api_key: "k1", ...k1 }]);
		expect(await report({ internal_user_id: "u1" })).toEqual([
			{ api_key: null, internal_user_id: "u1", ...k1 },
		]);
		expect(
			(await report({ group_by: "api_key" })).map(
				(row: { api_key: string }) => row.api_key,
			),
		).toEqual(["k2", "k1"]);
	});

	test.skipIf(!can)(
		"calls and tokens by day, of all and by model",
		async () => {
			const ofDays = (...of: [number, number][]) => ({
				daily_data: of.map(([api_requests, total_tokens], at) => ({
					date: `Nov ${21 + at}`,
					api_requests,
					total_tokens,
				})),
				sum_api_requests: of.reduce((sum, [calls]) => sum + calls, 0),
				sum_total_tokens: of.reduce((sum, [, tokens]) => sum + tokens, 0),
			});
			expect(await ask("/global/activity", days)).toEqual(
				ofDays([1, 13_800], [2, 27_600]),
			);
			expect(await ask("/global/activity/model", days)).toEqual([
				{ model: sonnet, ...ofDays([0, 0], [2, 27_600]) },
				{ model: haiku, ...ofDays([1, 13_800], [0, 0]) },
			]);
		},
	);
});
