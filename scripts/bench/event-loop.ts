/** How long a gateway's event loop is blocked at a steady load, seen from outside. */

import { say } from "../say.ts";
import type { Running } from "./gateways.ts";

/** One run: a probe's times beside a paced load. */
export interface Loop {
	readonly gateway: string;
	readonly probes: number;
	readonly p50Micros: number;
	readonly p99Micros: number;
	/** The longest time without an answer. */
	readonly longestMicros: number;
	/** The same without what other programs took of the cores meanwhile: the event loop was never blocked for longer. */
	readonly blockedMicros: number;
}

export interface LoopPace {
	readonly rounds: number;
	readonly warmSeconds: number;
	readonly seconds: number;
}

export const pacedCallsPerSecond = 1_000;

/** The probe ends before the load does. */
const marginSeconds = 1;
/** A loader that lagged behind has not put the load on. */
const maxLag = 1.05;

/**
 * A, B, C, A, B, C …; gives the best run of each. A run whose pace was not kept does not count: a gateway that never keeps
 * it has no figure.
 */
export async function measureLoops(
	running: readonly Running[],
	{ core, pace }: { readonly core: number; readonly pace: LoopPace },
): Promise<Loop[]> {
	const runs: Loop[] = [];
	for (const gateway of running)
		await runLoad(gateway, { core, seconds: pace.warmSeconds });
	for (let round = 1; round <= pace.rounds; round++)
		for (const gateway of running) {
			const run = { core, seconds: pace.seconds };
			const { loop, problem } = await measureLoop(gateway, run);
			if (problem === null) runs.push(loop);
			say(
				`paced, ${gateway.name}: ${problem ?? `blocked for at most ${toMs(loop.blockedMicros)} ms (longest without an answer: ${toMs(loop.longestMicros)} ms)`}`,
			);
		}
	return toBest(runs);
}

const toMs = (micros: number) => (micros / 1_000).toFixed(1);

/** Of each gateway the run with the smallest worst: what else the machine does can only add. */
export function toBest(runs: readonly Loop[]): Loop[] {
	const best = new Map<string, Loop>();
	for (const run of runs) {
		const known = best.get(run.gateway);
		if (!known || run.blockedMicros < known.blockedMicros)
			best.set(run.gateway, run);
	}
	return [...best.values()];
}

interface Run {
	readonly core: number;
	readonly seconds: number;
}

async function measureLoop(gateway: Running, run: Run) {
	const values = [new URL(gateway.url).port, gateway.pid, run.seconds];
	const [probed, problem] = await Promise.all([
		runScript<Omit<Loop, "gateway">>("probe.ts", run.core, values),
		runLoad(gateway, { ...run, seconds: run.seconds + marginSeconds }),
	]);
	return { loop: { gateway: gateway.name, ...probed }, problem };
}

interface Paced {
	readonly calls: number;
	readonly failures: number;
	readonly seconds: number;
}

/** Resolves with why it was not the load that it should be, or null. */
async function runLoad({ url }: Running, { core, seconds }: Run) {
	const values = [`${url}/v1/messages`, pacedCallsPerSecond, seconds];
	const seen = await runScript<Paced>("paced.ts", core, values);
	return seen.failures === 0 && seen.seconds <= seconds * maxLag
		? null
		: `does not count: ${seen.failures} of ${seen.calls} calls failed, in ${seen.seconds.toFixed(1)} of ${seconds} s`;
}

async function runScript<Result>(
	script: string,
	core: number,
	values: readonly (string | number)[],
): Promise<Result> {
	const child = Bun.spawn(
		[
			...["taskset", "-c", String(core), process.execPath],
			`scripts/bench/${script}`,
			...values.map(String),
		],
		{ stdio: ["ignore", "pipe", "inherit"] },
	);
	const stdout = await new Response(child.stdout).text();
	if ((await child.exited) !== 0) throw new Error(`${script} failed`);
	return JSON.parse(stdout);
}
