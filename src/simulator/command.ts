import type { Clock } from "../platform/contract.ts";
import {
	fixedClock,
	openSimulator,
	type Simulator,
	type SimulatorOptions,
} from "./simulator.ts";

type Setting = Pick<
	SimulatorOptions,
	"port" | "hostname" | "resultsOrigin" | "acceptedKeys"
>;

/** What may follow on the command line, as `--name value`. */
const flags: Readonly<Record<string, (value: string) => Setting>> = {
	"--port": (value) => ({ port: Number(value) }),
	"--host": (value) => ({ hostname: value }),
	"--results-origin": (value) => ({ resultsOrigin: value }),
	"--accept-key": (value) => ({ acceptedKeys: [value] }),
};

interface Surroundings {
	/** For the times in the record and, with `now`, in the replies; the fixed one by default. */
	clock?: Clock;
	write(line: string): void;
}

/**
 * Starts a simulator on its own and writes one line of JSON, `{"simulator":"http://127.0.0.1:4010"}`. What it saw is
 * then asked for over HTTP (`/__simulator/record`). Throws a `RangeError` with a sentence for arguments it does not know.
 */
export async function runSimulator(
	args: readonly string[],
	{ clock = fixedClock, write }: Surroundings,
): Promise<Simulator> {
	const simulator = await openSimulator({ ...readArguments(args), clock });
	write(JSON.stringify({ simulator: simulator.url }));
	return simulator;
}

function readArguments(args: readonly string[]): Setting {
	let settings: Setting = {};
	for (let at = 0; at < args.length; at += 2) {
		const flag = flags[args[at] ?? ""];
		const value = args[at + 1];
		if (flag === undefined || value === undefined) {
			throw new RangeError(
				`${args[at]}: expected one of ${Object.keys(flags).join(", ")} and a value`,
			);
		}
		settings = { ...settings, ...flag(value) };
	}
	const { port = 0 } = settings;
	if (!Number.isInteger(port) || port < 0 || port > 65_535) {
		throw new RangeError("--port: expected a number from 0 to 65535");
	}
	return settings;
}
