import { describe, expect, test } from "bun:test";
import { configOf, load, master, realKey, token } from "./loading.ts";

describe("upstream URLs", () => {
	const rows: [string, string][] = [
		["https://api.anthropic.com/", "https://api.anthropic.com"],
		["https://api.anthropic.com/v1", "https://api.anthropic.com"],
		["https://API.anthropic.com/v1/messages/", "https://api.anthropic.com"],
		["http://gw.internal:8080/anthropic/", "http://gw.internal:8080/anthropic"],
		[
			"http://gw.internal:8080/anthropic/v1",
			"http://gw.internal:8080/anthropic",
		],
	];
	test.each(rows)("%s", (text, url) => {
		expect(configOf({ TOLLWAY_UPSTREAM_URL: text }).upstream.url).toBe(url);
	});
	test.each([
		"api.anthropic.com",
		"ftp://x",
		"http://",
		"https://u:secretpw@gw.example",
		"https://gw.example/?key=secretpw",
		"https://gw.example/#x",
		"http://api.anthropic.com",
	])("%s is refused", (text) => {
		const { problems, config } = load({ TOLLWAY_UPSTREAM_URL: text });
		expect(config).toBeNull();
		expect(problems).toHaveLength(1);
		expect(problems[0]).toStartWith("TOLLWAY_UPSTREAM_URL is ");
		expect(problems[0]).not.toContain("secretpw");
	});
});

describe("the upstream credential", () => {
	const gateway = { TOLLWAY_UPSTREAM_URL: "https://gw.example" };
	const rows: [Record<string, string>, string | null, string | null][] = [
		[{ ANTHROPIC_API_KEY: realKey }, "x-api-key", realKey],
		[{ TOLLWAY_UPSTREAM_KEY: token }, "authorization", `Bearer ${token}`],
		[{ ANTHROPIC_AUTH_TOKEN: realKey }, "authorization", `Bearer ${realKey}`],
		[
			{ ANTHROPIC_AUTH_TOKEN: token, ANTHROPIC_API_KEY: realKey },
			"x-api-key",
			realKey,
		],
		[{ ANTHROPIC_API_KEY: "sk-virtual" }, null, null],
		[
			{ ANTHROPIC_API_KEY: "sk-virtual", ...gateway },
			"x-api-key",
			"sk-virtual",
		],
		[
			{ ANTHROPIC_API_KEY: "sk-virtual", ANTHROPIC_AUTH_TOKEN: token },
			"authorization",
			`Bearer ${token}`,
		],
		[
			{ TOLLWAY_UPSTREAM_KEY: "anything", ANTHROPIC_API_KEY: realKey },
			"x-api-key",
			realKey,
		],
		[
			{ ANTHROPIC_AUTH_TOKEN: master, LITELLM_MASTER_KEY: master, ...gateway },
			null,
			null,
		],
		[
			{
				ANTHROPIC_API_KEY: "x",
				TOLLWAY_UPSTREAM_URL: "https://eu.anthropic.com.",
			},
			null,
			null,
		],
	];
	test.each(rows)("%j goes as %s", (env, header, value) => {
		const { credential } = configOf(env).upstream;
		expect(credential?.header ?? null).toBe(header as never);
		expect(credential?.value ?? null).toBe(value as never);
	});

	test("says where it came from and never shows it whole", () => {
		const { credential } = configOf({ ANTHROPIC_API_KEY: realKey }).upstream;
		expect(credential?.from).toBe("ANTHROPIC_API_KEY");
		expect(credential?.masked).toBe("sk-ant-…Wxyz");
	});

	test("a key that is not Anthropic's is left out aloud, without naming it", () => {
		const { warnings } = load({ ANTHROPIC_API_KEY: "sk-virtual-0123456789" });
		expect(warnings).toEqual([
			"ANTHROPIC_API_KEY does not hold an Anthropic key (sk-ant-…) and is never sent to api.anthropic.com; it is ignored here.",
		]);
	});
});

describe("a URL that is ourselves", () => {
	test.each([
		[{ ANTHROPIC_BASE_URL: "http://localhost:4000/anthropic" }],
		[{ ANTHROPIC_BASE_URL: "http://0.0.0.0:4000" }],
		[{ ANTHROPIC_API_BASE: "http://[::1]:4000/v1" }],
		[{ ANTHROPIC_BASE_URL: "http://127.1.2.3:4001", PORT: "4001" }],
		[
			{
				ANTHROPIC_BASE_URL: "https://gw.example/anthropic",
				PROXY_BASE_URL: "https://gw.example",
			},
		],
		[
			{
				ANTHROPIC_BASE_URL: "http://gw.local:4000",
				TOLLWAY_ALLOWED_HOSTS: "gw.local",
			},
		],
	])("%j is ignored with a warning", (env) => {
		const { config, warnings } = load(env);
		expect(config?.upstream.url).toBe("https://api.anthropic.com");
		expect(warnings).toHaveLength(1);
		expect(warnings[0]).toContain("which is this gateway itself");
	});

	test("under our own name it is a mistake", () => {
		const { problems } = load({
			TOLLWAY_UPSTREAM_URL: "http://localhost:4000",
		});
		expect(problems).toHaveLength(1);
		expect(problems[0]).toContain("which is this gateway itself");
	});

	test("another port is another gateway", () => {
		const { config, warnings } = load({
			ANTHROPIC_BASE_URL: "http://localhost:4001",
		});
		expect(config?.upstream.url).toBe("http://localhost:4001");
		expect(warnings).toEqual([]);
	});

	test("the client's side of a shared shell is silent once ours is set", () => {
		const { warnings, config } = load({
			TOLLWAY_UPSTREAM_URL: "https://api.anthropic.com",
			TOLLWAY_UPSTREAM_KEY: realKey,
			ANTHROPIC_BASE_URL: "http://localhost:4000",
			ANTHROPIC_API_KEY: "sk-virtual",
		});
		expect(warnings).toEqual([]);
		expect(config?.upstream.credential?.value).toBe(realKey);
	});
});
