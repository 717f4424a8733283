/** The API's description as it is served, and whether the gateway does as it says. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { OpenApi, Operation } from "../../src/admin/openapi-document.ts";
import { type LedgerRig, openLedgerRig } from "../ledger-rig.ts";
import { startGateway, upstreamKey } from "../rig.ts";

const masterKey = "sk-1234";
const root = "/gateway";
let rig: LedgerRig;
let document: OpenApi;

beforeAll(async () => {
	rig = await openLedgerRig({
		env: { LITELLM_MASTER_KEY: masterKey, SERVER_ROOT_PATH: root },
	});
	document = await (await fetch(`${rig.url}${root}/openapi.json`)).json();
});
afterAll(() => rig.stop());

const ask = async (
	path: string,
	init: RequestInit & { key?: string | undefined } = {},
) => {
	const { key = masterKey, ...rest } = init;
	const reply = await fetch(rig.url + root + path, {
		redirect: "manual",
		...rest,
		headers: { authorization: `Bearer ${key}` },
	});
	const text = await reply.text();
	const isJson = reply.headers.get("content-type")?.includes("json");
	return {
		status: reply.status,
		headers: reply.headers,
		text,
		// biome-ignore lint/suspicious/noExplicitAny: each test looks at what it wants
		body: (isJson ? JSON.parse(text) : null) as any,
	};
};

const post = (path: string, body: unknown, key?: string) =>
	ask(path, { method: "POST", body: JSON.stringify(body), key });

describe("served", () => {
	test("to everybody, with or without a key, and the same", async () => {
		for (const path of ["/openapi.json", "/docs"]) {
			const [stranger, operator] = await Promise.all([
				fetch(rig.url + root + path),
				ask(path),
			]);
			expect(stranger.status).toBe(200);
			const text = await stranger.text();
			expect(operator.text).toBe(text);
			for (const secret of [masterKey, upstreamKey, rig.simulator.url]) {
				expect(text).not.toContain(secret);
			}
			expect(stranger.headers.get("x-content-type-options")).toBe("nosniff");
		}
	});

	test("as JSON and as a page that loads nothing", async () => {
		const json = await ask("/openapi.json");
		expect(json.headers.get("content-type")).toBe("application/json");
		const page = await ask("/docs");
		expect(page.headers.get("content-type")).toStartWith("text/html");
		expect(page.headers.get("content-security-policy")).toContain(
			"default-src 'none'",
		);
		expect(page.headers.get("x-frame-options")).toBe("DENY");
		expect((await ask("/docs", { method: "HEAD" })).status).toBe(200);
	});

	test("for the address at which it is reached", async () => {
		expect(document.servers).toEqual([{ url: root }]);
		const page = await ask("/docs");
		expect(page.text).toContain(
			`curl &#39;${rig.url}${root}/key/generate&#39;`,
		);
		const named = await fetch(`${rig.url}${root}/docs`, {
			headers: { host: "gateway.example:8443" },
		});
		expect(await named.text()).toContain(
			`curl &#39;http://gateway.example:8443${root}/key/generate&#39;`,
		);
		expect((await ask("/docs")).text).toBe(page.text);
		expect((await ask("/")).text).toContain(`${rig.url}${root}/docs`);
	});

	test("/redoc leads to it", async () => {
		const { status, headers } = await ask("/redoc");
		expect(status).toBe(302);
		const to = new URL(`${headers.get("location")}`, `${rig.url}${root}/redoc`);
		expect(String(to)).toBe(`${rig.url}${root}/docs`);
	});

	test.each([
		[{ NO_DOCS: "True" }, 404],
		[{ TOLLWAY_DOCS: "off" }, 404],
		[{ TOLLWAY_DOCS: "on", NO_DOCS: "True" }, 404],
		[{ NO_DOCS: "False" }, 200],
	])("with %j: %d", async (env, status) => {
		const gateway = await startGateway(env as Record<string, string>);
		for (const path of ["/docs", "/openapi.json", "/redoc"]) {
			expect((await fetch(gateway.url + path)).status).toBe(status);
		}
		const text = await (await fetch(gateway.url)).text();
		expect(text.includes("/docs")).toBe(status === 200);
		await gateway.stop("SIGKILL");
	});

	test("under the path of the public URL", async () => {
		const gateway = await startGateway({
			TOLLWAY_PUBLIC_URL: "https://llm.example/tollway",
			TOLLWAY_MASTER_KEY: masterKey,
		});
		const reply = await fetch(`${gateway.url}/openapi.json`, {
			headers: { host: "llm.example" },
		});
		expect(await reply.json()).toMatchObject({
			servers: [{ url: "/tollway" }],
		});
		await gateway.stop("SIGKILL");
	});
});

describe("the gateway does as it says", () => {
	test("its routes are those of the description", async () => {
		const { routes } = (await ask("/routes")).body;
		const served = new Set<string>();
		for (const { path, methods } of routes) {
			for (const method of methods) served.add(`${method} ${path}`);
		}
		// Its own pages, what clients try a connection with, and the relay, which takes any method.
		const others = [
			...["/", "/docs", "/openapi.json", "/redoc"],
			...["/api/hello", "/anthropic/api/hello"],
		].map((path) => `GET ${path}`);
		for (const mount of ["/anthropic", "/v1"]) {
			others.push(`ALL ${mount}`, `ALL ${mount}/*`);
		}
		const described = Object.entries(document.paths)
			.filter(([path]) => !path.endsWith("{endpoint}"))
			.flatMap(([path, item]) =>
				Object.keys(item).map(
					(method) =>
						`${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`,
				),
			);
		expect([...served].sort()).toEqual([...described, ...others].sort());
		// None twice.
		expect(routes.length).toBe(served.size);
	});

	test("its answers have the members of the examples", async () => {
		const made = (await post("/key/generate", {})).body;
		const calls: [string, string, object?][] = [
			["get", `/key/info?key=${made.key}`],
			["get", "/key/list?size=1"],
			["post", "/key/update", { key: made.key, max_budget: 1 }],
			["post", "/key/block", { key: made.key }],
			["post", "/key/unblock", { key: made.key }],
			["post", "/key/regenerate", { key: made.key }],
			["post", "/key/generate", { key_alias: "one of many" }],
			["post", "/key/delete", { key_aliases: ["one of many"] }],
			["post", "/key/health", {}],
			["get", "/global/spend"],
		];
		for (const [method, path, body] of calls) {
			const { pathname } = new URL(path, rig.url);
			const answer =
				method === "get" ? await ask(path) : await post(path, body);
			expect(answer.status).toBe(200);
			const example = toExample(document.paths[pathname]?.[method as "get"]);
			expect([path, toShape(answer.body)]).toEqual([path, toShape(example)]);
		}
	});

	test("its errors have the envelope and a status that are described", async () => {
		const ajv = new Ajv2020({ strict: false });
		const check = ajv.compile(document.components.schemas.Error ?? false);
		const anthropic = ajv.compile(
			document.components.schemas.AnthropicError ?? false,
		);
		const rows = [
			[await post("/key/generate", { max_budget: -1 }), 400],
			[await post("/key/generate", {}, "sk-unknown"), 401],
			[await ask("/key/info?key=none"), 404],
			[await post("/key/generate", "x".repeat(5_000_000)), 413],
		] as const;
		for (const [{ status, body, headers }, wanted] of rows) {
			expect(status).toBe(wanted);
			expect(check(body)).toBe(true);
			expect(document.components.responses).toHaveProperty(`Error${status}`);
			expect(headers.has("request-id")).toBe(true);
		}
		const relayed = await post("/v1/messages", {}, "sk-unknown");
		expect(relayed.status).toBe(401);
		expect(anthropic(relayed.body)).toBe(true);
	});

	test("every header that a reply of the relay gets is described", async () => {
		const { key } = (await post("/key/generate", { max_budget: 10 })).body;
		const said = Object.keys(
			(
				document.paths["/v1/{endpoint}"]?.post?.responses.default as object & {
					headers: object;
				}
			)?.headers,
		);
		for (const one of [key, masterKey]) {
			const { status, headers } = await post(
				"/v1/messages",
				{
					model: "claude-sonnet-5-5",
					max_tokens: 40,
					messages: [{ role: "user", content: "Hello" }],
				},
				one,
			);
			expect(status).toBe(200);
			const ours = [...headers.keys()].filter((name) =>
				name.startsWith("x-litellm-"),
			);
			expect(ours.length).toBeGreaterThan(5);
			for (const name of ours) expect(said).toContain(name);
		}
	});
});

const toExample = (operation: Operation | undefined): unknown => {
	const reply = operation?.responses[200];
	return reply && "content" in reply
		? reply.content?.["application/json"]?.example
		: undefined;
};

/** Names of members, at whatever depth; of a list its first one. */
function toShape(value: unknown): unknown {
	if (typeof value !== "object" || value === null) return "a value";
	if (Array.isArray(value)) return "a list";
	return Object.fromEntries(
		Object.entries(value)
			.sort(([a], [b]) => (a < b ? -1 : 1))
			.map(([name, member]) => [name, toShape(member)]),
	);
}
