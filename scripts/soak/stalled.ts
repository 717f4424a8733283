/** Clients that ask for a large reply, read its beginning and no more: what they do not take must stay with upstream. */
import type { Socket } from "node:net";
import { endLimitMs, watchEndings } from "./endings.ts";
import {
	type Figure,
	type SoakContext,
	toMegabytes,
	toNone,
} from "./figure.ts";
import { maxGrowthMegabytes, measureIdleRss, watchMemory } from "./memory.ts";
import { countDescriptors } from "./processes.ts";
import { leave, openSocket, readReply } from "./raw-call.ts";
import { openRig, type Rig } from "./rig.ts";
import { toDownload } from "./transfer.ts";
import { becomesTrue } from "./wait.ts";

export interface StalledSize {
	readonly readers: number;
	readonly replyBytes: number;
}

const warmUpReaders = 10;
/** Nothing more crosses when upstream has given out nothing for so long. */
const stillMs = 1_500;
const stillLimitMs = 30_000;
const descriptorLimitMs = 5_000;

/** Readers that have stopped, by the id of their call. */
type Readers = ReadonlyMap<string, Socket>;

export async function soakStalledReaders(
	context: SoakContext,
	size: StalledSize,
): Promise<Figure[]> {
	const rig = await openRig(context);
	const { pid } = rig.gateway;
	try {
		await leaveAll(
			rig,
			await stall(rig, "warm", { ...size, readers: warmUpReaders }),
		);
		await rig.waitForQuiet();
		const baseline = await measureIdleRss(pid);
		const descriptors = countDescriptors(pid);
		const memory = watchMemory(pid);
		const readers = await stall(rig, "stalled", size).finally(memory.stop);
		const growth = memory.peak() - baseline;
		const given = await countGiven(rig, "stalled");
		context.progress(
			`${readers.size} readers of ${toMegabytes(size.replyBytes)} MB have stopped reading`,
		);
		const { calls, open, slowestMs } = await leaveAll(rig, readers);
		const toLeft = () => countDescriptors(pid) - descriptors;
		await becomesTrue(() => toLeft() <= 0, descriptorLimitMs);
		// Before the next question, which may open a connection of its own.
		const left = toLeft();
		const inProgress = await rig.countCallsInProgress();
		return [
			{
				name: "stalled readers",
				value: calls,
				unit: "count",
				atLeast: size.readers,
			},
			{
				name: "stalled readers: given out by upstream",
				value: toMegabytes(given),
				unit: "MB",
				atMost: toMegabytes(size.readers * size.replyBytes) / 2,
			},
			{
				name: "stalled readers: memory growth",
				value: toMegabytes(growth),
				unit: "MB",
				atMost: maxGrowthMegabytes,
			},
			toNone("stalled readers gone: upstream calls still open", open),
			{
				name: "stalled readers gone: slowest end upstream",
				value: slowestMs,
				unit: "ms",
				atMost: endLimitMs,
			},
			toNone("stalled readers gone: descriptors too many", left),
			toNone("stalled readers gone: calls in progress", inProgress),
		];
	} finally {
		await rig.stop();
	}
}

/** Resolves when every reader has stopped and nothing moves any more. */
async function stall(
	rig: Rig,
	prefix: string,
	{ readers, replyBytes }: StalledSize,
): Promise<Readers> {
	const ids = Array.from(
		{ length: readers },
		(_, index) => `${prefix}-${index}`,
	);
	const stalled = await Promise.all(
		ids.map(
			async (id) =>
				[id, await stallReader(rig.gateway.url, id, replyBytes)] as const,
		),
	);
	let given = -1;
	let sinceMs = performance.now();
	const isStill = await becomesTrue(async () => {
		const now = await countGiven(rig, prefix);
		if (now !== given) sinceMs = performance.now();
		given = now;
		return performance.now() - sinceMs > stillMs;
	}, stillLimitMs);
	if (!isStill)
		throw new Error("upstream goes on giving, although nobody reads");
	return new Map(stalled);
}

/** Takes the first piece of the body. Nobody asks for more, so the socket stops reading when its small buffer is full. */
async function stallReader(
	url: string,
	id: string,
	bytes: number,
): Promise<Socket> {
	const socket = await openSocket(url);
	socket.write(toDownload(url, id, bytes));
	const { status, body } = await readReply(socket);
	if (status !== 200) throw new Error(`a download began with status ${status}`);
	await body.next();
	return socket;
}

async function countGiven(rig: Rig, prefix: string): Promise<number> {
	const calls = await rig.listUpstreamCalls();
	const ours = calls.filter(({ id }) => id.startsWith(prefix));
	return ours.reduce((sum, { bytes }) => sum + bytes, 0);
}

function leaveAll(rig: Rig, readers: Readers) {
	const leftMs = new Map<string, number>();
	for (const [id, socket] of readers) {
		leave(socket, "fin");
		leftMs.set(id, Date.now());
	}
	return watchEndings(rig, leftMs);
}
