/** `tollway serve` */
import { toBanner } from "./banner.ts";
import { type LoadOptions, loadFrom, printProblems } from "./load-options.ts";
import { openLog } from "./log.ts";
import { toStartFailure } from "./start-failure.ts";
import { openSignals, stopOnSignal } from "./stop.ts";
import { toLook } from "./terminal.ts";
import { exitCodes, type Gateway, type World } from "./world.ts";

/** Runs until a signal; resolves with the exit code. */
export async function serve(
	world: World,
	options: LoadOptions,
): Promise<number> {
	const { config, problems, warnings, origins } = loadFrom(world, options);
	if (config === null) {
		printProblems(world, problems);
		return exitCodes.config;
	}
	const signals = openSignals(world);
	const log = openLog(config.log, world);
	try {
		let gateway: Gateway;
		try {
			gateway = await world.serve(config, { onCall: log.onCall });
		} catch (error) {
			world.stderr.write(`tollway: ${toStartFailure(error, config)}\n`);
			return exitCodes.failed;
		}
		const look = toLook(config.log, world.stdout, world.env);
		const masterKeyFrom = origins.masterKey.name;
		const started = { config, url: gateway.url, warnings, masterKeyFrom };
		world.stdout.write(`${toBanner(started, world, look)}\n`);
		// The terminal has just echoed ^C.
		void signals
			.nth(1)
			.then(() => world.stdout.isTty && world.stdout.write("\n"));
		return await stopOnSignal(gateway, signals, config.timeouts);
	} finally {
		signals.close();
		await log.close();
	}
}
