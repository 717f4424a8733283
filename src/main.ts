/**
 * Arguments in, exit code out. The process may replace itself first, and what it would have loaded until then would have
 * been loaded for nothing: so the program comes after that.
 */
import { prepareProcess, programArguments } from "#platform";
import type { OpenWorker, WorkerPort } from "./store/sqlite.ts";

const files = {
	writer: new URL("./writer.ts", import.meta.url),
	reader: new URL("./reader.ts", import.meta.url),
};

// Here and not where it is used: an executable finds a worker's file only beside its entry.
const openWorker: OpenWorker = (role) =>
	new Worker(files[role], { type: "module" }) as unknown as WorkerPort;

/** No gateway in this process: they start at once, and what Claude Code finds in its environment is the user's. */
const isLight: ReadonlySet<string> = new Set(["claude", "statusline"]);

async function main(): Promise<void> {
	const [command = ""] = programArguments;
	if (!isLight.has(command)) prepareProcess();
	const { run } = await import("./app/run.ts");
	process.exit(await run(openWorker));
}

void main();
