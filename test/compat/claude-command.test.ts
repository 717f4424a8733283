/** `tollway claude` and `tollway statusline` around the real Claude Code. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Operator, openOperator } from "../app/operator.ts";
import { needs } from "../needs.ts";
import { command } from "../rig.ts";
import { quiet } from "./run-claude.ts";

const program = await needs.npmTool(
	"@anthropic-ai/claude-code@2.1.330",
	"claude",
);
const timeoutMs = 40_000;
const root = join(import.meta.dirname, "../..");

let operator: Operator;
let home: string;
beforeAll(async () => {
	operator = await openOperator();
	home = mkdtempSync(join(tmpdir(), "tollway-claude-"));
});
afterAll(async () => {
	rmSync(home, { recursive: true, force: true });
	await operator.stop();
});

type Env = Readonly<Record<string, string>>;

/** As on a developer's machine. */
const toEnv = (env: Env) => ({
	PATH: `${dirname(program ?? "")}:${process.env.PATH}`,
	HOME: home,
	IS_SANDBOX: "1",
	NO_PROXY: "*",
	DISABLE_AUTOUPDATER: "1",
	TOLLWAY_URL: operator.rig.url,
	...quiet,
	...env,
});

async function run(args: readonly string[], env: Env, input = "") {
	const child = Bun.spawn([...command, ...args], {
		cwd: root,
		env: toEnv(env),
		stdin: new Blob([input]),
		stdout: "pipe",
		stderr: "pipe",
	});
	const [out, err] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
	]);
	return { code: await child.exited, out, err };
}

const makeKey = async (fields: object): Promise<string> =>
	(await operator.manage("/key/generate", fields)).key;

describe.skipIf(program === null)("tollway claude", () => {
	test(
		"runs it with the caller's key; what this session cost, and nothing else, is on stderr",
		async () => {
			const key = await makeKey({ key_alias: "alice", max_budget: 20 });
			const { rig, spend } = operator;
			await spend(key);
			rig.simulator.record.clear();
			const takeBack = rig.simulator.script(() => ({
				message: {
					content: [{ type: "text", text: "Toll paid." }],
					stop_reason: "end_turn",
				},
			}));
			const { code, out, err } = await run(["claude", "-p", "hi"], {
				TOLLWAY_KEY: key,
				// What belongs to the gateway, and what would lead elsewhere.
				ANTHROPIC_API_KEY: "sk-ant-of-the-machine",
				ANTHROPIC_BASE_URL: "http://127.0.0.1:1",
				ANTHROPIC_CUSTOM_HEADERS: "x-litellm-tags: docs",
				CLAUDE_CODE_USE_BEDROCK: "1",
			});
			takeBack();
			expect(code).toBe(0);
			const [seen, ...more] = rig.simulator.record.all();
			expect(more).toHaveLength(0);
			expect(out).toBe("Toll paid.\n");
			const body = JSON.parse(
				new TextDecoder().decode(seen?.received.body.bytes),
			);
			expect(body.max_tokens).toBe(32_000);
			const entry = (await rig.waitForEntries(2)).at(-1);
			expect(entry).toMatchObject({ tags: ["docs"], kind: "call" });
			expect(entry?.keyId).not.toBeNull();
			const dollars = (Number(entry?.cost) / 1e9).toFixed(4);
			expect(err).toStartWith(`tollway: this session cost $${dollars}: 1 call`);
			expect(err).toContain(`  ${entry?.servedModel}  $${dollars}  1 call`);
			const line = await run(
				["statusline"],
				{
					TOLLWAY_URL: "",
					ANTHROPIC_BASE_URL: `${rig.url}/anthropic`,
					ANTHROPIC_AUTH_TOKEN: key,
				},
				JSON.stringify({ session_id: entry?.sessionId }),
			);
			const all = await operator.manage("/key/info?key=alice");
			const left = (20 - all.info.spend).toFixed(2);
			const share = line.out.match(/ · cache \d+ %/)?.[0] ?? "";
			expect(line).toEqual({
				code: 0,
				err: "",
				out: `alice $${left} left of $20.00 · today $${all.info.spend.toFixed(4)} · session $${dollars}${share}\n`,
			});
		},
		timeoutMs,
	);

	test(
		"without a call nothing is printed",
		async () => {
			const key = await makeKey({});
			const version = await run(["claude", "--version"], { TOLLWAY_KEY: key });
			expect(version).toMatchObject({ code: 0, err: "" });
			expect(version.out).toContain("2.1.330");
		},
		timeoutMs,
	);
});

