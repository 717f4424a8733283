/** Many streams open at once, each silent for long between its events: none may be cut, every byte must arrive. */
import {
	type Figure,
	type SoakContext,
	toMegabytes,
	toNone,
} from "./figure.ts";
import { measureIdleRss, watchMemory } from "./memory.ts";
import { message, messageBody, toEvents } from "./payload.ts";
import { openSocket, readReply, toHead } from "./raw-call.ts";
import { openRig, type Rig } from "./rig.ts";
import { becomesTrue } from "./wait.ts";

export interface StreamsSize {
	readonly streams: number;
	readonly silentPeriods: number;
	readonly silenceMs: number;
}

export const streamsSizes = {
	full: { streams: 1_000, silentPeriods: 2, silenceMs: 30_000 },
	/** More than the runtime's default idle limit of 10 s, which shows at 12 s. */
	quick: { streams: 200, silentPeriods: 1, silenceMs: 13_000 },
} as const satisfies Record<string, StreamsSize>;

const warmUp: StreamsSize = { streams: 20, silentPeriods: 1, silenceMs: 50 };

/** A timer may fire a little early, and the first byte may come a little late. */
const silenceTolerance = 0.95;
const openLimitMs = 20_000;

/** How a stream went. */
interface Followed {
	/** `cut`: it broke off. `differs`: what came is not what was sent. */
	readonly end: "whole" | "cut" | "differs";
	readonly cause?: unknown;
	/** Bytes that came and are as they were sent. */
	readonly bytes: number;
	/** From the first byte to the last. */
	readonly lastedMs: number;
}

export async function soakStreams(
	context: SoakContext,
	size: StreamsSize,
): Promise<Figure[]> {
	const rig = await openRig(context);
	try {
		await runStreams(rig, { ...warmUp, prefix: `warm-${context.seed}` });
		const baseline = await measureIdleRss(rig.gateway.pid);
		const memory = watchMemory(rig.gateway.pid);
		const running = runStreams(rig, { ...size, prefix: `${context.seed}` });
		const [atOnce, followed] = await Promise.all([
			watchOpening(rig, size, context),
			running,
		]).finally(memory.stop);
		const growth = memory.peak() - baseline;
		const causes = followed.flatMap(({ cause }) => (cause ? [`${cause}`] : []));
		for (const cause of new Set(causes)) context.progress(cause);
		return toFigures(followed, { ...size, atOnce, growth });
	} finally {
		await rig.stop();
	}
}

function toFigures(
	followed: readonly Followed[],
	size: StreamsSize & { atOnce: number; growth: number },
): Figure[] {
	const count = (end: Followed["end"]) =>
		followed.filter((stream) => stream.end === end).length;
	const bytes = followed.reduce((sum, stream) => sum + stream.bytes, 0);
	const shortestMs = Math.min(...followed.map(({ lastedMs }) => lastedMs));
	const silence = shortestMs / size.silentPeriods / 1000;
	return [
		{
			name: "streams open at once",
			value: size.atOnce,
			unit: "count",
			atLeast: size.streams,
		},
		{
			name: "silence between events, shortest",
			value: silence,
			unit: "s",
			atLeast: (size.silenceMs * silenceTolerance) / 1000,
		},
		toNone("streams cut", count("cut")),
		toNone("streams whose bytes differ", count("differs")),
		{
			name: "streams whole",
			value: count("whole"),
			unit: "count",
			atLeast: size.streams,
		},
		{ name: "bytes compared", value: bytes, unit: "count" },
		{ name: "memory growth", value: toMegabytes(size.growth), unit: "MB" },
	];
}

function runStreams(
	rig: Rig,
	size: StreamsSize & { prefix: string },
): Promise<Followed[]> {
	const follow = (_: unknown, index: number) =>
		followStream(rig, `${size.prefix}-${index}`, size);
	return Promise.all(Array.from({ length: size.streams }, follow));
}

/** The most that were in progress while they opened, as the gateway counts them. */
async function watchOpening(
	rig: Rig,
	{ streams, silentPeriods, silenceMs }: StreamsSize,
	{ progress }: SoakContext,
): Promise<number> {
	let most = 0;
	await becomesTrue(async () => {
		most = Math.max(most, await rig.countCallsInProgress());
		return most >= streams;
	}, openLimitMs);
	progress(
		`${most} streams open, silent for ${silentPeriods} × ${silenceMs / 1000} s`,
	);
	return most;
}

/** Opens a stream and compares every byte of it with what upstream sends. Rejects when there is no connection. */
export async function followStream(
	rig: Rig,
	id: string,
	{ silentPeriods, silenceMs }: Omit<StreamsSize, "streams">,
): Promise<Followed> {
	const { url } = rig.gateway;
	const count = silentPeriods + 1;
	const expected = toEvents(id, count);
	let bytes = 0;
	let firstMs = 0;
	const toFollowed = (end: Followed["end"], cause?: unknown): Followed => ({
		end,
		cause,
		bytes,
		lastedMs: performance.now() - firstMs,
	});
	const line = `POST /anthropic/v1/messages?id=${id}&events=${count}&silence_ms=${silenceMs}`;
	const socket = await openSocket(url);
	try {
		socket.write(toHead(url, line, message) + messageBody);
		const reply = await readReply(socket);
		for await (const piece of reply.body) {
			firstMs ||= performance.now();
			if (!expected.subarray(bytes, bytes + piece.length).equals(piece)) {
				return toFollowed("differs", `status ${reply.status}: ${piece}`);
			}
			bytes += piece.length;
		}
		return toFollowed(bytes === expected.length ? "whole" : "differs");
	} catch (cause) {
		return toFollowed("cut", cause);
	} finally {
		socket.destroy();
	}
}
