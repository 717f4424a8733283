import { AskError } from "./ask-error.ts";
import { type Given, toLoadOptions } from "./command-options.ts";
import { loadFrom, printProblems } from "./load-options.ts";
import { type ManagementApi, openManagementApi } from "./management-api.ts";
import { exitCodes, type World } from "./world.ts";

interface ApiOptions {
	readonly makesDatabase?: boolean;
	/** The exit code when it cannot; 1 without it. */
	readonly failedCode?: number;
}

/**
 * Runs a command with the management API, and says what is wrong when it cannot. Resolves with the exit code: what `act`
 * resolves with, or 0.
 */
export async function withApi(
	{ world, given }: { readonly world: World; readonly given: Given },
	// biome-ignore lint/suspicious/noConfusingVoidType: most commands have nothing to say of it
	act: (api: ManagementApi) => Promise<number | void>,
	{ failedCode = exitCodes.failed, ...options }: ApiOptions = {},
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
			return (await act(api)) ?? exitCodes.ok;
		} finally {
			await api.close();
		}
	} catch (error) {
		if (!(error instanceof AskError)) throw error;
		world.stderr.write(`tollway: ${error.message}\n`);
		return failedCode;
	}
}
