import { describe, expect, test } from "bun:test";
import { runProgram } from "../../src/cli/program.ts";
import { settings } from "../../src/cli/settings.ts";
import { type FakeOptions, openFakeWorld, until } from "./fake-world.ts";

async function run(line: string, options: FakeOptions = {}) {
	const world = openFakeWorld(options);
	const code = await runProgram(line.split(" ").filter(Boolean), world);
	return { code, out: world.stdout.text(), err: world.stderr.text(), world };
}

describe("usage errors: exit 2, one sentence on stderr, nothing on stdout", () => {
	test.each([
		["--prot 3", "unknown option '--prot'; did you mean --port?"],
		["serve --nonsense", "unknown option '--nonsense'."],
		["srve", "unknown command 'srve'; did you mean serve?"],
		["frobnicate", "unknown command 'frobnicate'."],
		["config extra", "too many arguments for 'config'."],
		["--port", "option '--port <number>' argument missing."],
		["--port 99999", '--port is "99999"; expected a whole number'],
		["serve --host http://x", '--host is "http://x"; expected an IP address'],
		["-c litellm.yaml", "there is no configuration file"],
		["--config litellm.yaml", "LITELLM_MASTER_KEY"],
		["serve --config=x.yaml", "ANTHROPIC_API_KEY"],
		["-c", "there is no configuration file"],
		["version --port 3", "unknown option '--port'."],
		["--sk-ant-api03-abcdefghijklmnop", "unknown option"],
	])("%s", async (line, sentence) => {
		const { code, out, err, world } = await run(line);
		expect(code).toBe(2);
		expect(out).toBe("");
		expect(err).toStartWith("tollway: ");
		expect(err).toContain(sentence);
		expect(err.trimEnd()).toEndWith("See tollway --help.");
		expect(err.trimEnd()).not.toContain("\n");
		expect(err).not.toContain("abcdefgh");
		expect(world.served).toEqual([]);
	});
});

describe("help: exit 0, on stdout", () => {
	test.each([
		["--help", ["serve", "demo", "config", "doctor", "version"]],
		["-h", ["Usage: tollway"]],
		["help", ["Usage: tollway"]],
		["serve --help", ["--env-file", "TOLLWAY_MASTER_KEY", "[600s]"]],
		["help serve", ["TOLLWAY_UPSTREAM_URL, ANTHROPIC_API_BASE"]],
		["demo --help", ["--keep"]],
		["config --help", ["--json"]],
		["doctor --help", ["--json"]],
		["version --help", ["--json"]],
	])("%s", async (line, parts) => {
		const { code, out, err } = await run(line);
		expect(code).toBe(0);
		expect(err).toBe("");
		for (const part of parts) expect(out).toContain(part);
		expect(out).not.toContain("--config [path]");
	});

	test("fits the terminal", async () => {
		const { out } = await run("serve --help", { isTty: true, columns: 70 });
		const lines = out.split("\n").filter((line) => /^ {6}\S/.test(line));
		expect(lines.length).toBeGreaterThan(30);
		for (const line of lines) expect(line.length).toBeLessThanOrEqual(71);
	});
});

describe("version", () => {
	test.each([
		["version", "tollway 1.2.3 (0123456789ab, bun 1.4.5)\n"],
		["--version", "tollway 1.2.3 (0123456789ab, bun 1.4.5)\n"],
		["-v", "tollway 1.2.3 (0123456789ab, bun 1.4.5)\n"],
		[
			"version --json",
			'{"name":"tollway","version":"1.2.3","commit":"0123456789abcdef","runtime":"bun 1.4.5"}\n',
		],
	])("%s", async (line, text) => {
		expect(await run(line)).toMatchObject({ code: 0, out: text, err: "" });
	});
});

