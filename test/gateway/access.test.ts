import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openRig, type Rig, type RigOptions, upstreamKey } from "../rig.ts";

const masterKey = "sk-master-canary-0123456789";
const ownKey = "sk-ant-api03-own-key-of-the-client";
const ownToken = "sk-ant-oat01-own-token-of-the-client";

/** The ways to run a gateway that decide who may call and whose credential pays. */
const modes = {
	open: {},
	"open, no credential": { ANTHROPIC_API_KEY: "" },
	master: { TOLLWAY_MASTER_KEY: masterKey },
	"master, no credential": {
		LITELLM_MASTER_KEY: masterKey,
		ANTHROPIC_API_KEY: "",
	},
	"master, admin API on": {
		TOLLWAY_MASTER_KEY: masterKey,
		TOLLWAY_ADMIN_API: "on",
	},
	"OAuth token": {
		ANTHROPIC_API_KEY: "",
		ANTHROPIC_AUTH_TOKEN: "sk-ant-oat01-of-the-operator",
	},
} satisfies Record<string, NonNullable<RigOptions["env"]>>;

type Mode = keyof typeof modes;

const rigs = new Map<Mode, Rig>();
beforeAll(async () => {
	for (const [mode, env] of Object.entries(modes)) {
		rigs.set(mode as Mode, await openRig({ env }));
	}
	// Six processes, beside whatever else the machine does.
}, 60_000);
afterAll(async () => {
	for (const rig of rigs.values()) await rig.stop();
});

interface Scenario {
	readonly mode: Mode;
	readonly name: string;
	readonly headers: Record<string, string>;
	readonly status: number;
	/** What upstream got, as `header: value`; undefined = nothing reached it. */
	readonly credential?: string;
	/** Part of the refusal's sentence. */
	readonly says?: string;
	readonly path?: string;
	readonly method?: string;
}

const ours = `x-api-key: ${upstreamKey}`;

