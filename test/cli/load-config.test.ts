import { describe, expect, test } from "bun:test";
import type { Sources } from "../../src/cli/sources.ts";
import { noLimits } from "../../src/domain/limit-set.ts";
import { noNanos } from "../../src/domain/nanos.ts";
import { configOf, type Env, load } from "./loading.ts";

test("an empty environment is a working configuration", () => {
	const { config, problems, warnings } = load({});
	expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
	expect(config).toEqual({
		host: "127.0.0.1",
		port: 4000,
		tls: null,
		publicUrl: null,
		rootPath: "",
		gatewayUrl: null,
		callerKey: null,
		sessionId: null,
		docs: true,
		masterKey: null,
		insecureNoAuth: false,
		allowedHosts: [],
		corsOrigins: [],
		trustedProxies: [],
		adminApi: false,
		authBackoff: true,
		upstream: {
			url: "https://api.anthropic.com",
			credential: null,
			adminCredential: null,
		},
		dataDir: "/home/ada/.local/share/tollway",
		database: {
			kind: "sqlite",
			path: "/home/ada/.local/share/tollway/tollway.db",
		},
		prices: { path: null, factor: "1", unknownModel: "dearest" },
		durability: "always",
		unwrittenNanos: noNanos,
		holdMode: "usual",
		hashBodies: false,
		userHeader: null,
		batchPollMs: 5_000,
		retention: { days: null, bytes: null, everyMs: 3_600_000 },
		limiting: {
			global: noLimits,
			calendar: { timeZone: "UTC", resetMinute: 0 },
			endUserBudgetId: null,
		},
		modelAliases: {},
		rewriteResultsUrl: true,
		timeouts: {
			firstByteMs: 600_000,
			streamIdleMs: 900_000,
			clientStallMs: 600_000,
			slowBodyMs: 60_000,
			drainMs: 60_000,
		},
		limits: {
			messagesBytes: 32 * 2 ** 20,
			batchesBytes: 256 * 2 ** 20,
			filesBytes: 500 * 2 ** 20,
			otherBytes: 64 * 2 ** 20,
			inFlightBytes: 256 * 2 ** 20,
		},
		log: { level: "info", format: "auto", color: "auto" },
	});
});

test("the configuration is frozen to the bottom", () => {
	const config = configOf({ TOLLWAY_ALLOWED_HOSTS: "a.example" });
	expect(Object.isFrozen(config)).toBe(true);
	expect(Object.isFrozen(config.timeouts)).toBe(true);
	expect(Object.isFrozen(config.allowedHosts)).toBe(true);
});

describe("good values", () => {
	const rows: [Record<string, string>, object][] = [
		[{ TOLLWAY_HOST: "localhost" }, { host: "localhost" }],
		[{ HOST: "127.0.0.2" }, { host: "127.0.0.2" }],
		[{ HOST: "[::1]" }, { host: "::1" }],
		[{ TOLLWAY_HOST: "::1", HOST: "::1" }, { host: "::1" }],
		[{ PORT: " 4001 " }, { port: 4001 }],
		[{ PORT: "0" }, { port: 0 }],
		[{ SERVER_ROOT_PATH: "/gw/" }, { rootPath: "/gw" }],
		[{ SERVER_ROOT_PATH: "gw/a" }, { rootPath: "/gw/a" }],
		[{ SERVER_ROOT_PATH: "/" }, { rootPath: "" }],
		[
			{ TOLLWAY_PUBLIC_URL: "https://Gw.example/x/" },
			{ publicUrl: "https://gw.example/x", allowedHosts: ["gw.example"] },
		],
		[{ PROXY_BASE_URL: "http://[::1]:8080" }, { allowedHosts: ["::1"] }],
		[
			{ TOLLWAY_ALLOWED_HOSTS: "a.example, B.example ,10.0.0.1" },
			{ allowedHosts: ["a.example", "b.example", "10.0.0.1"] },
		],
		[
			{ TOLLWAY_CORS_ORIGINS: "https://a.example,http://localhost:5173/" },
			{ corsOrigins: ["https://a.example", "http://localhost:5173"] },
		],
		[
			{ TOLLWAY_TRUSTED_PROXIES: "10.0.0.0/8 ::1,fd00::/8" },
			{ trustedProxies: ["10.0.0.0/8", "::1", "fd00::/8"] },
		],
		[{ TOLLWAY_ADMIN_API: "yes" }, { adminApi: true }],
		[{ TOLLWAY_AUTH_BACKOFF: "off" }, { authBackoff: false }],
		[{ TOLLWAY_REWRITE_RESULTS_URL: "off" }, { rewriteResultsUrl: false }],
		[{ TOLLWAY_DATA_DIR: "~/data" }, { dataDir: "/home/ada/data" }],
		[{ TOLLWAY_DATA_DIR: "here" }, { dataDir: "/srv/here" }],
		[{ XDG_DATA_HOME: "/xdg" }, { dataDir: "/xdg/tollway" }],
		[
			{ XDG_DATA_HOME: "relative" },
			{ dataDir: "/home/ada/.local/share/tollway" },
		],
		[
			{ STATE_DIRECTORY: "/var/lib/tollway:/var/lib/b", XDG_DATA_HOME: "/xdg" },
			{ dataDir: "/var/lib/tollway" },
		],
	];
	test.each(rows)("%j", (env, expected) => {
		expect(configOf(env)).toMatchObject(expected);
	});
});