describe("serve", () => {
	test.each([
		["", { host: "127.0.0.1", port: 4000 }],
		["--port 4100", { port: 4100 }],
		["serve --host ::1 --port=0", { host: "::1", port: 0 }],
		[
			"--host 0.0.0.0 --insecure-no-auth",
			{ host: "0.0.0.0", insecureNoAuth: true },
		],
	])("tollway %s", async (line, expected) => {
		const world = openFakeWorld();
		const code = runProgram(line.split(" ").filter(Boolean), world);
		await until(() => world.served.length > 0, "the start");
		expect(world.served[0]?.config).toMatchObject(expected);
		world.signal("SIGINT");
		expect(await code).toBe(0);
	});
});

describe("config", () => {
	const env = {
		LITELLM_MASTER_KEY: "sk-0123456789abcdef0123",
		ANTHROPIC_API_KEY: "sk-virtual-0123456789abcdef",
		PORT: "4100",
		NUM_WORKERS: "4",
		REDIS_URL: "redis://:secretpw@h",
		LITELLM_UNHEARD_OF: "1",
		HTTPS_PROXY: "http://u:secretpw@p",
		ANTHROPIC_API_BASE: "https://gw.example",
		TOLLWAY_UPSTREAM_URL: "https://api.anthropic.com",
	};

	test("as a table", async () => {
		const { code, out } = await run("config --host 127.0.0.5", { env });
		expect(code).toBe(0);
		const compact = out.replace(/ +/g, " ");
		for (const part of [
			" TOLLWAY_HOST 127.0.0.5 --host (flag)",
			" PORT 4100 PORT",
			" TOLLWAY_MASTER_KEY sk-…0123 LITELLM_MASTER_KEY",
			" TOLLWAY_DRAIN_TIMEOUT 60s default",
			" or ANTHROPIC_API_BASE, ANTHROPIC_BASE_URL",
			" LITELLM_MASTER_KEY used see above",
			" NUM_WORKERS harmless",
			" REDIS_URL not offered",
			" LITELLM_UNHEARD_OF not offered",
			" HTTPS_PROXY used",
			" ANTHROPIC_API_BASE not used",
			" ANTHROPIC_API_KEY not used",
			"! TOLLWAY_UPSTREAM_URL and ANTHROPIC_API_BASE are both set and differ",
		]) {
			expect(compact).toContain(part);
		}
		expect(out).not.toContain("secretpw");
		expect(out).not.toContain("456789abcdef");
	});

	test("as JSON", async () => {
		const { code, out } = await run("config --json", { env });
		expect(code).toBe(0);
		const { settings: rows, litellm, problems, warnings } = JSON.parse(out);
		expect(rows).toHaveLength(Object.keys(settings).length);
		expect(
			rows.find((row: { setting: string }) => row.setting === "port"),
		).toEqual({
			setting: "port",
			variables: ["PORT"],
			flag: "--port",
			value: "4100",
			from: "environment",
			name: "PORT",
			about: "Port to listen on; 0 takes any free one",
		});
		expect(litellm).toContainEqual({
			variable: "REDIS_URL",
			verdict: "not offered",
			about: "limits are kept in this process",
		});
		expect(problems).toEqual([]);
		expect(warnings).toHaveLength(2);
		expect(out).not.toContain("secretpw");
		expect(out).not.toContain("456789abcdef");
	});

	test("a key in the wrong variable, or a control character, is not shown", async () => {
		for (const line of ["config", "config --json"]) {
			const { out } = await run(line, {
				env: {
					TOLLWAY_DATA_DIR: "/data/sk-ant-api03-abcdefghijklmnopWxyz",
					SSL_KEYFILE_PATH: "/k\u001b[2J\u202e",
				},
			});
			expect(out).toContain("/data/sk-ant-…Wxyz");
			expect(out).not.toContain("abcdefgh");
			expect(out).not.toMatch(/[^\P{C}\n]/u);
		}
	});

	test("mistakes are listed with the rest, exit 78", async () => {
		const { code, out } = await run("config", { env: { PORT: "x" } });
		expect(code).toBe(78);
		expect(out).toContain('✗ PORT is "x"');
		expect(out).toContain("TOLLWAY_HOST");
	});
});
