/** Virtual keys as their callers and their operator see them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { upstreamKey } from "../rig.ts";

const masterKey = "sk-1234";
let rig: LedgerRig;

beforeAll(async () => {
	// As the page has it: both exported, the one empty.
	rig = await openLedgerRig({
		env: { DATABASE_URL: "", LITELLM_MASTER_KEY: masterKey },
	});
});
afterAll(() => rig.stop());

const send = async (
	path: string,
	body: unknown,
	headers: Record<string, string> = {},
) => {
	const reply = await fetch(rig.url + path, {
		method: "POST",
		headers: { "content-type": "application/json", ...headers },
		body: JSON.stringify(body),
	});
	const text = await reply.text();
	const isJson = reply.headers.get("content-type")?.includes("json");
	return {
		status: reply.status,
		headers: reply.headers,
		// biome-ignore lint/suspicious/noExplicitAny: each test looks at what it wants
		body: (isJson ? JSON.parse(text) : text) as any,
	};
};

const manage = (path: string, body: unknown) =>
	send(path, body, { authorization: `Bearer ${masterKey}` });

const make = async (fields: object = {}) => {
	const { status, body } = await manage("/key/generate", fields);
	expect(status).toBe(200);
	return body;
};

const get = async (path: string, key = masterKey) => {
	const reply = await fetch(rig.url + path, {
		headers: { authorization: `Bearer ${key}` },
	});
	return { status: reply.status, body: await reply.json() };
};

const message = {
	model: "claude-sonnet-5-5",
	max_tokens: 40,
	messages: [{ role: "user", content: "Hello, world" }],
};

const call = (
	key: string,
	part: object = {},
	path = "/anthropic/v1/messages",
) => send(path, { ...message, ...part }, { authorization: `Bearer ${key}` });

describe("the page's flow", () => {
	test("a key is generated, works in both headers, plain and streaming, and its spend is its own", async () => {
		const made = await make();
		expect(made.key).toMatch(/^sk-[\w-]{43}$/);
		expect(made.token).toMatch(/^[0-9a-f]{64}$/);
		expect(made).toMatchObject({
			key_name: `sk-...${made.key.slice(-4)}`,
			token_id: made.token,
			expires: null,
			models: [],
			spend: 0,
			metadata: {},
			aliases: {},
			config: {},
			permissions: {},
			model_max_budget: {},
			allowed_cache_controls: [],
			max_budget: null,
			user_id: null,
			litellm_budget_table: null,
		});
		const path = "/anthropic/v1/messages";
		for (const header of ["authorization", "x-api-key"]) {
			const value = header === "x-api-key" ? made.key : `bearer ${made.key}`;
			for (const stream of [false, true]) {
				const { status, headers } = await send(
					path,
					{ ...message, stream },
					{ [header]: value },
				);
				expect(status).toBe(200);
				const entry = await rig.entryOf(headers.get("x-litellm-call-id"));
				expect(entry).toMatchObject({ keyId: made.token, payer: "operator" });
			}
		}
		const { info, key } = (await get(`/key/info?key=${made.key}`)).body;
		expect(key).toBe(made.key);
		expect(info.spend).toBeGreaterThan(0);
		expect(info).not.toHaveProperty("token");
		const own = (await get("/key/info", made.key)).body;
		expect(own).toEqual({ key: made.token, info });
	});

	test("upstream sees the operator's key, and no other", async () => {
		const { key } = await make();
		await call(key);
		const sent = JSON.stringify(rig.simulator.record.all().at(-1)?.received);
		expect(sent).toContain(upstreamKey);
		expect(sent).not.toContain(key);
	});
});

describe("what is refused", () => {
	test("unknown, malformed, blocked and expired keys, each in one sentence", async () => {
		const blocked = await make({ blocked: true });
		const expired = await make({ duration: "1s" });
		const rows: [string, number, string][] = [
			["sk-unknown-key-0123456789", 401, "is not known to Tollway"],
			["anything", 401, "is not known to Tollway"],
			[blocked.key, 401, "is blocked"],
		];
		for (const [key, status, sentence] of rows) {
			const answer = await call(key);
			expect(answer.status).toBe(status);
			expect(answer.body.error.message).toContain(sentence);
			expect(answer.body.error.type).toBe("authentication_error");
			expect(answer.body.error.message).not.toContain(key);
			expect(answer.headers.get("x-should-retry")).toBe("false");
		}
		await Bun.sleep(Date.parse(expired.expires) - Date.now() + 5);
		const answer = await call(expired.key);
		expect(answer.status).toBe(401);
		expect(answer.body.error.message).toContain(
			`expired at ${expired.expires}`,
		);
	});

	test("a model that is not on the list, wherever the body names it", async () => {
		const { key } = await make({ models: ["claude-haiku-*"] });
		expect((await call(key, { model: "claude-haiku-4-5" })).status).toBe(200);
		const refused = [
			{},
			{ model: "claude-haiku-4-5", fallbacks: "default" },
			{ model: "claude-haiku-4-5", fallbacks: [{ model: "claude-opus-5" }] },
		];
		for (const part of refused) {
			const { status, body, headers } = await call(key, part);
			expect(status).toBe(403);
			expect(body.error.type).toBe("permission_error");
			const entry = await rig.entryOf(headers.get("x-litellm-call-id"));
			expect(entry).toMatchObject({
				end: "refused:model_not_allowed",
				status: 403,
				cost: 0n,
			});
		}
	});

	test("what others can see, unless the key names it", async () => {
		const { key } = await make();
		const named = await make({ allowed_routes: ["/v1/files", "/v1/messages"] });
		for (const path of ["/v1/sessions", "/v1/agents"]) {
			const { status, body } = await get(path, key);
			expect(status).toBe(403);
			expect(body.error.message).toContain("allowed_routes");
		}
		expect((await get("/v1/files", key)).status).toBe(200);
		expect((await get("/v1/messages/batches", named.key)).status).toBe(200);
		expect((await get("/v1/files", named.key)).status).toBe(200);
		expect((await call(named.key)).status).toBe(200);
		expect((await get("/v1/models", named.key)).status).toBe(403);
		expect((await get("/v1/organizations/me", key)).status).toBe(403);
	});

	test("what nobody can price, to a key with a budget", async () => {
		const routes = { allowed_routes: ["/v1/messages", "/v1/messages/*"] };
		const budget = await make({ max_budget: 5 });
		const batches = await make({ max_budget: 5, ...routes });
		const named = await make({
			max_budget: 5,
			allowed_routes: ["/v1/complete"],
		});
		const post = (key: string, path: string) =>
			send(path, message, { authorization: `Bearer ${key}` });
		const refused: [string, string, string][] = [
			[budget.key, "/v1/complete", "cannot tell what /v1/complete costs"],
			[budget.key, "/v1/new-thing", "cannot tell what"],
		];
		for (const [key, path, sentence] of refused) {
			const answer = await post(key, path);
			expect(answer.status).toBe(403);
			expect(answer.body.error.message).toContain(sentence);
		}
		expect((await get("/v1/new-thing", budget.key)).status).toBe(404);
		expect((await post(named.key, "/v1/complete")).status).not.toBe(403);
		expect((await get("/v1/messages/batches", batches.key)).status).toBe(200);
		// Upstream judges it: it is no batch.
		expect((await post(batches.key, "/v1/messages/batches")).status).toBe(400);
	});

	test("what everybody has spent, to the holder of a key", async () => {
		const { key } = await make();
		const { headers } = await call(key);
		expect(headers.has("x-litellm-response-cost")).toBe(true);
		expect(headers.has("x-litellm-key-spend")).toBe(false);
	});

	test("management, to every key but the master key", async () => {
		const { key, token } = await make();
		for (const path of ["/key/list", `/key/info?key=${"0".repeat(64)}`]) {
			expect([401, 403]).toContain((await get(path, key)).status);
		}
		for (const path of ["/key/generate", "/key/delete", "/key/block"]) {
			const answer = await send(
				path,
				{ key, keys: [key] },
				{ authorization: `Bearer ${key}` },
			);
			expect(answer.status).toBe(403);
			expect(answer.body.error).toMatchObject({
				type: "auth_error",
				code: "403",
				message: expect.stringContaining("operator"),
			});
		}
		expect((await get(`/key/info?key=${token}`, key)).status).toBe(200);
	});
});

describe("managing", () => {
	test("a block and a deletion act on the next call", async () => {
		const { key, token } = await make({ key_alias: "to go" });
		expect((await call(key)).status).toBe(200);
		expect((await manage("/key/block", { key })).body).toMatchObject({
			token,
			blocked: true,
		});
		expect((await call(key)).status).toBe(401);
		await manage("/key/unblock", { key: token });
		expect((await call(key)).status).toBe(200);
		const gone = await manage("/key/delete", {
			key_aliases: ["to go", "none"],
		});
		expect(gone.body).toEqual({ deleted_keys: ["to go"] });
		expect((await call(key)).status).toBe(401);
		expect((await manage("/key/delete", { keys: [key] })).status).toBe(404);
		expect((await get(`/key/info?key=${key}`)).status).toBe(404);
	});

	test("a new value takes the place of the old one, which may live on for a while", async () => {
		const first = await make({ tags: ["team-a"], metadata: { owner: "x" } });
		await call(first.key);
		const second = (
			await manage(`/key/${first.token}/regenerate`, { grace_period: "1s" })
		).body;
		expect(second.token).toBe(first.token);
		expect(second.metadata).toEqual({ owner: "x", tags: ["team-a"] });
		expect(second.spend).toBeGreaterThan(0);
		expect((await call(first.key)).status).toBe(200);
		const { headers } = await call(second.key, {
			litellm_metadata: { tags: ["job"] },
		});
		const entry = await rig.entryOf(headers.get("x-litellm-call-id"));
		expect(entry.tags).toEqual(["team-a", "job"]);
		const third = (await manage("/key/regenerate", { key: second.key })).body;
		expect((await call(second.key)).status).toBe(401);
		expect((await call(first.key)).status).toBe(401);
		expect((await call(third.key)).status).toBe(200);
	});

	test("whole objects with their defaults are welcome; what has no effect is named", async () => {
		const whole = await make({
			key_alias: null,
			models: [],
			max_budget: null,
			aliases: {},
			config: {},
			permissions: {},
			tpm_limit: null,
			guardrails: [],
			key_type: "default",
			send_invite_email: false,
			budget_duration: "",
		});
		expect(whole.key_alias).toBeNull();
		const rows: [object, string][] = [
			[{ max_budget: -1 }, "max_budget"],
			[{ max_budget: 1e12 }, "max_budget"],
			[{ max_budget: "5" }, "max_budget"],
			[{ rpm_limit: 1.5 }, "rpm_limit"],
			[{ tpm_limit: -1 }, "tpm_limit"],
			[{ budget_duration: "1y" }, "budget_duration"],
			[{ budget_limits: [{ max_budget: 1 }] }, "budget_limits"],
			[{ soft_budget: -5 }, "soft_budget"],
			[{ budget_id: "none-such" }, "budget_id"],
			[{ temp_budget_increase: 5 }, "temp_budget_expiry"],
			[{ aliases: { fast: 1 } }, "aliases"],
			[{ guardrails: ["x"] }, "guardrails"],
			[{ no_such: 1 }, "no_such"],
			[{ duration: "soon" }, "duration"],
			[{ duration: -1 }, "duration"],
			[{ models: "claude" }, "models"],
			[{ key: "sk-short" }, "20 characters"],
			[{ key: "sk-ant-api03-0123456789abcdef" }, "sk-ant-"],
			[{ key: "pk-0123456789abcdef0123" }, "sk-"],
			[{ key_type: "root" }, "key_type"],
			[[1] as never, "object"],
		];
		for (const [body, named] of rows) {
			const answer = await manage("/key/generate", body);
			expect(answer.status).toBe(400);
			expect(answer.body.error.message).toContain(named);
		}
	});

	test("own values and aliases are one key's", async () => {
		const key = "sk-my-own-value-0123456789";
		expect((await make({ key, key_alias: "mine" })).key).toBe(key);
		expect((await call(key)).status).toBe(200);
		expect((await manage("/key/generate", { key })).status).toBe(400);
		const taken = await manage("/key/generate", { key_alias: "mine" });
		expect(taken.status).toBe(400);
		expect(taken.body.error.message).toContain("key_alias");
		const other = await make();
		const renamed = { key: other.key, key_alias: "mine" };
		expect((await manage("/key/update", renamed)).status).toBe(400);
	});

	test("an update changes what it names", async () => {
		const { key } = await make({ models: ["a"], duration: "1h", user_id: "u" });
		const { body } = await manage("/key/update", {
			key,
			models: ["b"],
			duration: "-1",
			team_id: "t",
		});
		expect(body).toMatchObject({
			key,
			models: ["b"],
			expires: null,
			user_id: "u",
			team_id: "t",
		});
	});

	test("the list is paged, sorted and filtered", async () => {
		for (let at = 0; at < 12; at++) {
			await make({ user_id: "lister", key_alias: `list-${at}` });
		}
		const path = "/key/list?user_id=lister&size=5";
		const first = (await get(path)).body;
		expect(first).toMatchObject({
			total_count: 12,
			current_page: 1,
			total_pages: 3,
		});
		const last = (await get(`${path}&page=3&return_full_object=true`)).body;
		expect(last.keys).toHaveLength(2);
		expect(last.keys[1]).toMatchObject({ key_alias: "list-0", spend: 0 });
		expect((await get("/key/list?size=0")).status).toBe(400);
	});

	test("keys outlive the process, and stand nowhere but in hashes", async () => {
		const { key } = await make({ key_alias: "canary" });
		const rows = JSON.stringify(await rig.read("SELECT * FROM @objects"));
		expect(rows).toContain("canary");
		expect(rows).not.toContain(key.slice(3));
		const lines = JSON.stringify(rig.gateway.lines);
		expect(lines).not.toContain(key.slice(3));
	});
});
