/** The holder of a key sees its own (T-06): whatever else is asked for is answered as if there were no such thing. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { reportRoutes } from "../../src/app/managed-routes.ts";
import { engines, type TestStore } from "../store/engines.ts";
import { fill } from "../store/fill.ts";
import { openSpendApp } from "./spend-app.ts";

const nowMs = Date.UTC(2026, 10, 22, 18);
const days = { start_date: "2026-11-22", end_date: "2026-11-22" };

/** In every row and sum of the other tenant stands this word. */
const secret = "beta";

const tenants = {
	alfa: { keyId: "sk-alfa", userId: "alfa-user", teamId: "alfa-team" },
	beta: { keyId: "beta-key", userId: "beta-user", teamId: "beta-team" },
} as const;

describe.each(engines)("two tenants on $name", ({ can, open }) => {
	let store: TestStore;
	let app: ReturnType<typeof openSpendApp>;
	let foreign: Record<string, string>;

	beforeEach(async () => {
		if (!can) return;
		store = await open();
		const entries = await fill(
			store,
			Object.entries(tenants).map(([name, ids]) => ({
				...ids,
				startedMs: nowMs,
				sessionId: `${name}-session`,
				messageId: `msg_${name}`,
				endUser: `${name}-customer`,
				servedModel: `${name}-model`,
				tags: [`${name}-tag`],
				upstreamRequestId: `req_${name}`,
			})),
		);
		foreign = {
			api_key: tenants.beta.keyId,
			key_alias: "beta-alias",
			user_id: tenants.beta.userId,
			team_id: tenants.beta.teamId,
			team_ids: tenants.beta.teamId,
			request_id: entries[1]?.id ?? "",
			session_id: "beta-session",
			end_user: "beta-customer",
			end_user_ids: "beta-customer",
			tags: "beta-tag",
			model: "beta-model",
			internal_user_id: tenants.beta.userId,
			customer_id: "beta-customer",
		};
		app = openSpendApp(store, {
			nowMs,
			keys: {
				[tenants.alfa.keyId]: { userId: tenants.alfa.userId },
				"sk-lonely": {},
				"sk-lead": { userId: "lead" },
				[tenants.beta.keyId]: {
					userId: tenants.beta.userId,
					alias: "beta-alias",
				},
			},
			teams: [
				{
					id: tenants.alfa.teamId,
					members: [
						{ userId: "lead", role: "admin" },
						{ userId: tenants.alfa.userId, role: "user" },
					] as never,
				},
				{ id: tenants.beta.teamId },
			],
		});
	});
	afterEach(async () => {
		if (can) await store.stop();
	});

	test.skipIf(!can)(
		"no route tells anything of the other's, whatever is asked for",
		async () => {
			const looked: string[] = [];
			for (const route of reportRoutes) {
				const path = route.path.replace(
					":request_id",
					foreign.request_id ?? "",
				);
				const filters = Object.entries(foreign);
				const queries = [
					{},
					days,
					{ summarize: "false", ...days },
					...filters.map(([name, value]) => ({ ...days, [name]: value })),
					...filters.map(([name, value]) => ({
						...days,
						api_key: tenants.alfa.keyId,
						[name]: value,
					})),
					...filters.map(([name, value]) => ({ [name]: value })),
					{ ...days, ...foreign },
				];
				for (const query of queries) {
					const asked = `${path}?${new URLSearchParams(query)}`;
					const body = route.method === "POST" ? "{}" : null;
					const init = { method: route.method, body };
					for (const key of ["sk-alfa", "sk-lonely", "sk-lead", "sk-nobody"]) {
						const answer = await app.ask(asked, init, key);
						const isRefused = route.for === "operator" || key === "sk-nobody";
						if (isRefused) expect([asked, answer.status]).toEqual([asked, 401]);
						looked.push(asked);
						// What was asked for may be named in the answer, as a thing that is unknown.
						const text = JSON.stringify(answer.body).replaceAll(
							/"beta-(key|user)":0(?=[,}])/g,
							"",
						);
						expect([asked, key, text.includes(secret) && text]).toEqual([
							asked,
							key,
							false,
						]);
					}
				}
			}
			expect(looked.length).toBeGreaterThan(1_000);
		},
		60_000,
	);

	test.skipIf(!can)("what is foreign is as what there is not", async () => {
		for (const [path, name] of [
			["/spend/logs", "api_key"],
			["/spend/logs", "user_id"],
			["/spend/logs", "request_id"],
			["/spend/logs/v2", "api_key"],
			["/spend/logs/v2", "key_alias"],
			["/spend/logs/v2", "user_id"],
			["/spend/logs/v2", "team_id"],
			["/spend/logs/v2", "request_id"],
			["/spend/logs/v2", "session_id"],
			["/user/daily/activity", "user_id"],
			["/user/daily/activity", "api_key"],
			["/team/daily/activity", "team_ids"],
		] as const) {
			const value = foreign[name] ?? "";
			const none = name === "request_id" ? "msg_none" : "none";
			const [real, unknown] = await Promise.all(
				[value, none].map(async (one) => {
					const query = { ...days, [name]: one };
					const { status, body } = await app.get(path, query, "sk-alfa");
					return [status, JSON.stringify(body).replaceAll(one, "")];
				}),
			);
			expect([path, name, real]).toEqual([path, name, unknown]);
		}
	});

	test.skipIf(!can)(
		"whether a key that is guessed is the master key stays unknown",
		async () => {
			for (const path of ["/spend/logs", "/spend/logs/v2"]) {
				const [right, wrong] = await Promise.all(
					["sk-master", "sk-guess"].map(async (api_key) => {
						const { body } = await app.get(
							path,
							{ ...days, api_key },
							"sk-alfa",
						);
						return JSON.stringify(body).replace(/[0-9a-f]{64}/, "<hash>");
					}),
				);
				expect(right).toEqual(wrong);
			}
		},
	);

	test.skipIf(!can)("one's own is there", async () => {
		const see = async (
			key: string,
			path: string,
			query: Readonly<Record<string, string>> = {},
		) => {
			const { status, body } = await app.get(path, { ...days, ...query }, key);
			expect(status).toBe(200);
			return body;
		};
		const queries: Readonly<Record<string, string>>[] = [
			{},
			{ api_key: "sk-alfa" },
			{ user_id: "alfa-user" },
			{ session_id: "alfa-session" },
			{ request_id: "msg_alfa" },
			{ end_user: "alfa-customer" },
		];
		for (const query of queries) {
			expect(await see("sk-alfa", "/spend/logs/v2", query)).toMatchObject({
				total: 1,
				data: [{ model: "alfa-model" }],
			});
		}
		const sums = await see("sk-alfa", "/spend/logs");
		expect(sums).toMatchObject([{ models: { "alfa-model": 0.013 } }]);
		const rows = await see("sk-alfa", "/spend/logs", { summarize: "false" });
		expect(rows).toMatchObject([{ model: "alfa-model" }]);
		const used = await see("sk-alfa", "/user/daily/activity");
		expect(used.metadata.total_spend).toBe(0.013);
		expect(await see("sk-lonely", "/spend/logs/v2")).toMatchObject({
			total: 0,
		});
		// An admin of a team sees what is the team's; its other members do not.
		const team = { team_id: "alfa-team" };
		expect(await see("sk-lead", "/spend/logs/v2", team)).toMatchObject({
			total: 1,
		});
		expect(await see("sk-alfa", "/spend/logs/v2", team)).toMatchObject({
			total: 0,
		});
		const one = { request_id: "msg_alfa" };
		expect(await see("sk-lead", "/spend/logs", one)).toHaveLength(1);
		const ofTeam = await see("sk-lead", "/team/daily/activity");
		expect(ofTeam.metadata.total_spend).toBe(0.013);
		const ofMember = await see("sk-alfa", "/team/daily/activity");
		expect(ofMember.metadata.total_spend).toBe(0);
	});
});
