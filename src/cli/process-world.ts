/** The parts of the world that every runtime's `node:process` has. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { constants, homedir } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import type { Child, Output, World } from "./world.ts";

/** A closed pipe (`tollway | head`) ends the output, not the process: the error reaches `done`. */
export function toOutput(stream: NodeJS.WriteStream): Output {
	stream.on("error", () => {});
	return {
		isTty: stream.isTTY === true,
		get columns() {
			// A terminal that was never told its size says 0.
			return (stream.columns as number | undefined) || undefined;
		},
		write: (text, done) => void stream.write(text, done),
	};
}

/** SIGHUP: the terminal was closed. */
const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function onSignal(listener: (signal: string) => void): () => void {
	for (const signal of stopSignals) process.on(signal, listener);
	return () => {
		for (const signal of stopSignals) process.off(signal, listener);
	};
}

/** Linux and macOS; the limit in force for this process. */
function openFileLimit(): number | null {
	const report = process.report?.getReport() as
		| { userLimits?: { open_files?: { soft?: unknown } } }
		| undefined;
	const soft = report?.userLimits?.open_files?.soft;
	if (soft === "unlimited") return Number.POSITIVE_INFINITY;
	return typeof soft === "number" ? soft : null;
}

async function ask(question: string): Promise<string | null> {
	if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
	const lines = createInterface({
		input: process.stdin,
		output: process.stderr,
		// The system edits the line, and ^C ends the process as it does elsewhere.
		terminal: false,
	});
	try {
		const answer = lines.question(question);
		// ^D ends the input, and with it the question.
		const ended = once(lines, "close").then(() => null);
		const given = await Promise.race([answer, ended]);
		if (given === null) process.stderr.write("\n");
		return given ?? "";
	} finally {
		lines.close();
	}
}

/**
 * What a terminal sends, it sends to both: passed on as well, one ^C would be two. On Windows signals are no such thing.
 */
function runChild({ command, args, env }: Child): Promise<number> {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, { env, stdio: "inherit" });
		const ignore = onSignal((signal) => {
			const isTyped = signal === "SIGINT" && process.stdin.isTTY;
			if (!isTyped) child.kill(signal as NodeJS.Signals);
		});
		child.once("error", (error) => {
			ignore();
			reject(error);
		});
		child.once("exit", (code, signal) => {
			ignore();
			resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
		});
	});
}

function readInput({
	maxBytes,
	timeoutMs,
}: {
	readonly maxBytes: number;
	readonly timeoutMs: number;
}): Promise<string> {
	const { stdin } = process;
	// A terminal: nobody pipes anything in.
	if (stdin.isTTY) return Promise.resolve("");
	return new Promise((resolve) => {
		let text = "";
		const finish = () => {
			clearTimeout(timer);
			stdin.pause();
			resolve(text);
		};
		const timer = setTimeout(finish, timeoutMs);
		stdin.setEncoding("utf8");
		stdin.on("data", (part: string) => {
			text += part;
			if (text.length > maxBytes) finish();
		});
		stdin.once("end", finish);
		stdin.once("error", finish);
	});
}

type ProcessPart =
	| "env"
	| "platform"
	| "home"
	| "cwd"
	| "stdout"
	| "stderr"
	| "readFile"
	| "openFileLimit"
	| "onSignal"
	| "runChild"
	| "readInput"
	| "ask";

export function openProcessWorld(): Pick<World, ProcessPart> {
	return {
		env: process.env,
		platform: process.platform,
		home: homedir(),
		cwd: process.cwd(),
		stdout: toOutput(process.stdout),
		stderr: toOutput(process.stderr),
		readFile: (path) => readFileSync(path, "utf8"),
		openFileLimit,
		onSignal,
		runChild,
		readInput,
		ask,
	};
}
