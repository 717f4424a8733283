/** How upstream's calls ended after their clients had left. */
import type { Rig } from "./rig.ts";
import type { UpstreamCall } from "./upstream.ts";
import { becomesTrue } from "./wait.ts";

/** An upstream call must end so soon after its client has left. */
export const endLimitMs = 1_000;
/** How long we look at most: what has not ended by then is counted as never ended. */
const lookLimitMs = 5_000;

export interface Endings {
	/** Upstream calls of the clients that left. */
	readonly calls: number;
	/** Of these, such as had answered whole before the client left. */
	readonly done: number;
	/** Still running when we gave up. */
	readonly open: number;
	/** From the client's leaving to the end of its upstream call, the slowest. */
	readonly slowestMs: number;
}

/** @param leftMs when each client left, milliseconds since 1970, by the call's id */
export async function watchEndings(
	rig: Rig,
	leftMs: ReadonlyMap<string, number>,
): Promise<Endings> {
	let calls: UpstreamCall[] = [];
	await becomesTrue(async () => {
		const all = await rig.listUpstreamCalls();
		calls = all.filter(({ id }) => leftMs.has(id));
		return calls.every(({ end }) => end !== null);
	}, lookLimitMs);
	const tookMs = calls.map(({ id, endMs }) =>
		endMs === null ? lookLimitMs : endMs - (leftMs.get(id) as number),
	);
	return {
		calls: calls.length,
		done: calls.filter(({ end }) => end === "done").length,
		open: calls.filter(({ end }) => end === null).length,
		slowestMs: Math.max(0, ...tookMs),
	};
}
