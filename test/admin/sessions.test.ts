import {
	afterEach,
	beforeEach,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import type { Entry } from "../../src/domain/entry.ts";
import { toNanos } from "../../src/domain/nanos.ts";
import { engines, type TestStore } from "../store/engines.ts";
import { fill } from "../store/fill.ts";
import { openSpendApp } from "./spend-app.ts";

// A server is started, on a machine that may be busy.
setDefaultTimeout(60_000);

const startMs = Date.UTC(2026, 10, 22, 9);
const minuteMs = 60_000;

let number = 0;
/** A call of a session, so many minutes after nine. */
function call(session: string | null, minutes: number, more: Partial<Entry>) {
	number += 1;
	return {
		sessionId: session,
		startedMs: startMs + minutes * minuteMs,
		messageId: `msg_${number}`,
		upstreamRequestId: `req_${number}`,
		cacheWrite1h: 0,
		cost: toNanos(1_000_000n),
		...more,
	};
}

/** What the cache did: tokens neither written nor read, written, read. */
const cached = (input: number, cacheWrite5m: number, cacheRead: number) => ({
	input,
	cacheWrite5m,
	cacheRead,
});

describe.each([...engines])("sessions on $name", ({ can, open }) => {
	let store: TestStore;
	beforeEach(async () => {
		if (can) store = await open();
	});
	afterEach(() => store?.stop());
	const openApp = () => openSpendApp(store, { nowMs: startMs });

	test.skipIf(!can)("newest first, in pages, each once", async () => {
		await fill(store, [
			call("old", 0, {}),
			call("mixed", 1, { keyId: "k1", userId: "ada" }),
			call("mid", 2, { keyId: "k2", userId: "bob" }),
			call(null, 3, {}),
			call("mixed", 4, { keyId: "k1", userId: "ada", agentId: "a" }),
		]);
		const app = openApp();
		const first = await app.get("/spend/sessions", { size: "2" });
		expect(first.body.sessions).toMatchObject([
			{
				session_id: "mixed",
				calls: 2,
				cost: "0.002",
				agents: 1,
				api_keys: ["k1"],
				last_call: "2026-11-22T09:04:00.000Z",
				truncated: false,
			},
			{ session_id: "mid", calls: 1 },
		]);
		const next = await app.get("/spend/sessions", {
			size: "2",
			before: first.body.next,
		});
		expect(
			next.body.sessions.map((one: { session_id: string }) => one.session_id),
		).toEqual(["old"]);
		expect(next.body.next).toBeNull();
	});

	test.skipIf(!can)("of a key, a user, a day", async () => {
		await fill(store, [
			call("s1", 0, { keyId: "k1", userId: "ada" }),
			call("s1", 1, { keyId: "k2", userId: "bob" }),
			call("s2", 24 * 60, { keyId: "k2", userId: "bob" }),
		]);
		const app = openApp();
		const ask = async (query: Readonly<Record<string, string>>) => {
			const { body } = await app.get("/spend/sessions", query);
			return body.sessions.map(
				(one: { session_id: string; calls: number }) =>
					`${one.session_id}:${one.calls}`,
			);
		};
		expect(await ask({})).toEqual(["s2:1", "s1:2"]);
		expect(await ask({ api_key: "k1" })).toEqual(["s1:1"]);
		expect(await ask({ user_id: "bob" })).toEqual(["s2:1", "s1:1"]);
		const day = "2026-11-22";
		expect(await ask({ start_date: day, end_date: day })).toEqual(["s1:2"]);
		const bad = await app.get("/spend/sessions", { size: "none" });
		expect(bad.status).toBe(400);
	});

	test.skipIf(!can)("one, with its agents as a tree", async () => {
		await fill(store, [
			call("s", 0, {}),
			call("s", 1, { agentId: "a" }),
			call("s", 2, { agentId: "b", parentAgentId: "a" }),
			call("s", 3, { agentId: "lost", parentAgentId: "nobody" }),
			call("s", 4, { agentId: "x", parentAgentId: "y" }),
			call("s", 5, { agentId: "y", parentAgentId: "x" }),
			call("other", 6, {}),
		]);
		const { status, body } = await openApp().get("/spend/sessions/s");
		expect([status, body.calls, body.cost]).toEqual([200, 6, "0.006"]);
		// Whose parent is below itself stands below the session, and nobody is left out.
		const shape = (node: {
			agent_id: string | null;
			steps: unknown[];
			agents: never[];
		}): unknown => [node.agent_id, node.steps.length, node.agents.map(shape)];
		expect(shape(body.tree)).toEqual([
			null,
			1,
			[
				["a", 1, [["b", 1, []]]],
				["lost", 1, []],
				["x", 1, [["y", 1, []]]],
			],
		]);
		const none = await openApp().get("/spend/sessions/nothing");
		expect(none.status).toBe(404);
	});

	test.skipIf(!can)("one, to the holder of a key: its own calls", async () => {
		await fill(store, [
			call("s", 0, { keyId: "k1", servedModel: "claude-opus-5-5" }),
			call("s", 1, { keyId: "k1", servedModel: "claude-haiku-5-5" }),
			call("s", 2, { keyId: "k1", servedModel: "claude-opus-5-5" }),
			call("s", 3, { keyId: "k2" }),
		]);
		const keys = { k1: {}, k3: {} };
		const app = openSpendApp(store, { nowMs: startMs, keys });
		const path = "/spend/sessions/s";
		const { body } = await app.get(path, { tree: "false" }, "k1");
		expect(body).toMatchObject({ calls: 3, api_keys: ["k1"] });
		expect(body.tree).toBeUndefined();
		expect(
			body.by_model.map((one: { model: string; calls: number }) => [
				one.model,
				one.calls,
			]),
		).toEqual([
			["claude-opus-5-5", 2],
			["claude-haiku-5-5", 1],
		]);
		expect((await app.get(path, {}, "k3")).status).toBe(404);
		expect((await app.get(path)).body.calls).toBe(4);
	});

	test.skipIf(!can)("the step that broke the cache, and why", async () => {
		await fill(store, [
			call("s", 0, cached(10, 20_000, 0)),
			call("s", 1, cached(10, 500, 20_000)),
			// A side call with a prompt of its own.
			call("s", 1.5, cached(300, 0, 0)),
			call("s", 2, cached(10, 21_000, 0)),
			call("s", 3, cached(10, 100, 21_000)),
			call("s", 9, cached(10, 21_200, 0)),
			// Of another agent, whose cache was never filled.
			call("s", 9.5, { ...cached(30_000, 0, 0), agentId: "a" }),
			call("s", 10, cached(10, 100, 21_200)),
		]);
		const { body } = await openApp().get("/spend/sessions/s");
		const breaks = body.tree.steps.map(
			(step: { cache_break: { cause: string; lost_tokens: number } | null }) =>
				step.cache_break && [
					step.cache_break.cause,
					step.cache_break.lost_tokens,
				],
		);
		expect(breaks).toEqual([
			null,
			null,
			null,
			["prefix", 20_500],
			null,
			["expired", 21_100],
			null,
		]);
		expect(body.tree.steps[1].cache_share).toBe(0.9751);
		expect(body.tree.agents[0].steps[0].cache_break).toBeNull();
	});
});
