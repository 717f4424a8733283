/** `tollway key …` beside a running gateway. */
import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { openRig, type Rig } from "../rig.ts";
import { masterKey, runKey, runKeyOnTerminal } from "./key-process.ts";

// Each command is a process that starts, and the machine may be busy.
setDefaultTimeout(60_000);

let rig: Rig;
let env: Record<string, string>;

beforeAll(async () => {
	rig = await openRig({ env: { LITELLM_MASTER_KEY: masterKey } });
	// The place of nobody's data: what is asked is the gateway.
	env = { PORT: new URL(rig.url).port, TOLLWAY_DATA_DIR: "/nowhere" };
});
afterAll(() => rig.stop());

const run = (...args: string[]) => runKey(args, env);
const onTerminal = (...args: string[]) => runKeyOnTerminal(args, env);

async function make(...args: string[]): Promise<string> {
	const { code, out, err } = await run("create", ...args);
	expect({ code, err }).toEqual({ code: 0, err: "" });
	return out.trimEnd();
}

const infoOf = async (name: string) => {
	const { code, out, err } = await run("info", name);
	expect({ code, err }).toEqual({ code: 0, err: "" });
	return JSON.parse(out).info;
};

const call = (key: string) =>
	fetch(`${rig.url}/anthropic/v1/messages`, {
		method: "POST",
		headers: { "content-type": "application/json", "x-api-key": key },
		body: JSON.stringify({
			model: "claude-sonnet-5-5",
			max_tokens: 40,
			messages: [{ role: "user", content: "Hello" }],
		}),
	});

describe("create", () => {
	test("in a pipe: the key and nothing else, and it works", async () => {
		const { code, out, err } = await run("create");
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(out).toMatch(/^sk-[\w-]{43}\n$/);
		expect((await call(out.trim())).status).toBe(200);
	});

	test("what is asked for is what the key has", async () => {
		const key = await make(
			..."--alias all --user ada --team core --models claude-sonnet-*,claude-haiku-5-5 --budget 12.50 --every 7d --rpm 60 --tpm 100000 --parallel 4 --expires 90d --tags docs,ci".split(
				" ",
			),
		);
		const info = await infoOf("all");
		expect(info).toMatchObject({
			key_name: `sk-...${key.slice(-4)}`,
			user_id: "ada",
			team_id: "core",
			models: ["claude-sonnet-*", "claude-haiku-5-5"],
			max_budget: 12.5,
			budget_duration: "7d",
			rpm_limit: 60,
			tpm_limit: 100_000,
			max_parallel_requests: 4,
			tags: ["docs", "ci"],
		});
		const worksMs = Date.parse(info.expires) - Date.parse(info.created_at);
		expect(worksMs).toBe(90 * 86_400_000);
	});

	test("on a terminal: the key, what it has, and lines for the clients", async () => {
		const { code, out } = await onTerminal(
			..."create --alias tty --budget 20 --every 30d --models claude-haiku-5-5".split(
				" ",
			),
		);
		expect(code).toBe(0);
		const [key = ""] = /sk-[\w-]{43}/.exec(out) ?? [];
		const base = `${rig.url}/anthropic`;
		for (const part of [
			`\n  ${key}\n`,
			"It is shown this once: only its hash is kept.",
			"Alias     tty",
			"Budget    $20.00 / 30d",
			`export ANTHROPIC_BASE_URL=${base} ANTHROPIC_AUTH_TOKEN=${key} CLAUDE_CODE_MAX_OUTPUT_TOKENS=32000\n`,
			`anthropic.Anthropic(base_url="${base}", api_key="${key}")`,
			`new Anthropic({ baseURL: "${base}", apiKey: "${key}" })`,
			`curl ${base}/v1/messages \\`,
			`-H 'authorization: Bearer ${key}'`,
			'"model":"claude-haiku-5-5"',
		]) {
			expect(out).toContain(part);
		}
		expect(out).not.toContain("No gateway runs");
		expect(out).not.toContain(masterKey);
	});

	test("the line for curl does what it says", async () => {
		const { out } = await onTerminal("create", "--alias", "curl");
		const line = out.slice(out.indexOf("curl http"));
		const shell = Bun.spawn(["sh", "-c", line.replace("curl ", "curl -s ")], {
			stdio: ["ignore", "pipe", "inherit"],
		});
		const answer = JSON.parse(await new Response(shell.stdout).text());
		expect(answer).toMatchObject({ type: "message" });
	});

	test("--json: the API's answer", async () => {
		const { out } = await run("create", "--alias", "json", "--json");
		expect(JSON.parse(out)).toMatchObject({
			key: expect.stringMatching(/^sk-/),
			token: expect.stringMatching(/^[0-9a-f]{64}$/),
			key_alias: "json",
		});
	});

	test("an alias that is taken: the flag is named", async () => {
		await make("--alias", "taken");
		expect(await run("create", "--alias", "taken")).toEqual({
			code: 1,
			out: "",
			err: "tollway: --alias: another key has it already. Choose another, or change that key.\n",
		});
	});
});

