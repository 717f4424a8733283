/** The holder of a key who wants to be more than that (T-05, T-06): whatever a call says, the key is who it is. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { manageRoutes, reportRoutes } from "../../src/app/managed-routes.ts";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { openCallers } from "./callers.ts";

const masterKey = "sk-master-of-the-tenants-0123456789";
let rig: LedgerRig;
const { ask, make, manage } = openCallers(() => rig.url, masterKey);

/** What one can be made as a key that sounds like more. */
const roles: Record<string, object> = {
	"a plain key": {},
	"a key with a budget": { max_budget: 5 },
	"a key of the type management": { key_type: "management" },
	"a key of the type read_only": { key_type: "read_only" },
	"a key that names every route": {
		allowed_routes: ["/*", "/key/*", "management_routes", "info_routes"],
	},
	"a key that says it is an admin's": {
		metadata: { role: "proxy_admin", user_role: "proxy_admin" },
		user_id: "default_user_id",
		team_id: "litellm_proxy_master_key",
		tags: ["proxy_admin"],
	},
};

interface Key {
	readonly key: string;
	readonly token: string;
}
const keys = new Map<string, Key>();
let other: Key;

beforeAll(async () => {
	rig = await openLedgerRig({
		env: { TOLLWAY_MASTER_KEY: masterKey, TOLLWAY_AUTH_BACKOFF: "off" },
	});
	for (const [role, fields] of Object.entries(roles)) {
		keys.set(role, await make(fields));
	}
	for (const [path, body] of [
		["/user/new", { user_id: "other", user_alias: "their own" }],
		["/team/new", { team_id: "foreign", team_alias: "their own" }],
	] as const) {
		expect((await manage(path, body)).status).toBe(200);
	}
	other = await make({
		key_alias: "another tenant's",
		user_id: "other",
		team_id: "foreign",
	});
});
afterAll(() => rig.stop());

const keyOf = (role: string) => keys.get(role) as Key;

/** What a body may say of itself; each alone and all together. */
const fields: Record<string, unknown> = {
	role: "proxy_admin",
	user_role: "proxy_admin",
	is_admin: true,
	user_id: "default_user_id",
	team_id: "other",
	organization_id: "other",
	created_by: "operator",
	allowed_routes: ["management_routes"],
	key_type: "management",
	max_budget: 1_000_000,
	models: ["all-proxy-models"],
	metadata: { user_role: "proxy_admin" },
	permissions: { admin: true },
	object_permission: { all: true },
	api_key: masterKey.slice(0, -1),
	new_master_key: "sk-new-master-0123456789",
	user_api_key: "litellm_proxy_master_key",
	user_api_key_dict: { user_role: "proxy_admin" },
	litellm_metadata: { user_api_key_user_role: "proxy_admin" },
	__proto__: { role: "proxy_admin" },
	"constructor.prototype.role": "proxy_admin",
};

/** Headers that some proxy or program might believe. */
const headers: Record<string, string> = {
	"x-litellm-user-role": "proxy_admin",
	"x-litellm-key": "litellm_proxy_master_key",
	"x-forwarded-user": "admin",
	"x-forwarded-for": "127.0.0.1",
	"x-original-url": "/health",
	"x-rewrite-url": "/health",
	"x-http-method-override": "GET",
	cookie: "token=proxy_admin",
};

const routes = [...manageRoutes, ...reportRoutes];
const ofOperator = routes.filter((route) => route.for === "operator");

const readObjects = () =>
	rig.read("SELECT kind, id, alias, doc FROM @objects ORDER BY id");

/** A route as somebody calls it who means the other tenant's key. */
const toCall = (
	{ method, path }: { method: string; path: string },
	part: object,
) => ({
	path: `${path
		.replace(":key", other.token)
		.replace(":team_id", "foreign")
		.replace(":user_id", "other")}${
		method === "GET" ? `?key=${other.token}&api_key=${other.token}` : ""
	}`,
	method,
	body: {
		key: other.token,
		keys: [other.token],
		user_ids: ["other"],
		team_ids: ["foreign"],
		team_id: "foreign",
		user_id: "other",
		member: { user_id: "other" },
		name: "tag",
		id: "budget",
		end_user_id: "x",
		...part,
	},
});

