import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ClaudeRun {
	readonly exitCode: number | null;
	/** What `--output-format json` prints. */
	readonly output: {
		readonly result: string;
		readonly is_error: boolean;
		readonly session_id: string;
		readonly total_cost_usd: number;
		readonly num_turns: number;
		/** By model. */
		readonly modelUsage: Readonly<
			Record<string, { readonly costUSD: number; readonly costBasis: string }>
		>;
	};
	readonly elapsedMs: number;
}

const patienceMs = 30_000;

/** Nothing but calls of the model. */
export const quiet = { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" };

/**
 * `claude -p` in an empty home of its own, without a terminal. Rejects when it does not end in time or prints no JSON.
 * @param files name → text, put into its working directory
 */
export async function runClaude(
	program: string,
	prompt: string,
	options: {
		readonly env: Readonly<Record<string, string>>;
		readonly args?: readonly string[];
		readonly files?: Readonly<Record<string, string>>;
	},
): Promise<ClaudeRun> {
	const home = mkdtempSync(join(tmpdir(), "tollway-claude-"));
	for (const [name, text] of Object.entries(options.files ?? {})) {
		writeFileSync(join(home, name), text);
	}
	const startMs = performance.now();
	const args = ["-p", prompt, "--output-format", "json"];
	const child = spawn(program, [...args, ...(options.args ?? [])], {
		cwd: home,
		env: {
			PATH: process.env.PATH,
			HOME: home,
			IS_SANDBOX: "1",
			NO_PROXY: "*",
			DISABLE_AUTOUPDATER: "1",
			...options.env,
		},
		stdio: ["ignore", "pipe", "pipe"],
		timeout: patienceMs,
		killSignal: "SIGKILL",
	});
	try {
		const [stdout, stderr, exitCode] = await Promise.all([
			readAll(child.stdout),
			readAll(child.stderr),
			new Promise<number | null>((resolve, reject) => {
				child.once("error", reject);
				child.once("close", resolve);
			}),
		]);
		const elapsedMs = performance.now() - startMs;
		return { exitCode, output: toOutput(stdout, stderr), elapsedMs };
	} finally {
		rmSync(home, { recursive: true, force: true });
	}
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
	let text = "";
	for await (const chunk of stream.setEncoding("utf8")) text += chunk;
	return text;
}

function toOutput(stdout: string, stderr: string): ClaudeRun["output"] {
	try {
		return JSON.parse(stdout);
	} catch (cause) {
		throw new Error(`claude printed no JSON: ${stdout}\n${stderr}`, { cause });
	}
}
