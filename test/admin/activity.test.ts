/** What was used by day, here and elsewhere. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Entry } from "../../src/domain/entry.ts";
import { engines, type TestStore } from "../store/engines.ts";
import { fill } from "../store/fill.ts";
import { openSpendApp } from "./spend-app.ts";

const nowMs = Date.UTC(2026, 10, 22, 18);
const minuteMs = 60_000;
const november = { start_date: "2026-11-01", end_date: "2026-11-30" };

/** Of the Entry that tests begin with. */
const once = {
	spend: 0.013,
	prompt_tokens: 13_500,
	completion_tokens: 300,
	cache_read_input_tokens: 10_000,
	cache_creation_input_tokens: 2_500,
	total_tokens: 13_800,
	successful_requests: 1,
	failed_requests: 0,
	api_requests: 1,
};

describe.each(engines)("activity on $name", ({ can, open }) => {
	let store: TestStore;
	let app: ReturnType<typeof openSpendApp>;
	let next = 1;
	const add = async (...changes: Partial<Entry>[]) => {
		const entries = await fill(store, changes, { writer: 1, seq: next });
		next += entries.length;
	};
	const ask = async (
		path: string,
		query: Readonly<Record<string, string>> = {},
	) => {
		const reply = await app.get(path, { ...november, ...query });
		expect([reply.status, reply.body.error]).toEqual([200, undefined]);
		return reply.body;
	};

	beforeEach(async () => {
		if (!can) return;
		next = 1;
		store = await open();
		app = openSpendApp(store, {
			nowMs,
			keys: { k1: { alias: "first", userId: "u1", teamId: "t1" } },
			teams: [{ id: "t1", name: "Research" }],
		});
	});
	afterEach(async () => {
		if (can) await store.stop();
	});

	test.skipIf(!can)("of users: days, models, users and keys", async () => {
		await add(
			{ startedMs: nowMs, keyId: "k1", userId: "u1" },
			{ startedMs: nowMs, keyId: "k1", userId: "u2", status: 500 },
			{ startedMs: nowMs - 2 * 86_400_000, userId: null, keyId: null },
			{ startedMs: Date.UTC(2026, 11, 1), userId: "u1" },
		);
		const all = await ask("/user/daily/activity");
		expect(all.results.map(({ date }: { date: string }) => date)).toEqual([
			"2026-11-22",
			"2026-11-20",
		]);
		const [day] = all.results;
		expect(day.metrics).toMatchObject({
			spend: 0.026,
			successful_requests: 1,
			failed_requests: 1,
			api_requests: 2,
		});
		expect(Object.keys(day.breakdown).sort()).toEqual([
			"api_keys",
			"endpoints",
			"entities",
			"mcp_servers",
			"model_groups",
			"models",
			"providers",
		]);
		expect(day.breakdown.api_keys.k1).toMatchObject({
			metrics: { api_requests: 2 },
			metadata: { key_alias: "first", team_id: "t1" },
		});
		expect(day.breakdown.entities.u1.metrics).toEqual(once);
		expect(all.metadata).toEqual({
			total_spend: 0.039,
			total_prompt_tokens: 40_500,
			total_completion_tokens: 900,
			total_tokens: 41_400,
			total_api_requests: 3,
			total_successful_requests: 2,
			total_failed_requests: 1,
			total_cache_read_input_tokens: 30_000,
			total_cache_creation_input_tokens: 7_500,
			page: 1,
			total_pages: 1,
			has_more: false,
		});
		const one = await ask("/user/daily/activity", { user_id: "u1" });
		expect(one.results).toHaveLength(1);
		expect(one.results[0].metrics).toEqual(once);
		expect(
			one.results[0].breakdown.models["claude-sonnet-5-5"].metrics,
		).toEqual(once);
	});

	test.skipIf(!can)("of users: pages, one key, one model", async () => {
		await add(
			{ startedMs: nowMs, keyId: "k1", userId: "u1" },
			{ startedMs: nowMs, keyId: "k1", userId: "u2", status: 500 },
			{ startedMs: nowMs - 2 * 86_400_000, userId: null, keyId: null },
		);
		const paged = { page: "2", page_size: "1" };
		expect(await ask("/user/daily/activity", paged)).toMatchObject({
			results: [{ date: "2026-11-20" }],
			metadata: {
				page: 2,
				total_pages: 2,
				has_more: false,
				total_spend: 0.039,
			},
		});
		const ofKey = await ask("/user/daily/activity", { api_key: "k1" });
		expect(ofKey.results[0]).toMatchObject({
			metrics: { api_requests: 2 },
			breakdown: { entities: { u1: {} }, api_keys: { k1: {} } },
		});
		const none = { api_key: "k1", user_id: "u2" };
		expect((await ask("/user/daily/activity", none)).results).toEqual([]);
		const other = { model: "claude-haiku-4-5" };
		expect((await ask("/user/daily/activity", other)).results).toEqual([]);
	});

	test.skipIf(!can)("of teams, tags and end users", async () => {
		await add(
			{ startedMs: nowMs, teamId: "t1", tags: ["a", "b"], endUser: "Zoë" },
			{ startedMs: nowMs, teamId: "t2", tags: ["a"], endUser: "Max" },
			{ startedMs: nowMs, teamId: null, tags: [], endUser: null },
		);
		for (const [path, query, entities, calls] of [
			["team", {}, ["t1", "t2"], 2],
			["team", { team_ids: "t1,none" }, ["t1"], 1],
			["tag", {}, ["a", "b"], 3],
			["tag", { tags: " b , c" }, ["b"], 1],
			["customer", {}, ["Max", "Zoë"], 2],
			["end_user", { end_user_ids: "Zoë" }, ["Zoë"], 1],
		] as const) {
			const { results, metadata } = await ask(`/${path}/daily/activity`, query);
			const found = Object.keys(results[0].breakdown.entities).sort();
			expect([path, found]).toEqual([path, [...entities]]);
			expect(metadata.total_api_requests).toBe(calls);
		}
		const team = await ask("/team/daily/activity");
		expect(team.results[0].breakdown.entities.t1.metadata).toEqual({
			team_alias: "Research",
		});
	});

	test.skipIf(!can)(
		"days of a place: whole hours, half hours, and the day on which clocks are set",
		async () => {
			const midnight = (zone: number) =>
				Date.UTC(2026, 10, 22) - zone * minuteMs;
			const berlin = Date.UTC(2026, 9, 25) - 120 * minuteMs;
			await add(
				...[60, -480, 330, -210].flatMap((zone) => [
					{ startedMs: midnight(zone) - 1, tags: [`z${zone}`, "z"] },
					{ startedMs: midnight(zone), tags: [`z${zone}`] },
				]),
				// A day of 25 hours.
				...[-1, 0, 25 * 60 * minuteMs - 1, 25 * 60 * minuteMs].map((ms) => ({
					startedMs: berlin + ms,
					tags: ["set"],
				})),
			);
			for (const [zone, tag, before] of [
				["Europe/Berlin", "z60", "2026-11-21"],
				["-60", "z60", "2026-11-21"],
				["America/Los_Angeles", "z-480", "2026-11-21"],
				["480", "z-480", "2026-11-21"],
				["Asia/Kolkata", "z330", "2026-11-21"],
				["-330", "z330", "2026-11-21"],
				["America/St_Johns", "z-210", "2026-11-21"],
			] as const) {
				const { results } = await ask("/tag/daily/activity", {
					timezone: zone,
					tags: tag,
				});
				expect([
					zone,
					results.map(
						(row: { date: string; metrics: { api_requests: number } }) => [
							row.date,
							row.metrics.api_requests,
						],
					),
				]).toEqual([
					zone,
					[
						["2026-11-22", 1],
						[before, 1],
					],
				]);
			}
			const set = await ask("/tag/daily/activity", {
				start_date: "2026-10-24",
				end_date: "2026-10-26",
				timezone: "Europe/Berlin",
				tags: "set",
			});
			expect(
				set.results.map(
					(row: { date: string; metrics: { api_requests: number } }) => [
						row.date,
						row.metrics.api_requests,
					],
				),
			).toEqual([
				["2026-10-26", 1],
				["2026-10-25", 2],
				["2026-10-24", 1],
			]);
		},
	);
});
