import { describe, expect, test } from "bun:test";
import {
	type Started,
	toBanner,
	toClientUrl,
	toPasteLine,
} from "../../src/cli/banner.ts";
import { openFakeWorld } from "./fake-world.ts";
import { configOf, type Env, load, master, realKey } from "./loading.ts";

const pretty = { pretty: true, color: false };
const secretPart = realKey.slice(10, 24);

function start(env: Env, flags = {}): Started {
	const { config, warnings, origins, problems } = load(env, { flags });
	if (config === null) throw new Error(problems.join("\n"));
	const host = config.host.includes(":") ? `[${config.host}]` : config.host;
	const url = `http://${host}:${config.port}`;
	return { config, url, warnings, masterKeyFrom: origins.masterKey.name };
}

describe("who calls and who pays", () => {
	const rows: [Env, string[], string[]][] = [
		[
			{ ANTHROPIC_API_KEY: realKey },
			[
				"Tollway 1.2.3  http://127.0.0.1:4000",
				"Callers   anyone on this machine (no master key is set)",
				"Paid by   sk-ant-…Wxyz from ANTHROPIC_API_KEY",
				"Upstream  https://api.anthropic.com",
				"Data      ~/.local/share/tollway",
				"export ANTHROPIC_BASE_URL=http://127.0.0.1:4000/anthropic ANTHROPIC_AUTH_TOKEN=anything",
				"Ctrl-C stops it.",
			],
			[secretPart, "!", "Ledger"],
		],
		[
			{
				ANTHROPIC_API_KEY: realKey,
				DATABASE_URL: "postgresql://ada:secret-of-ada@db.example:5433/spend",
			},
			[
				"Data      ~/.local/share/tollway",
				"Ledger    postgresql://ada@db.example:5433/spend",
			],
			["secret-of-ada"],
		],
		[
			{ DATABASE_URL: "sqlite:/home/ada/money.db" },
			["Ledger    ~/money.db"],
			[],
		],
		[
			{},
			[
				"Paid by   the caller's own Anthropic key (none is set here)",
				"export ANTHROPIC_BASE_URL=http://127.0.0.1:4000/anthropic\n",
			],
			["ANTHROPIC_AUTH_TOKEN"],
		],
		[
			{
				LITELLM_MASTER_KEY: master,
				ANTHROPIC_API_KEY: realKey,
				HOST: "0.0.0.0",
			},
			[
				"http://0.0.0.0:4000",
				"Callers   holders of the master key (LITELLM_MASTER_KEY)",
				'export ANTHROPIC_BASE_URL=http://127.0.0.1:4000/anthropic ANTHROPIC_AUTH_TOKEN="your master key"',
			],
			[master, secretPart],
		],
		[
			{ ANTHROPIC_BASE_URL: "http://localhost:4000" },
			["! ANTHROPIC_BASE_URL is "],
			[],
		],
	];
	test.each(rows)("%j", (env, wanted, unwanted) => {
		const text = toBanner(start(env), openFakeWorld(), pretty);
		for (const part of wanted) expect(text).toContain(part);
		for (const part of unwanted) expect(text).not.toContain(part);
	});

	test("a gateway open to all says so", () => {
		const started = start({ HOST: "0.0.0.0" }, { insecureNoAuth: "true" });
		const text = toBanner(started, openFakeWorld(), pretty);
		expect(text).toContain("ANYONE who can reach this address");
		expect(text).toContain("! Anyone who can reach 0.0.0.0 may call");
	});
});

test("a long warning is broken to the terminal's width", () => {
	const started = start({ ANTHROPIC_BASE_URL: "http://localhost:4000" });
	const world = openFakeWorld({ isTty: true, columns: 60 });
	const lines = toBanner(started, world, pretty).split("\n");
	const warning = lines.slice(
		lines.findIndex((line) => line.startsWith("  !")),
	);
	expect(warning[1]).toStartWith("    ");
	for (const line of warning) expect(line.length).toBeLessThanOrEqual(60);
});

describe("the URL for clients", () => {
	test.each([
		[{}, "http://127.0.0.1:4000"],
		[{ SERVER_ROOT_PATH: "/gw" }, "http://127.0.0.1:4000/gw"],
		[{ HOST: "0.0.0.0", TOLLWAY_MASTER_KEY: master }, "http://127.0.0.1:4000"],
		[{ HOST: "::", TOLLWAY_MASTER_KEY: master }, "http://[::1]:4000"],
		[{ PROXY_BASE_URL: "https://gw.example/" }, "https://gw.example"],
		[
			{ PROXY_BASE_URL: "https://gw.example/a", SERVER_ROOT_PATH: "/a" },
			"https://gw.example/a",
		],
	])("%j", (env, url) => {
		expect(toClientUrl(start(env as Env))).toBe(url);
	});

	test("PowerShell has its own way to set variables", () => {
		const config = configOf({ ANTHROPIC_API_KEY: realKey });
		expect(toPasteLine({ config, url: "http://127.0.0.1:4000" }, "win32")).toBe(
			'$env:ANTHROPIC_BASE_URL="http://127.0.0.1:4000/anthropic"; $env:ANTHROPIC_AUTH_TOKEN="anything"',
		);
	});
});

test("in a pipe it is one line of JSON, without secrets", () => {
	const started = start({
		LITELLM_MASTER_KEY: master,
		ANTHROPIC_API_KEY: realKey,
	});
	const line = toBanner(started, openFakeWorld(), {
		pretty: false,
		color: false,
	});
	expect(JSON.parse(line)).toEqual({
		event: "start",
		time: new Date(1_795_000_000_000).toISOString(),
		version: "1.2.3",
		commit: "0123456789abcdef",
		url: "http://127.0.0.1:4000",
		callers: "master_key",
		paid_by: "sk-ant-…Wxyz",
		upstream: "https://api.anthropic.com",
		data_dir: "/home/ada/.local/share/tollway",
		ledger: "/home/ada/.local/share/tollway/tollway.db",
		base_url: "http://127.0.0.1:4000/anthropic",
		warnings: [],
	});
	expect(line).not.toContain("\n");
	expect(line).not.toContain(master);
});