describe.each(Object.keys(roles))("%s", (role) => {
	test.each(ofOperator)("may not $method $path", async (route) => {
		const { key } = keyOf(role);
		const before = await readObjects();
		const parts = [
			...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
			fields,
			{ key, keys: [key] },
		];
		for (const part of parts) {
			const { path, method, body } = toCall(route, part);
			const asked = await ask(path, { key, method, body, headers });
			expect([401, 403]).toContain(asked.status);
			expect(asked.text).not.toContain(other.token);
		}
		expect(await readObjects()).toEqual(before);
	});

	test("sees itself, and nobody else", async () => {
		const { key, token } = keyOf(role);
		const own = await ask("/key/info", { key, headers });
		expect(own.body.key).toBe(token);
		expect((await ask(`/key/info?key=${key}`, { key })).status).toBe(200);
		const others = [
			other.token,
			other.key,
			"another%20tenant's",
			"litellm_proxy_master_key",
			"%25",
			"*",
			"",
			"0".repeat(64),
		];
		for (const one of others) {
			const { status, text } = await ask(`/key/info?key=${one}`, { key });
			// An empty name is none: that is its own.
			expect([one, status]).toEqual([one, one === "" ? 200 : 403]);
			expect(text).not.toContain("another tenant's");
			expect(text).not.toContain(other.token);
		}
		const twice = `/key/info?key=${token}&key=${other.token}`;
		expect((await ask(twice, { key })).text).not.toContain(other.token);
	});

	test("sees neither another's team nor another user, by whatever name", async () => {
		const { key } = keyOf(role);
		const paths = [
			"/team/info?team_id=foreign",
			"/user/info?user_id=other",
			"/user/info?user_id=other&user_id=default_user_id",
			"/team/info?team_id=foreign&team_id=litellm_proxy_master_key",
		];
		for (const path of paths) {
			const asked = await ask(path, { key, method: "GET", headers });
			expect([path, asked.status]).toEqual([path, 403]);
			expect(asked.text).not.toContain("their own");
		}
	});

	test("is told nothing by the health routes that a stranger is not", async () => {
		const { key } = keyOf(role);
		for (const path of ["/health", "/health/readiness", "/routes"]) {
			const { body } = await ask(path, { key, headers });
			expect(Object.keys(body)).toEqual(["status"]);
		}
	});

	test("stays out of what others made upstream, and of Anthropic's administration", async () => {
		const { key } = keyOf(role);
		const closed = [
			"/v1/organizations/me",
			"/anthropic/v1/organizations/api_keys",
			"/v1/compliance/activities",
			"/v1/tunnels",
			"/v1/vaults",
		];
		rig.simulator.record.clear();
		for (const path of closed) {
			for (const method of ["GET", "POST", "DELETE"]) {
				const { status } = await ask(path, { key, method, headers });
				expect([path, status]).toEqual([path, 403]);
			}
		}
		expect(rig.simulator.record.all()).toEqual([]);
	});
});

test("nobody manages without a key, or with two at once", async () => {
	const { key } = keyOf("a plain key");
	for (const route of ofOperator) {
		const { path, method, body } = toCall(route, fields);
		const without = await ask(path, { method, body, headers });
		expect(without.status).toBe(401);
		// The one that counts is the first of the table, whatever stands in the others.
		const both = { "x-litellm-api-key": key, "x-api-key": masterKey };
		const two = await ask(path, { method, body, headers: both });
		expect(two.status).toBe(403);
	}
});

test("the tables of routes are those that the gateway answers", async () => {
	const { body } = await ask("/routes", { key: masterKey });
	const answered = new Set(
		body.routes.map((one: { path: string }) => one.path),
	);
	for (const { path } of routes) expect(answered).toContain(path);
	const managed =
		/^\/(?:key|spend|global|user|team|budget|tag|customer|end_user)\//;
	const known = new Set(routes.map(({ path }) => path));
	for (const path of answered as Set<string>) {
		if (managed.test(path)) expect(known).toContain(path);
	}
});

/** Who may come here, and that somebody wrote it down. */
test("every route says who may call it", () => {
	expect(routes.map((route) => route.for).sort()).toEqual(
		expect.arrayContaining(["operator", "holder"]),
	);
	const ofHolder = routes.filter((route) => route.for === "holder");
	expect(ofHolder.map(({ path }) => path).sort()).toEqual([
		"/key/health",
		"/key/info",
		"/spend/logs",
		"/spend/logs/session/ui",
		"/spend/logs/ui",
		"/spend/logs/ui/:request_id",
		"/spend/logs/v2",
		"/spend/sessions/:session_id",
		"/team/daily/activity",
		"/team/info",
		"/user/daily/activity",
		"/user/info",
	]);
});
