/** The program: the runtime's services put together, and the command line on top of them. */
import {
	buildCommit,
	clock,
	fetchUpstream,
	mapFile,
	newId,
	newSecret,
	openDatabase,
	openReadOnly,
	programArguments,
	readHeaders,
	releaseChunk,
	runtime,
	serve,
} from "#platform";
import manifest from "../../package.json" with { type: "json" };
import { openApp, type Rim } from "../app.ts";
import { openProcessWorld } from "../cli/process-world.ts";
import { runProgram } from "../cli/program.ts";
import type { World } from "../cli/world.ts";
import { demoCalls } from "../simulator/demo.ts";
import type { OpenWorker } from "../store/sqlite.ts";
import { openManagement } from "./open-management.ts";

const { version } = manifest;

/** @param openWorker starts one of the database's threads; only the program's entry can find their files */
const toWorld = (openWorker: OpenWorker): World => ({
	...openProcessWorld(),
	build: { version, commit: buildCommit, runtime },
	clock,
	fetch: fetchUpstream,
	newId,
	demoCalls,
	serve: (config, hooks) =>
		openApp(config, toRim(openWorker), { version, ...hooks }),
	openManagement: (config, hooks) =>
		openManagement(config, toRim(openWorker), { version, ...hooks }),
	verifyLedger: async (config, hooks) => {
		const { verifyLedger } = await import("./verify-ledger.ts");
		return verifyLedger(config, { clock, openDatabase, openReadOnly }, hooks);
	},
	openSimulator: async () => {
		// Not at the start: its schemas cost a gateway that never needs them half its start-up time.
		const { openSimulator } = await import("../simulator/simulator.ts");
		const simulator = await openSimulator();
		return { url: simulator.url, close: simulator.stop };
	},
});

const toRim = (openWorker: OpenWorker): Rim => ({
	clock,
	newId,
	newSecret,
	fetch: fetchUpstream,
	releaseChunk,
	readHeaders,
	serve,
	openDatabase,
	openWorker,
	mapFile,
});

/** Runs the command that the arguments name. Resolves with the exit code. */
export const run = (openWorker: OpenWorker): Promise<number> =>
	runProgram(programArguments, toWorld(openWorker));
