/** `tollway key …` as its users run it: a process of its own, in a pipe or on a terminal. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "../rig.ts";

export const masterKey = "sk-master-of-the-key-tests-0123456789";

export const openFolder = (): string =>
	mkdtempSync(join(tmpdir(), "tollway-key-"));

export interface Ended {
	readonly code: number;
	/** On a terminal both outputs stand here, without colours. */
	readonly out: string;
	readonly err: string;
}

const root = join(import.meta.dirname, "../..");

type Env = Readonly<Record<string, string>>;

const toEnv = (env: Env) => ({
	PATH: process.env.PATH,
	HOME: tmpdir(),
	NO_PROXY: "*",
	TOLLWAY_MASTER_KEY: masterKey,
	...env,
});

/** @param program another one than that of the rig */
export async function runKey(
	args: readonly string[],
	env: Env,
	program: readonly string[] = command,
): Promise<Ended> {
	const child = Bun.spawn([...program, "key", ...args], {
		cwd: root,
		env: toEnv(env),
		stdio: ["ignore", "pipe", "pipe"],
	});
	const [out, err] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
	]);
	return { code: await child.exited, out, err };
}

/** The last line of what it asks, and what is typed then. */
export interface Typed {
	readonly after: string;
	readonly text: string;
}

/** Wide enough for every line. */
const columns = 200;

export async function runKeyOnTerminal(
	args: readonly string[],
	env: Env,
	typed?: Typed,
): Promise<Ended> {
	const decoder = new TextDecoder();
	let text = "";
	let hasTyped = false;
	const child = Bun.spawn([...command, "key", ...args], {
		cwd: root,
		env: { ...toEnv(env), TERM: "xterm", NO_COLOR: "1" },
		terminal: {
			cols: columns,
			rows: 50,
			data(terminal, bytes) {
				text += decoder.decode(bytes, { stream: true });
				if (typed === undefined || hasTyped) return;
				if (!text.includes(typed.after)) return;
				hasTyped = true;
				terminal.write(typed.text);
			},
		},
	});
	const code = await child.exited;
	child.terminal?.close();
	return { code, out: text.replaceAll("\r\n", "\n"), err: "" };
}
