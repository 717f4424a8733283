/** The parts of the world that every runtime's `node:process` has. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import type { Output, World } from "./world.ts";

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
		ask,
	};
}
