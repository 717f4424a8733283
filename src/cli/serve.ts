/** `tollway serve` */
import type { Entry } from "../domain/entry.ts";
import { toBanner } from "./banner.ts";
import { type LoadOptions, loadFrom, printProblems } from "./load-options.ts";
import { openLog } from "./log.ts";
import { escapeControls } from "./safe-text.ts";
import { toStartFailure } from "./start-failure.ts";
import { openSignals, stopOnSignal } from "./stop.ts";
import { toLook } from "./terminal.ts";
import { exitCodes, type Gateway, type World } from "./world.ts";

/** One line of JSON, whatever the log looks like: what is on no ledger must be somewhere. */
export const toLostLine = (entry: Entry, error: unknown): string =>
	escapeControls(
		JSON.stringify(
			{ event: "entry_lost", reason: String(error), entry },
			(_name, value) => (typeof value === "bigint" ? Number(value) : value),
		),
	);

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
			gateway = await world.serve(config, {
				onCall: log.onCall,
				onLost: (entry, error) =>
					world.stderr.write(`${toLostLine(entry, error)}\n`),
			});
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
