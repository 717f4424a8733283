import {
	buildCommit,
	clock,
	fetchUpstream,
	mapFile,
	newId,
	openDatabase,
	prepareProcess,
	programArguments,
	readHeaders,
	releaseChunk,
	runtime,
	serve,
} from "#platform";
import manifest from "../package.json" with { type: "json" };
import { openApp } from "./app.ts";
import { openProcessWorld } from "./cli/process-world.ts";
import { runProgram } from "./cli/program.ts";
import type { World } from "./cli/world.ts";
import { demoCalls } from "./simulator/demo.ts";
import type { OpenWorker, WorkerPort } from "./store/sqlite.ts";

const { version } = manifest;

const files = {
	writer: new URL("./writer.ts", import.meta.url),
	reader: new URL("./reader.ts", import.meta.url),
};

// Here and not where it is used: an executable finds a worker's file only beside its entry.
const openWorker: OpenWorker = (role) =>
	new Worker(files[role], { type: "module" }) as unknown as WorkerPort;

const world: World = {
	...openProcessWorld(),
	build: { version, commit: buildCommit, runtime },
	clock,
	fetch: fetchUpstream,
	demoCalls,
	serve: (config, hooks) =>
		openApp(
			config,
			{
				clock,
				newId,
				fetch: fetchUpstream,
				releaseChunk,
				readHeaders,
				serve,
				openDatabase,
				openWorker,
				mapFile,
			},
			{ version, ...hooks },
		),
	openSimulator: async () => {
		// Not at the start: its schemas cost a gateway that never needs them half its start-up time.
		const { openSimulator } = await import("./simulator/simulator.ts");
		const simulator = await openSimulator();
		return { url: simulator.url, close: simulator.stop };
	},
};

async function main(): Promise<void> {
	prepareProcess();
	process.exit(await runProgram(programArguments, world));
}

void main();