describe("places for data", () => {
	const rows: [Partial<Sources>, string][] = [
		[
			{ platform: "darwin", home: "/Users/ada" },
			"/Users/ada/Library/Application Support/tollway",
		],
		[
			{ platform: "win32", home: "C:\\Users\\ada", cwd: "C:\\" },
			"C:\\Users\\ada\\AppData\\Local\\tollway",
		],
		[
			{ platform: "win32", env: { LOCALAPPDATA: "D:\\Local" }, cwd: "C:\\" },
			"D:\\Local\\tollway",
		],
	];
	test.each(rows)("%j", (more, expected) => {
		expect(configOf({}, more).dataDir).toBe(expected);
	});

	test("without a home there must be a setting", () => {
		expect(load({}, { home: "/" }).problems).toEqual([
			"TOLLWAY_DATA_DIR is not set and this user has no home folder; expected a folder to keep data in.",
		]);
		expect(configOf({ TOLLWAY_DATA_DIR: "/data" }, { home: "" }).dataDir).toBe(
			"/data",
		);
	});
});

describe("several sources", () => {
	const envFile = {
		path: "gw.env",
		values: {
			PORT: "5000",
			TOLLWAY_HOST: "127.0.0.9",
			HTTPS_PROXY: "http://p",
		},
	};
	test("flag, then environment, then env file", () => {
		const { config, origins } = load(
			{ PORT: "5001", TOLLWAY_HOST: "" },
			{ envFile, flags: { port: "5002" } },
		);
		expect(config?.port).toBe(5002);
		expect(origins.port).toEqual({
			kind: "flag",
			name: "--port",
			shown: "5002",
		});
		expect(config?.host).toBe("127.0.0.9");
		expect(origins.host.kind).toBe("env-file");
		expect(configOf({ PORT: "5001" }, { envFile }).port).toBe(5001);
	});
	test("what the runtime reads itself cannot come from an env file", () => {
		expect(load({}, { envFile }).warnings).toEqual([
			"HTTPS_PROXY in gw.env has no effect: the runtime reads it from the environment of the process.",
		]);
	});
	test("two names that differ: the first wins, with a warning", () => {
		const { config, warnings } = load({
			TOLLWAY_LOG_LEVEL: "debug",
			LITELLM_LOG: "ERROR",
			LOG_LEVEL: "debug",
		});
		expect(config?.log.level).toBe("debug");
		expect(warnings).toEqual([
			"TOLLWAY_LOG_LEVEL and LITELLM_LOG are both set and differ; TOLLWAY_LOG_LEVEL is used.",
		]);
	});
	test("two names that mean the same are no contradiction", () => {
		const { warnings } = load({
			ANTHROPIC_API_BASE: "https://gw.example/v1",
			ANTHROPIC_BASE_URL: "https://gw.example/",
		});
		expect(warnings).toEqual([]);
	});
	test.each([
		[{ JSON_LOGS: "true" }, { format: "json" }],
		[{ JSON_LOGS: "False" }, { format: "auto" }],
		[{ LITELLM_LOG: "WARNING" }, { level: "warning" }],
		[{ LOG_LEVEL: "trace" }, { level: "debug" }],
		[{ NO_COLOR: "1" }, { color: "never" }],
		[{ NO_COLOR: "1", FORCE_COLOR: "1" }, { color: "always" }],
		[{ FORCE_COLOR: "0" }, { color: "never" }],
	])("%j", (env, expected) => {
		expect(configOf(env as Env).log).toMatchObject(expected);
	});
});