describe("a key is found by alias, hash, itself and its end", () => {
	test("each of them", async () => {
		const key = await make("--alias", "found");
		const { out } = await run("list", "--json");
		const rows: { key_alias: string; token: string }[] = JSON.parse(out);
		const token = rows.find(({ key_alias }) => key_alias === "found")?.token;
		for (const name of ["found", key, `${token}`, `sk-...${key.slice(-4)}`]) {
			expect((await infoOf(name)).key_alias).toBe("found");
		}
		// What is printed of the one that was asked for is its hash.
		expect((await run("info", key)).out).not.toContain(key);
	});

	test.each([
		["nobody", '"nobody"'],
		["sk-nobody-0123456789abcdef+Wxyz", '"sk-...Wxyz"'],
		["sk-...Wxyz", '"sk-...Wxyz"'],
		["sk-short", '"sk-..."'],
		["\u202eevil\u001b[2J", '"\\u202eevil\\u001b[2J"'],
	])("%j is nobody's", async (name, shown) => {
		for (const what of ["info", "block", "unblock", "revoke", "rotate"]) {
			const { code, out, err } = await run(what, name);
			expect({ code, out }).toEqual({ code: 1, out: "" });
			const refused = name.includes("\u001b")
				? "control characters"
				: `There is no key ${shown}.`;
			expect(err).toContain(refused);
			expect(err).not.toContain("0123456789abcdef");
			expect(err).not.toMatch(/[^\P{C}\n]/u);
		}
	});
});

describe("info", () => {
	test("on a terminal", async () => {
		const key = await make("--alias", "shown", "--rpm", "1200");
		const { status } = await call(key);
		expect(status).toBe(200);
		const { code, out } = await onTerminal("info", "shown");
		expect(code).toBe(0);
		expect(out).toContain(`shown (sk-...${key.slice(-4)})`);
		expect(out).toMatch(/State {5}ok\n/);
		expect(out).toMatch(/Spend {5}\$0\.0\d\d\d\n/);
		expect(out).toContain("Limits    1,200 requests a minute");
		expect(out).toMatch(/Created {3}\d{4}-\d\d-\d\d \d\d:\d\d UTC\n/);
		expect(out).not.toContain("Team");
	});
});

describe("block, unblock, rotate, revoke", () => {
	test("each acts on the next call", async () => {
		const key = await make("--alias", "life");
		const shown = `life (sk-...${key.slice(-4)})`;
		expect(await run("block", "life")).toEqual({
			code: 0,
			out: `${shown} is blocked.\n`,
			err: "",
		});
		expect((await call(key)).status).toBe(401);
		expect((await run("unblock", key)).out).toBe(
			`${shown} is not blocked any more.\n`,
		);
		expect((await call(key)).status).toBe(200);

		const next = (await run("rotate", "life", "--grace", "24h")).out.trim();
		expect(next).toMatch(/^sk-[\w-]{43}$/);
		expect((await call(key)).status).toBe(200);
		expect((await call(next)).status).toBe(200);
		const last = (await run("rotate", next)).out.trim();
		expect((await call(next)).status).toBe(401);
		expect((await call(last)).status).toBe(200);

		// In a pipe nobody can be asked.
		expect((await run("revoke", "life")).out).toBe(
			`life (sk-...${last.slice(-4)}) is revoked.\n`,
		);
		expect((await call(last)).status).toBe(401);
		expect((await run("info", "life")).code).toBe(1);
	});

	test("rotate on a terminal says what becomes of the old value", async () => {
		await make("--alias", "turned");
		const { out } = await onTerminal("rotate", "turned", "--grace", "2h");
		expect(out).toContain("The old value works for another 2h.");
		expect(out).toMatch(/ANTHROPIC_AUTH_TOKEN=sk-[\w-]{43}\n/);
		expect((await onTerminal("rotate", "turned")).out).toContain(
			"The old value does not work any more.",
		);
	});

	test.each([
		["n\r", 1, "Nothing was revoked."],
		["\r", 1, "Nothing was revoked."],
		["\u0003", 130, ""],
		["\u0004", 1, "Nothing was revoked."],
		["y\r", 0, "is revoked."],
	])("revoke asks on a terminal: %j", async (text, code, sentence) => {
		const alias = `asked-${text.charCodeAt(0)}`;
		await make("--alias", alias);
		const after = "[y/N] ";
		const ended = await runKeyOnTerminal(["revoke", alias], env, {
			after,
			text,
		});
		expect(ended.code).toBe(code);
		expect(ended.out).toContain(`Revoke ${alias} (sk-...`);
		expect(ended.out).toContain(sentence);
		expect((await run("info", alias)).code).toBe(code === 0 ? 1 : 0);
	});

	test("revoke --yes does not ask", async () => {
		await make("--alias", "sure");
		const { code, out } = await onTerminal("revoke", "sure", "--yes");
		expect(code).toBe(0);
		expect(out).not.toContain("[y/N]");
	});
});
