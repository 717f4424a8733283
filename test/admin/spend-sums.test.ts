import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Entry } from "../../src/domain/entry.ts";
import { toNanos } from "../../src/domain/nanos.ts";
import { StoreError } from "../../src/store/engine.ts";
import { engines, type TestStore } from "../store/engines.ts";
import { fill } from "../store/fill.ts";
import { openSpendApp } from "./spend-app.ts";

const nowMs = Date.UTC(2026, 10, 22, 18);
const dayMs = 86_400_000;

describe.each(engines)("sums on $name", ({ can, open }) => {
	let store: TestStore;
	let app: ReturnType<typeof openSpendApp>;
	let next = 1;
	const add = async (...changes: Partial<Entry>[]) => {
		const entries = await fill(store, changes, { writer: 1, seq: next });
		next += entries.length;
		return entries;
	};

	beforeEach(async () => {
		if (!can) return;
		next = 1;
		store = await open();
		app = openSpendApp(store, { nowMs });
	});
	afterEach(async () => {
		if (can) await store.stop();
	});

	test.skipIf(!can)("spend by day, days without any among them", async () => {
		await add(
			{ startedMs: nowMs - 2 * dayMs, keyId: "k1", userId: "u1" },
			{ startedMs: nowMs, keyId: "k1", userId: "u2" },
			{ startedMs: nowMs, keyId: "k2", userId: "__proto__" },
			{ startedMs: nowMs, servedModel: "claude-haiku-5", cost: toNanos(1n) },
			{ startedMs: nowMs + dayMs, keyId: "k1" },
		);
		const days = { start_date: "2026-11-20", end_date: "2026-11-22" };
		const all = await app.get("/spend/logs", days);
		expect(JSON.stringify(all.body)).toBe(
			JSON.stringify([
				{
					k1: 0.013,
					startTime: "2026-11-20",
					spend: 0.013,
					users: { u1: 0.013 },
					models: { "claude-sonnet-5-5": 0.013 },
				},
				{ startTime: "2026-11-21", spend: 0, users: {}, models: {} },
				all.body[2],
			]),
		);
		expect(all.body[2]).toMatchObject({
			startTime: "2026-11-22",
			spend: 0.026000001,
			k1: 0.013,
			k2: 0.013,
			models: { "claude-sonnet-5-5": 0.026, "claude-haiku-5": 0.000000001 },
		});
		expect(Object.entries(all.body[2].users).toSorted()).toEqual([
			["__proto__", 0.013],
			["u2", 0.013],
		]);
		const ofKey = await app.get("/spend/logs", { ...days, api_key: "k2" });
		expect(ofKey.body[2]).toEqual({
			startTime: "2026-11-22",
			spend: 0.013,
			k2: 0.013,
			users: {},
			models: { "claude-sonnet-5-5": 0.013 },
		});
		const ofUser = await app.get("/spend/logs", { ...days, user_id: "u1" });
		expect(ofUser.body.map((row: { users: object }) => row.users)).toEqual([
			{ u1: 0.013 },
			{ u1: 0 },
			{ u1: 0 },
		]);
	});

	test.skipIf(!can)("spend by tag, the dearest first", async () => {
		await add(
			{ startedMs: nowMs - dayMs, tags: ["cheap"], cost: toNanos(1n) },
			{ startedMs: nowMs, tags: ["cheap", "dear"] },
			{ startedMs: nowMs, tags: ["dear"] },
			{ startedMs: nowMs, tags: ["free"], payer: "client" },
		);
		const { body } = await app.get("/spend/tags");
		expect(body).toEqual([
			{ individual_request_tag: "dear", log_count: 2, total_spend: 0.026 },
			{
				individual_request_tag: "cheap",
				log_count: 2,
				total_spend: 0.013000001,
			},
			{ individual_request_tag: "free", log_count: 1, total_spend: 0 },
		]);
		const day = { start_date: "2026-11-21", end_date: "2026-11-21" };
		expect((await app.get("/spend/tags", day)).body).toEqual([
			{ individual_request_tag: "cheap", log_count: 1, total_spend: 1e-9 },
		]);
		const none = { start_date: "2020-01-01", end_date: "2020-12-31" };
		expect((await app.get("/spend/tags", none)).body).toEqual([]);
	});

	test.skipIf(!can)("all that was spent in thirty days", async () => {
		expect((await app.get("/global/spend")).body).toEqual({
			spend: 0,
			max_budget: null,
		});
		await add(
			{ startedMs: nowMs - 31 * dayMs },
			{ startedMs: Date.UTC(2026, 9, 23) },
			{ startedMs: nowMs },
		);
		const maxBudget = toNanos(12_500_000_000n);
		const limited = openSpendApp(store, { nowMs, maxBudget });
		expect((await limited.get("/global/spend")).body).toEqual({
			spend: 0.026,
			max_budget: 12.5,
		});
	});

	test.skipIf(!can)("what an end user spent, ever", async () => {
		await add(
			{ startedMs: nowMs - 400 * dayMs, endUser: "Zoë 🦊" },
			{ startedMs: nowMs, endUser: "Zoë 🦊" },
			{ startedMs: nowMs, endUser: "other" },
		);
		for (const path of ["/customer/info", "/end_user/info"]) {
			const zoe = await app.get(path, { end_user_id: " Zoë\u200b 🦊 " });
			expect(zoe).toEqual({
				status: 200,
				body: {
					user_id: "Zoë 🦊",
					blocked: false,
					alias: null,
					spend: 0.026,
					allowed_model_region: null,
					default_model: null,
					litellm_budget_table: null,
					object_permission_id: null,
					object_permission: null,
				},
			});
			const nobody = await app.get(path, { end_user_id: "nobody" });
			expect(nobody).toEqual({
				status: 404,
				body: {
					error: {
						type: "not_found_error",
						message: "End User Id=nobody does not exist in db.",
						param: "end_user_id",
						code: "404",
					},
				},
			});
		}
	});

	test.skipIf(!can)(
		"a database that does not answer is a 503, a fault of ours is none of the client's business",
		async () => {
			for (const [fault, status] of [
				["unreachable", 503],
				["busy", 503],
				["broken", 500],
			] as const) {
				const read = async () => {
					throw new StoreError(fault, "secret host 10.0.0.7");
				};
				const down = openSpendApp(store, { nowMs, engine: { read } });
				const answer = await down.get("/global/spend");
				expect(answer.status).toBe(status);
				if (status === 503) {
					expect(JSON.stringify(answer.body)).not.toContain("secret");
				}
			}
		},
	);
});
