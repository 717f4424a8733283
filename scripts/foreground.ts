import { readFileSync } from "node:fs";
import { constants } from "node:os";

/** A terminal's Ctrl-C arrives twice: from the terminal, and once more passed on by `bun run`. Within this time it counts once. */
const sameSignalMs = 250;
const launcherCheckMs = 250;

/** What to run; `onStderr` gets stderr's bytes after they were shown. */
export interface Foreground {
	cmd: string[];
	env?: Record<string, string | undefined>;
	onStderr?: (bytes: Uint8Array) => void;
}

/**
 * Runs a command as if it had taken this process's place: same terminal, same exit code, each signal exactly once.
 * The child gets a process group of its own, so that signals reach it only through here.
 * Resolves to the exit code; 128 + number when a signal ended it.
 */
export async function runForeground({ cmd, env, onStderr }: Foreground) {
	const child = Bun.spawn({
		cmd,
		env: { ...process.env, ...env },
		stdio: ["inherit", "inherit", onStderr ? "pipe" : "inherit"],
		detached: process.platform !== "win32",
	});
	const stopPassing = passSignalsTo(child);
	if (onStderr && child.stderr) await show(child.stderr, onStderr);
	await child.exited;
	stopPassing();
	if (child.exitCode !== null) return child.exitCode;
	return 128 + constants.signals[child.signalCode as NodeJS.Signals];
}

/** SIGINT and SIGTERM go on as they are; the terminal or the launcher going away is a SIGTERM, unless one was passed on before. */
function passSignalsTo(child: { kill(signal: NodeJS.Signals): void }) {
	let last: { signal: NodeJS.Signals; atMs: number } | undefined;
	const pass = (signal: NodeJS.Signals) => {
		const atMs = performance.now();
		const isEcho = last?.signal === signal && atMs - last.atMs < sameSignalMs;
		last = { signal, atMs };
		if (!isEcho) child.kill(signal);
	};
	const stop = () => {
		if (!last) pass("SIGTERM");
	};
	process.on("SIGINT", pass).on("SIGTERM", pass).on("SIGHUP", stop);
	const watch = watchLauncher(stop);
	return () => {
		process.off("SIGINT", pass).off("SIGTERM", pass).off("SIGHUP", stop);
		clearInterval(watch);
	};
}

/**
 * `npx` runs its command through `sh -c`, and Debian's dash stays in between as a parent. A SIGTERM to npx then ends npx
 * and dash, and nobody tells us (tried with npm 11). So when npx started us, the end of `bun run`'s parent is a SIGTERM.
 */
function watchLauncher(onGone: () => void) {
	if (!process.env.npm_config_user_agent?.startsWith("npm/")) return;
	const launcher = parentOf(process.ppid);
	if (launcher === undefined) return;
	return setInterval(() => {
		if (parentOf(process.ppid) !== launcher) onGone();
	}, launcherCheckMs);
}

/** The parent of a process by Linux's /proc; undefined where there is none, or when the process has ended. */
function parentOf(pid: number) {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
	} catch {
		return undefined; // macOS and Windows have no /proc; their shells pass signals on
	}
}

async function show(
	stream: ReadableStream<Uint8Array>,
	onBytes: (bytes: Uint8Array) => void,
) {
	for await (const bytes of stream) {
		process.stderr.write(bytes);
		onBytes(bytes);
	}
}
