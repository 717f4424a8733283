import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../scripts/compile.ts";
import { version } from "../../scripts/project.ts";
import { needs, noticeMark } from "../needs.ts";

const readyLimitMs = 100;
const tries = 7;
const executable = needs.executable();
const folder = mkdtempSync(join(tmpdir(), "tollway-executable-"));

/** The limit is meant for machines on which a program that does nothing is there within this time. */
const emptyLimitMs = 10;

/** Whether this machine starts programs as fast as the limit takes for granted; said aloud where it does not. */
async function canJudgeStart(): Promise<boolean> {
	if (executable === null) return false;
	const outfile = join(folder, "empty");
	await Bun.write(`${outfile}.ts`, `console.log("here");\n`);
	await compile([`${outfile}.ts`], { outfile });
	const times: number[] = [];
	for (let round = 0; round < tries; round++) {
		const startMs = performance.now();
		const child = Bun.spawn([outfile], { stdio: ["ignore", "pipe", "pipe"] });
		for await (const _line of child.stdout) break;
		times.push(performance.now() - startMs);
		await child.exited;
	}
	const emptyMs = Math.min(...times);
	if (emptyMs <= emptyLimitMs) return true;
	process.stderr.write(
		`${noticeMark}the start within ${readyLimitMs} ms: this machine takes ${emptyMs.toFixed(0)} ms to start a program that does nothing\n`,
	);
	return false;
}
const judgesStart = await canJudgeStart();

/** Ends it at once, with a line that no program of ours prints. */
const hostile = `console.log("HOSTILE CODE RAN"); process.exit(66);\n`;

beforeAll(async () => {
	await Bun.write(join(folder, "hostile.ts"), hostile);
	await Bun.write(join(folder, "bunfig.toml"), `preload = ["./hostile.ts"]\n`);
	await Bun.write(
		join(folder, ".env"),
		"TOLLWAY_MASTER_KEY=sk-from-the-folder-that-nobody-asked-for\nPORT=1\n",
	);
	await Bun.write(
		join(folder, "package.json"),
		`{"name":"somebody-elses","version":"66.0.0"}`,
	);
	await Bun.write(join(folder, "tsconfig.json"), "{ not json");
});

const started: Bun.Subprocess[] = [];

afterAll(() => {
	for (const child of started) child.kill("SIGKILL");
	rmSync(folder, { recursive: true });
});

/** Runs it in a folder that is full of traps. */
function spawn(args: string[], env: Record<string, string> = {}) {
	const child = Bun.spawn([executable ?? "", ...args], {
		cwd: folder,
		env: {
			PATH: process.env.PATH,
			HOME: folder,
			TOLLWAY_DATA_DIR: join(folder, "data"),
			...env,
		},
		stdio: ["ignore", "pipe", "pipe"],
	});
	started.push(child);
	return child;
}

async function finish(args: string[], env?: Record<string, string>) {
	const child = spawn(args, env);
	const [stdout, stderr] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
	]);
	return { code: await child.exited, stdout, stderr };
}

/** Its address, from the line that says it is ready; how long that took; and a stop that resolves to the exit code. */
async function serve(env?: Record<string, string>) {
	const startMs = performance.now();
	const child = spawn(["serve", "--port", "0"], env);
	const decoder = new TextDecoder();
	let text = "";
	for await (const bytes of child.stdout) {
		text += decoder.decode(bytes, { stream: true });
		const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
		if (!url) continue;
		const readyMs = performance.now() - startMs;
		const stop = () => {
			child.kill("SIGTERM");
			return child.exited;
		};
		return { url, readyMs, text, stop };
	}
	throw new Error(
		`it did not start: ${text}${await new Response(child.stderr).text()}`,
	);
}

describe.skipIf(!executable)("the executable", () => {
	test("knows its version, wherever it runs", async () => {
		const { code, stdout } = await finish(["version", "--json"]);
		expect(JSON.parse(stdout)).toMatchObject({
			name: "tollway",
			version,
			runtime: `bun ${Bun.version}`,
		});
		expect(code).toBe(0);
	});

	test("takes nothing from the folder it runs in", async () => {
		const { url, text, stop } = await serve();
		expect(text).not.toContain("HOSTILE");
		expect(new URL(url).port).not.toBe("1");
		// Without a master key it says more than ok or not.
		expect((await fetch(`${url}/health/readiness`)).status).toBe(200);
		expect(JSON.stringify(await finish(["config"]))).not.toContain("sk-from");
		expect(await stop()).toBe(0);
	});

	test.each([
		{ BUN_OPTIONS: "--preload ./hostile.ts" },
		{ BUN_OPTIONS: "--import ./hostile.ts" },
		{ BUN_OPTIONS: "-e 'HOSTILE()'" },
		{ NODE_OPTIONS: "--require ./hostile.ts" },
		{ BUN_INSPECT_PRELOAD: "./hostile.ts" },
	])("runs no code that %o brings", async (env) => {
		const { stdout, code } = await finish(
			["version"],
			env as unknown as Record<string, string>,
		);
		expect(stdout).not.toContain("HOSTILE");
		expect(code).not.toBe(66);
	});

	test("takes 48 KB of headers", async () => {
		const { url, stop } = await serve();
		const reply = await fetch(`${url}/healthz`, {
			headers: { "x-big": "x".repeat(48 * 1024) },
		});
		expect(reply.status).toBe(200);
		expect(await stop()).toBe(0);
	});

	test.skipIf(!judgesStart)(`is ready within ${readyLimitMs} ms`, async () => {
		const times: number[] = [];
		for (let round = 0; round < tries; round++) {
			const { readyMs, stop } = await serve();
			times.push(readyMs);
			expect(await stop()).toBe(0);
		}
		// The best of a few: what the program takes, not what else this machine does.
		expect(Math.min(...times)).toBeLessThan(readyLimitMs);
	});
});
