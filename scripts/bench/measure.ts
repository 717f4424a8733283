import type { Running } from "./gateways.ts";
import type { Load } from "./load.ts";
import { readTree } from "./processes.ts";

export const figures = [
	"cpuMicros",
	"callsPerSecond",
	"p50Micros",
	"p99Micros",
	"rssBytes",
] as const;
export type Figure = (typeof figures)[number];
export type Measured = Record<Figure, number>;

export interface MeasurePace {
	readonly warmSeconds: number;
	readonly seconds: number;
	/** Whether every call must be refused, and none fail otherwise. */
	readonly refused?: boolean;
}

/** One run: warm-up, then the load between two readings of the operating system's accounting. Rejects if a call failed. */
export async function measure(
	gateway: Running,
	load: Load,
	{ warmSeconds, seconds, refused = false }: MeasurePace,
): Promise<Measured> {
	await load(gateway.url, warmSeconds);
	const before = readTree(gateway.pid);
	const seen = await load(gateway.url, seconds);
	const after = readTree(gateway.pid);
	const wanted = refused ? seen.calls : 0;
	if (seen.failures !== wanted || seen.calls === 0)
		throw new Error(
			`${gateway.name}: ${seen.failures} of ${seen.calls} calls failed (${seen.kinds})`,
		);
	return {
		cpuMicros: (after.cpuMicros - before.cpuMicros) / seen.calls,
		callsPerSecond: seen.calls / seen.seconds,
		p50Micros: seen.p50Micros,
		p99Micros: seen.p99Micros,
		rssBytes: after.rssBytes,
	};
}

export function toMedian(runs: readonly Measured[]): Measured {
	const median = (figure: Figure) => {
		const sorted = runs.map((run) => run[figure]).sort((a, b) => a - b);
		const middle = sorted.length >> 1;
		const upper = sorted[middle] ?? Number.NaN;
		return sorted.length % 2 === 1
			? upper
			: ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
	};
	return Object.fromEntries(
		figures.map((figure) => [figure, median(figure)]),
	) as Measured;
}
