import { AskError } from "./ask-error.ts";
import { type Given, toLoadOptions } from "./command-options.ts";
import { loadFrom, printProblems } from "./load-options.ts";
import { type ManagementApi, openManagementApi } from "./management-api.ts";
import { exitCodes, type World } from "./world.ts";

/** Runs a command with the management API, and says what is wrong when it cannot. Resolves with the exit code. */
export async function withApi(
	{ world, given }: { readonly world: World; readonly given: Given },
	act: (api: ManagementApi) => Promise<void>,
	options: { readonly makesDatabase?: boolean } = {},
): Promise<number> {
	const { config, problems, origins } = loadFrom(world, toLoadOptions(given));
	if (config === null) {
		printProblems(world, problems);
		return exitCodes.config;
	}
	const settled = { config, masterKeyFrom: origins.masterKey.name, ...options };
	try {
		const api = await openManagementApi(world, settled);
		try {
			await act(api);
		} finally {
			await api.close();
		}
		return exitCodes.ok;
	} catch (error) {
		if (!(error instanceof AskError)) throw error;
		world.stderr.write(`tollway: ${error.message}\n`);
		return exitCodes.failed;
	}
}