/** What Claude Code would be started as. */
function putProgram(text: string): Env {
	const folder = mkdtempSync(join(home, "bin-"));
	writeFileSync(join(folder, "claude"), `#!/bin/sh\n${text}\n`, {
		mode: 0o755,
	});
	return { PATH: `${folder}:${process.env.PATH}` };
}

describe("tollway claude, whatever it runs", () => {
	test("no gateway, no key, a wrong key, no Claude Code: said, and what to do", async () => {
		const fail = async (env: Env) => {
			const { code, out, err } = await run(["claude"], env);
			expect([code, out]).toEqual([1, ""]);
			return err;
		};
		const key = await makeKey({});
		const nowhere = { TOLLWAY_URL: "", PORT: "1" };
		expect(await fail(nowhere)).toContain("Start one with `tollway serve`");
		expect(await fail({})).toContain("Set TOLLWAY_KEY to yours");
		expect(await fail({ TOLLWAY_KEY: "sk-unknown" })).toContain(
			"does not take TOLLWAY_KEY",
		);
		const none = { TOLLWAY_KEY: key, PATH: home };
		expect(await fail(none)).toContain("npm install -g");
	}, 60_000);

	test("a signal reaches it, its exit code is handed back; the operator's secrets do not; settings that overrule are told", async () => {
		mkdirSync(join(home, ".claude"), { recursive: true });
		writeFileSync(
			join(home, ".claude", "settings.json"),
			JSON.stringify({ env: { ANTHROPIC_BASE_URL: "http://127.0.0.1:1" } }),
		);
		const child = Bun.spawn([...command, "claude"], {
			cwd: root,
			env: toEnv({
				...putProgram("trap 'exit 7' TERM\nenv\nwhile :; do sleep 0.05; done"),
				TOLLWAY_KEY: await makeKey({}),
				TOLLWAY_MASTER_KEY: "sk-another-master-key-0123456789",
			}),
			stdout: "pipe",
			stderr: "pipe",
		});
		let text = "";
		const decoder = new TextDecoder();
		for await (const part of child.stdout) {
			text += decoder.decode(part, { stream: true });
			if (text.includes("TOLLWAY_SESSION=")) child.kill("SIGTERM");
		}
		expect(await child.exited).toBe(7);
		expect(text).not.toContain("another-master-key");
		expect(await new Response(child.stderr).text()).toContain(
			"settings.json sets ANTHROPIC_BASE_URL",
		);
	}, 60_000);
});

test("the status line: a word and 0 when the gateway is away; colour where a terminal asks", async () => {
	const away = await run(["statusline"], { TOLLWAY_URL: "http://127.0.0.1:1" });
	expect([away.code, away.out]).toEqual([0, "tollway: away\n"]);
	const key = await makeKey({ key_alias: "bob", max_budget: 5 });
	const env = { TOLLWAY_KEY: key, TERM: "xterm-256color" };
	const line = "bob $5.00 left of $5.00 · today $0\n";
	const plain = await run(["statusline"], { ...env, NO_COLOR: "1" }, "no JSON");
	expect(plain.out).toBe(line);
	const coloured = await run(["statusline"], env);
	expect(coloured.out).toContain("\u001b[32m$5.00 left");
	expect(Bun.stripANSI(coloured.out)).toBe(line);
}, 60_000);
