/** Clients that leave in the middle of their calls: nothing of them may stay behind. */
import { endLimitMs, watchEndings } from "./endings.ts";
import {
	type Figure,
	type SoakContext,
	toMegabytes,
	toNone,
} from "./figure.ts";
import { leaveCall } from "./leave-calls.ts";
import { measureIdleRss, watchMemory } from "./memory.ts";
import { type Abort, toPlan } from "./plan.ts";
import { countDescriptors } from "./processes.ts";
import { openRig, type Rig } from "./rig.ts";
import { followStream } from "./streams.ts";
import { becomesTrue, runParallel } from "./wait.ts";

export interface AbortsSize {
	/** After so many of them the memory is measured that later ones must not exceed by much. */
	readonly first: number;
	readonly all: number;
}

export const abortsSizes = {
	full: { first: 500, all: 2_000 },
	quick: { first: 100, all: 200 },
} as const satisfies Record<string, AbortsSize>;

const concurrency = 50;
const warmUpAborts = 100;
const maxGrowthMegabytes = 20;
/** Uploads that are read whole before they go on are left before upstream hears of them: a fifth of all. */
const leastShareUpstream = 0.5;
const descriptorLimitMs = 5_000;

export async function soakAborts(
	context: SoakContext,
	size: AbortsSize,
): Promise<Figure[]> {
	const rig = await openRig(context);
	const { pid } = rig.gateway;
	try {
		await runAborts(rig, toPlan(`warm-${context.seed}`, warmUpAborts));
		await rig.waitForQuiet();
		const descriptors = countDescriptors(pid);
		const plan = toPlan(`${context.seed}`, size.all);
		const early = await soakPart(rig, plan.slice(0, size.first));
		context.progress(`${size.first} of ${size.all} have left`);
		const late = await soakPart(rig, plan.slice(size.first));
		await becomesTrue(
			() => countDescriptors(pid) <= descriptors,
			descriptorLimitMs,
		);
		const leaked = countDescriptors(pid) - descriptors;
		const toName = (when: string) =>
			`memory growth from abort ${size.first} to ${size.all}, ${when}`;
		return [
			...(await toEndings(rig, new Map([...early.leftMs, ...late.leftMs]))),
			{
				name: toName("at rest"),
				value: toMegabytes(late.restingRss - early.restingRss),
				unit: "MB",
				atMost: maxGrowthMegabytes,
			},
			{
				name: toName("under way"),
				value: toMegabytes(late.peakRss - early.peakRss),
				unit: "MB",
			},
			toNone("descriptors leaked", leaked),
			...(await toAfterwards(rig)),
		];
	} finally {
		await rig.stop();
	}
}

interface Part {
	/** When each client left, milliseconds since 1970, by the call's id. */
	readonly leftMs: ReadonlyMap<string, number>;
	/** The most while calls were left, in bytes. */
	readonly peakRss: number;
	/** When all was quiet again. */
	readonly restingRss: number;
}

async function soakPart(rig: Rig, plan: readonly Abort[]): Promise<Part> {
	const { pid } = rig.gateway;
	const memory = watchMemory(pid);
	const leftMs = await runAborts(rig, plan).finally(memory.stop);
	const peakRss = memory.peak();
	return { leftMs, peakRss, restingRss: await measureIdleRss(pid) };
}

/** Resolves with when each client left, by the call's id. */
async function runAborts(
	rig: Rig,
	plan: readonly Abort[],
): Promise<Map<string, number>> {
	const leftMs = new Map<string, number>();
	await runParallel(plan, concurrency, async (abort) => {
		leftMs.set(abort.id, await leaveCall(rig.gateway.url, abort));
	});
	return leftMs;
}

async function toEndings(
	rig: Rig,
	leftMs: ReadonlyMap<string, number>,
): Promise<Figure[]> {
	const { calls, done, open, slowestMs } = await watchEndings(rig, leftMs);
	return [
		{ name: "clients left", value: leftMs.size, unit: "count" },
		{
			name: "upstream calls of theirs",
			value: calls,
			unit: "count",
			atLeast: Math.floor(leftMs.size * leastShareUpstream),
		},
		toNone("upstream calls that ended by themselves", done),
		toNone("upstream calls still open", open),
		{
			name: "slowest end upstream",
			value: slowestMs,
			unit: "ms",
			atMost: endLimitMs,
		},
	];
}

/** What the gateway is like when all have left. */
async function toAfterwards(rig: Rig): Promise<Figure[]> {
	const inProgress = await rig.countCallsInProgress();
	const normal = await followStream(rig, "afterwards", {
		silentPeriods: 2,
		silenceMs: 10,
	});
	return [
		toNone("calls in progress afterwards", inProgress),
		{
			name: "normal call afterwards",
			value: normal.end === "whole" ? 1 : 0,
			unit: "count",
			atLeast: 1,
		},
		{
			name: "gateway alive",
			value: rig.gateway.isAlive() ? 1 : 0,
			unit: "count",
			atLeast: 1,
		},
	];
}
