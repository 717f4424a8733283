/** Calls a page at a time. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Entry } from "../../src/domain/entry.ts";
import { toNanos } from "../../src/domain/nanos.ts";
import { engines, type TestStore } from "../store/engines.ts";
import { fill } from "../store/fill.ts";
import { openSpendApp } from "./spend-app.ts";

const nowMs = Date.UTC(2026, 10, 22, 18);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const paths = ["/spend/logs/v2", "/spend/logs/ui"] as const;
const day = {
	start_date: "2026-11-22 00:00:00",
	end_date: "2026-11-22 23:59:59",
};

describe.each(engines)("calls by the page on $name", ({ can, open }) => {
	let store: TestStore;
	let app: ReturnType<typeof openSpendApp>;
	let next = 1;
	const add = async (...changes: Partial<Entry>[]) => {
		const entries = await fill(store, changes, { writer: 1, seq: next });
		next += entries.length;
		return entries;
	};
	const find = async (query: Readonly<Record<string, string>>) => {
		const { status, body } = await app.get(paths[0], { ...day, ...query });
		expect([status, body.error]).toEqual([200, undefined]);
		return body;
	};
	const toModels = ({ data }: { data: { model: string }[] }) =>
		data.map(({ model }) => model).join("");

	beforeEach(async () => {
		if (!can) return;
		next = 1;
		store = await open();
		app = openSpendApp(store, {
			nowMs,
			keys: { k1: { alias: "first" }, k2: { alias: "second" } },
		});
	});
	afterEach(async () => {
		if (can) await store.stop();
	});

	test.skipIf(!can)("pages, newest or oldest first", async () => {
		const times = [0, 1, 2, 3, 4].map((at) => nowMs - at * 5 * hourMs);
		await add(
			...times.map((startedMs, at) => ({
				startedMs,
				servedModel: "abcde"[at] ?? "",
			})),
			{ startedMs: nowMs - dayMs, servedModel: "x" },
			{
				startedMs: nowMs - hourMs,
				servedModel: "B",
				id: "msgbatch_1_batch_cost",
				kind: "batch",
			},
		);
		for (const path of paths) {
			const { body } = await app.get(path, { ...day, page_size: "2" });
			expect(body).toMatchObject({
				total: 5,
				page: 1,
				page_size: 2,
				total_pages: 3,
				total_is_exact: true,
			});
			expect(toModels(body)).toBe("aB");
			expect(body.data[0].startTime).toBe("2026-11-22T18:00:00.000Z");
		}
		expect(toModels(await find({ page: "2", page_size: "2" }))).toBe("bc");
		expect(toModels(await find({ page: "3", page_size: "2" }))).toBe("d");
		expect(toModels(await find({ page: "4", page_size: "2" }))).toBe("");
		expect(toModels(await find({ sort_order: "asc" }))).toBe("dcbBa");
		const part = {
			start_date: "2026-11-22 08:00:00",
			end_date: "2026-11-22 17:59:59",
		};
		expect(toModels(await find(part))).toBe("Bbc");
		const plain = { start_date: "2026-11-21", end_date: "2026-11-22" };
		expect(toModels(await find(plain))).toBe("aBbcdex");
	});

	test.skipIf(!can)("every filter, and several at once", async () => {
		const [own] = await add(
			{
				startedMs: nowMs,
				servedModel: "a",
				keyId: "k1",
				userId: "u1",
				teamId: "t1",
				endUser: "Zoë",
				sessionId: "s1",
				messageId: "msg_a",
				cost: toNanos(3_000_000_000n),
			},
			{
				startedMs: nowMs,
				servedModel: null,
				requestedModel: "b",
				keyId: "k2",
				userId: "u2",
				sessionId: "s1",
				status: 529,
				cost: toNanos(0n),
			},
			{
				startedMs: nowMs - 3 * hourMs,
				servedModel: "c",
				keyId: "k1",
				errorType: "overloaded_error",
				cost: toNanos(1_000_000_000n),
				payer: "client",
			},
			{ startedMs: nowMs - 30 * dayMs, servedModel: "d", sessionId: "s1" },
		);
		for (const [query, models] of [
			[{}, "bac"],
			[{ api_key: "k1" }, "ac"],
			[{ key_alias: "second" }, "b"],
			[{ key_alias: "nobody's" }, ""],
			[{ user_id: "u1" }, "a"],
			[{ team_id: "t1" }, "a"],
			[{ end_user: "Zoë" }, "a"],
			[{ model: "b" }, "b"],
			[{ status_filter: "failure" }, "bc"],
			[{ status_filter: "success" }, "a"],
			[{ min_spend: "0.000000001" }, "a"],
			[{ max_spend: "2.5" }, "bc"],
			[{ max_spend: "1e-05" }, "bc"],
			[{ session_id: "s1" }, "ba"],
			[{ session_id: "s1", api_key: "k2" }, "b"],
			[{ session_id: "s1", min_spend: "3", status_filter: "success" }, "a"],
			[{ session_id: "none" }, ""],
			[{ request_id: own?.id ?? "" }, "a"],
			[{ request_id: "msg_a", session_id: "s2" }, ""],
			[{ api_key: "k1", status_filter: "failure" }, "c"],
			[{ user_id: "%%%%" }, ""],
			[{ model: "'; drop table entries; --" }, ""],
			[{ sort_by: "spend" }, "abc"],
			[{ sort_by: "spend", sort_order: "asc" }, "cba"],
			[{ sort_by: "total_tokens", api_key: "k1" }, "ac"],
		] as const) {
			const found = await find(query);
			expect([query, toModels(found)]).toEqual([query, models]);
			expect(found.total).toBe(models.length);
		}
	});

	test.skipIf(!can)("a session, and what is not kept of a call", async () => {
		const [own] = await add(
			{ startedMs: nowMs, sessionId: "s1", servedModel: "b" },
			{ startedMs: nowMs, sessionId: "s2", servedModel: "c" },
			{
				startedMs: nowMs - 30 * dayMs,
				sessionId: "s1",
				servedModel: "a",
			},
		);
		const session = await app.get("/spend/logs/session/ui", {
			session_id: "s1",
		});
		expect(toModels(session.body)).toBe("ab");
		expect(session.body).toMatchObject({ total: 2, page: 1, page_size: 50 });
		const bodies = await app.get(`/spend/logs/ui/${own?.id}`, day);
		expect(bodies).toEqual({ status: 200, body: null });
	});

	test.skipIf(!can)(
		"more than ten thousand: the total says that it is not all",
		async () => {
			const many = Array.from({ length: 10_050 }, (_, at) => ({
				startedMs: nowMs - at * 1_000,
				keyId: at % 100 === 0 ? "rare" : "k1",
				cost: toNanos(BigInt(at)),
			}));
			for (let at = 0; at < many.length; at += 500) {
				await add(...many.slice(at, at + 500));
			}
			expect(await find({ page_size: "1" })).toMatchObject({
				total: 10_000,
				total_is_exact: false,
				total_pages: 10_000,
			});
			const last = await find({ page: "100", page_size: "100" });
			expect(last.data).toHaveLength(100);
			expect(last.data[99].startTime).toBe(
				new Date(nowMs - 9_999_000).toISOString(),
			);
			const rare = await find({ api_key: "rare", page_size: "1" });
			expect(rare).toMatchObject({ total: 101, total_is_exact: true });
			for (const [query, why] of [
				[{ page: "101", page_size: "100" }, "At most 10000 calls"],
				[{ page: "999999999" }, "At most 10000 calls"],
				[{ sort_by: "spend" }, "too many calls to put them in the order"],
			] as const) {
				const { status, body } = await app.get(paths[0], { ...day, ...query });
				expect(status).toBe(400);
				expect(body.error.message).toContain(why);
			}
		},
		30_000,
	);
});
