/** Large bodies, up and down: every byte must arrive, and the gateway's memory must not grow with them. */
import { type Figure, type SoakContext, toMegabytes } from "./figure.ts";
import { maxGrowthMegabytes, measureIdleRss, watchMemory } from "./memory.ts";
import { openRig } from "./rig.ts";
import { type StalledSize, soakStalledReaders } from "./stalled.ts";
import {
	sendUp,
	type Transferred,
	takeDown,
	toBatch,
	toFile,
} from "./transfer.ts";

export interface BodiesSize extends StalledSize {
	readonly fileBytes: number;
	readonly batchBytes: number;
}

const million = 1_000_000;

export const bodiesSizes = {
	/** A batch may have 256 MB. */
	full: {
		fileBytes: 300 * million,
		batchBytes: 250 * million,
		readers: 100,
		replyBytes: 100 * million,
	},
	/** As many readers, so that the same bound means the same; the system's buffers take 14 MB of what each asks for. */
	quick: {
		fileBytes: 40 * million,
		batchBytes: 40 * million,
		readers: 100,
		replyBytes: 40 * million,
	},
} as const satisfies Record<string, BodiesSize>;

/** More than every buffer on the way holds; of a batch, more than is read whole. */
const warmUpBytes = 34 * million;

interface Exchange {
	readonly name: string;
	readonly bytes: (size: BodiesSize) => number;
	readonly run: (url: string, bytes: number) => Promise<Transferred>;
}

const exchanges: readonly Exchange[] = [
	{
		name: "file up",
		bytes: (size) => size.fileBytes,
		run: (url, bytes) => sendUp(url, toFile(bytes)),
	},
	{ name: "file down", bytes: (size) => size.fileBytes, run: takeDown },
	{
		name: "batch up",
		bytes: (size) => size.batchBytes,
		run: (url, bytes) => sendUp(url, toBatch(bytes)),
	},
];

/** Each in front of a gateway of its own, so that none profits from the memory that another has left. */
export async function soakBodies(
	context: SoakContext,
	size: BodiesSize,
): Promise<Figure[]> {
	const figures: Figure[] = [];
	for (const exchange of exchanges) {
		figures.push(
			...(await soakExchange(context, exchange, exchange.bytes(size))),
		);
	}
	return [...figures, ...(await soakStalledReaders(context, size))];
}

async function soakExchange(
	context: SoakContext,
	{ name, run }: Exchange,
	bytes: number,
): Promise<Figure[]> {
	const rig = await openRig(context);
	const { url, pid } = rig.gateway;
	try {
		await run(url, warmUpBytes);
		await rig.waitForQuiet();
		const baseline = await measureIdleRss(pid);
		context.progress(`${toMegabytes(bytes)} MB ${name}`);
		const memory = watchMemory(pid);
		const { sent, received } = await run(url, bytes).finally(memory.stop);
		const same = sent.sha256 === received.sha256 && sent.bytes >= bytes;
		return [
			{
				name: `${name}: bytes with the same SHA-256`,
				value: same ? sent.bytes : 0,
				unit: "count",
				atLeast: bytes,
			},
			{
				name: `${name}: memory growth`,
				value: toMegabytes(memory.peak() - baseline),
				unit: "MB",
				atMost: maxGrowthMegabytes,
			},
		];
	} finally {
		await rig.stop();
	}
}