const scenarios: readonly Scenario[] = [
	{ mode: "open", name: "nothing", headers: {}, status: 200, credential: ours },
	{
		mode: "open",
		name: "bearer anything",
		headers: { authorization: "bearer sk-anything" },
		status: 200,
		credential: ours,
	},
	{
		mode: "open",
		name: "an empty key",
		headers: { "x-api-key": "" },
		status: 200,
		credential: ours,
	},
	{
		mode: "open",
		name: "the client's own key",
		headers: { "x-api-key": ownKey },
		status: 200,
		credential: `x-api-key: ${ownKey}`,
	},
	{
		mode: "open",
		name: "the client's own token",
		headers: { authorization: `Bearer ${ownToken}` },
		status: 200,
		credential: `authorization: Bearer ${ownToken}`,
	},
	{
		mode: "open",
		name: "the Admin API stays closed",
		headers: {},
		method: "GET",
		path: "/anthropic/v1/organizations/me",
		status: 403,
		says: "administration",
	},
	{
		mode: "open",
		name: "vaults stay closed",
		headers: { "x-api-key": ownKey },
		method: "GET",
		path: "/v1/vaults",
		status: 403,
	},
	{
		mode: "open",
		name: "tunnels, misspelt, stay closed",
		headers: {},
		method: "GET",
		path: "/anthropic/tunnels",
		status: 403,
	},
	{
		mode: "open, no credential",
		name: "nobody pays",
		headers: { authorization: "Bearer sk-anything" },
		status: 401,
		says: "ANTHROPIC_API_KEY",
	},
	{
		mode: "open, no credential",
		name: "the client pays",
		headers: { authorization: `Bearer ${ownKey}` },
		status: 200,
		credential: `authorization: Bearer ${ownKey}`,
	},
	{
		mode: "master",
		name: "no key",
		headers: {},
		status: 401,
		says: "No gateway key",
	},
	{
		mode: "master",
		name: "an empty key",
		headers: { "x-api-key": "" },
		status: 401,
	},
	{
		mode: "master",
		name: "a wrong key",
		headers: { authorization: "Bearer sk-wrong" },
		status: 401,
		says: "authorization",
	},
	{
		mode: "master",
		name: "an Anthropic key instead",
		headers: { "x-api-key": ownKey },
		status: 401,
		says: "sk-ant-",
	},
	{
		mode: "master",
		name: "Bearer",
		headers: { authorization: `Bearer ${masterKey}` },
		status: 200,
		credential: ours,
	},
	{
		mode: "master",
		name: "bEaReR",
		headers: { authorization: `bEaReR ${masterKey}` },
		status: 200,
		credential: ours,
	},
	{
		mode: "master",
		name: "x-api-key",
		headers: { "x-api-key": masterKey },
		status: 200,
		credential: ours,
	},
	{
		mode: "master",
		name: "x-litellm-api-key",
		headers: { "x-litellm-api-key": masterKey },
		status: 200,
		credential: ours,
	},
	{
		mode: "master",
		name: "x-litellm-api-key with Bearer",
		headers: { "x-litellm-api-key": `Bearer ${masterKey}` },
		status: 200,
		credential: ours,
	},
	{
		mode: "master",
		name: "both headers, equal",
		headers: { authorization: `Bearer ${masterKey}`, "x-api-key": masterKey },
		status: 200,
		credential: ours,
	},
	{
		mode: "master",
		name: "both headers: Authorization counts",
		headers: { authorization: `Bearer ${masterKey}`, "x-api-key": "sk-other" },
		status: 200,
		credential: ours,
	},
	{
		mode: "master",
		name: "both headers: a wrong Authorization counts",
		headers: { authorization: "Bearer sk-other", "x-api-key": masterKey },
		status: 401,
	},
	{
		mode: "master",
		name: "subscription in Authorization, gateway key in x-api-key",
		headers: { authorization: `Bearer ${ownToken}`, "x-api-key": masterKey },
		status: 200,
		credential: ours,
	},
	{
		mode: "master",
		name: "the Admin API without its switch",
		headers: { "x-api-key": masterKey },
		method: "GET",
		path: "/v1/organizations/me",
		status: 403,
		says: "TOLLWAY_ADMIN_API",
	},
	{
		mode: "master",
		name: "token exchange goes without our credential",
		headers: { "x-litellm-api-key": masterKey },
		path: "/v1/oauth/token",
		status: 404,
		credential: "",
	},
	{
		mode: "master, no credential",
		name: "nobody pays",
		headers: { "x-api-key": masterKey },
		status: 401,
		says: "ANTHROPIC_API_KEY",
	},
	{
		mode: "master, no credential",
		name: "subscription in Authorization, gateway key in x-litellm-api-key",
		headers: {
			authorization: `Bearer ${ownToken}`,
			"x-litellm-api-key": masterKey,
		},
		status: 200,
		credential: `authorization: Bearer ${ownToken}`,
	},
	{
		mode: "master, no credential",
		name: "own key in x-api-key, gateway key in Authorization",
		headers: { authorization: `Bearer ${masterKey}`, "x-api-key": ownKey },
		status: 200,
		credential: `x-api-key: ${ownKey}`,
	},
	{
		mode: "master, admin API on",
		name: "the Admin API",
		headers: { "x-api-key": masterKey },
		method: "GET",
		path: "/v1/organizations/me",
		status: 200,
		credential: ours,
	},
	{
		mode: "OAuth token",
		name: "travels as Bearer with its beta name",
		headers: { "anthropic-beta": "a-2026-01-01" },
		status: 200,
		credential: "authorization: Bearer sk-ant-oat01-of-the-operator",
	},
];

const body =
	'{"model":"claude-sonnet-5-5","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}';

const credentialNames = [
	"authorization",
	"x-api-key",
	"x-litellm-api-key",
	"api-key",
];

