/** From the start of the process to the line that says where it listens. */
import type { Figure, SoakContext } from "./figure.ts";
import { startGateway } from "./rig.ts";

export interface StartSize {
	readonly runs: number;
}

export const startSizes = {
	full: { runs: 20 },
	quick: { runs: 5 },
} as const satisfies Record<string, StartSize>;

const goalMs = 100;
/** Nobody is called: it only has to be an address. */
const upstreamUrl = "http://127.0.0.1:9";

export async function soakStart(
	context: SoakContext,
	{ runs }: StartSize,
): Promise<Figure[]> {
	await timeStart(context); // brings the file into the system's cache
	const took: number[] = [];
	while (took.length < runs) took.push(await timeStart(context));
	took.sort((a, b) => a - b);
	return [
		{
			name: `start to ready, median of ${runs}`,
			value: took[runs >> 1] as number,
			unit: "ms",
			atMost: goalMs,
		},
		{
			name: `start to ready, worst of ${runs}`,
			value: took.at(-1) as number,
			unit: "ms",
		},
	];
}

/** Milliseconds; throws when what says that it is ready is not. */
async function timeStart(context: SoakContext): Promise<number> {
	const startMs = performance.now();
	const gateway = await startGateway(context, upstreamUrl);
	const tookMs = performance.now() - startMs;
	const reply = await fetch(`${gateway.url}/readyz`, { proxy: false });
	await gateway.stop();
	if (reply.status !== 200) throw new Error(`/readyz answered ${reply.status}`);
	return tookMs;
}