for (const mode of Object.keys(modes) as Mode[]) {
	describe(mode, () => {
		for (const scenario of scenarios.filter((one) => one.mode === mode)) {
			test(scenario.name, () => run(scenario));
		}
	});
}

async function run(scenario: Scenario): Promise<void> {
	const rig = rigs.get(scenario.mode) as Rig;
	rig.simulator.record.clear();
	const method = scenario.method ?? "POST";
	const reply = await fetch(
		rig.url + (scenario.path ?? "/anthropic/v1/messages"),
		{
			method,
			headers: {
				"content-type": "application/json",
				"anthropic-version": "2023-06-01",
				...scenario.headers,
			},
			body: method === "POST" ? body : undefined,
		},
	);
	const text = await reply.text();
	expect(reply.status).toBe(scenario.status);
	if (scenario.says) expect(text).toContain(scenario.says);
	for (const secret of [masterKey, upstreamKey]) {
		expect(text + JSON.stringify([...reply.headers])).not.toContain(secret);
	}
	const exchanges = rig.simulator.record.all();
	if (scenario.credential === undefined) {
		expect(exchanges).toEqual([]);
		expect(reply.headers.get("x-should-retry")).toBe("false");
		return;
	}
	const raw = exchanges[0]?.received.rawHeaders ?? [];
	const got = raw.flatMap((name, i) =>
		i % 2 === 0 && credentialNames.includes(name.toLowerCase())
			? [`${name.toLowerCase()}: ${raw[i + 1]}`]
			: [],
	);
	expect(got).toEqual(scenario.credential === "" ? [] : [scenario.credential]);
	expect(raw.join("\n")).not.toContain(masterKey);
}

test("the operator's OAuth token brings the beta name it needs, beside the client's", () => {
	const raw =
		rigs.get("OAuth token")?.simulator.record.all()[0]?.received.rawHeaders ??
		[];
	const at = raw.findIndex((name) => name.toLowerCase() === "anthropic-beta");
	expect(raw[at + 1]).toBe("a-2026-01-01,oauth-2025-04-20");
});

describe("health", () => {
	for (const path of ["/health", "/health/readiness", "/routes"]) {
		test(`${path} tells a stranger only ok or not`, async () => {
			const rig = rigs.get("master") as Rig;
			const stranger = (await (await fetch(rig.url + path)).json()) as object;
			expect(Object.keys(stranger)).toEqual(["status"]);
			const known = (await (
				await fetch(rig.url + path, {
					headers: { authorization: `Bearer ${masterKey}` },
				})
			).json()) as object;
			expect(Object.keys(known).length).toBeGreaterThan(0);
			expect(Object.keys(known)).not.toEqual(["status"]);
		});
	}
	for (const path of [
		"/healthz",
		"/readyz",
		"/health/liveness",
		"/health/liveliness",
		"/api/hello",
	]) {
		test(`${path} needs no key`, async () => {
			const rig = rigs.get("master") as Rig;
			expect((await fetch(rig.url + path)).status).toBe(200);
			expect((await fetch(rig.url + path, { method: "HEAD" })).status).toBe(
				200,
			);
		});
	}
	test("HEAD /anthropic/api/hello is ours", async () => {
		const rig = rigs.get("master") as Rig;
		rig.simulator.record.clear();
		expect(
			(await fetch(`${rig.url}/anthropic/api/hello`, { method: "HEAD" }))
				.status,
		).toBe(200);
		expect(rig.simulator.record.all()).toEqual([]);
	});
	test("an unknown route names the right base URL in LiteLLM's envelope", async () => {
		const rig = rigs.get("master") as Rig;
		const reply = await fetch(`${rig.url}/messages`, { method: "POST", body });
		expect(reply.status).toBe(404);
		const { error } = (await reply.json()) as {
			error: { message: string; code: string };
		};
		expect(error.message).toContain("/anthropic");
		expect(error.code).toBe("404");
	});
});
