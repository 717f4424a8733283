/**
 * Asks `GET /healthz` over a connection of its own, a millisecond after each answer: `bun probe.ts <port> <pid> <seconds>`.
 * While the gateway's event loop is blocked, it answers nobody. Prints the times, in microseconds, as JSON.
 */
import { argv } from "node:process";
import { openWaits, toForeign, type Waits } from "./waits.ts";

const pauseMs = 1;
const maxSamplesPerSecond = 1_000;
const request = "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";

interface Samples {
	/** From question to answer. */
	readonly waits: Float64Array;
	/** From answer to answer, pause included, so that nothing falls between two. */
	readonly gaps: Float64Array;
	/** Of a gap, what other programs did not take of the gateway's core, or of this one. */
	readonly blocked: Float64Array;
}

const [port = "", pid = "", seconds = ""] = argv.slice(2);
const { waits, gaps, blocked } = await probe(Number(seconds));
const sorted = waits.toSorted();
const at = (part: number) =>
	sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN;
console.log(
	JSON.stringify({
		probes: sorted.length,
		p50Micros: at(0.5),
		p99Micros: at(0.99),
		longestMicros: Math.max(...gaps),
		blockedMicros: Math.max(...blocked),
	}),
);

async function probe(seconds: number): Promise<Samples> {
	const room = seconds * maxSamplesPerSecond;
	const samples: Samples = {
		waits: new Float64Array(room),
		gaps: new Float64Array(room),
		blocked: new Float64Array(room),
	};
	const readForeign = openForeign(Number(pid));
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	let asked = 0;
	let count = 0;
	const endMs = performance.now() + seconds * 1_000;
	const socket = await Bun.connect({
		hostname: "127.0.0.1",
		port: Number(port),
		socket: {
			data: (_, bytes) => {
				const nowMs = performance.now();
				// The status line is all that is looked at: "HTTP/1.1 200".
				if (bytes[9] !== 0x32) reject(new Error(String(bytes)));
				const gap = (nowMs - answered) * 1_000;
				samples.waits[count] = (nowMs - asked) * 1_000;
				samples.gaps[count] = gap;
				samples.blocked[count] = Math.max(0, gap - readForeign());
				count += 1;
				answered = nowMs;
				if (nowMs < endMs && count < room) setTimeout(ask, pauseMs);
				else resolve();
			},
			close: () => reject(new Error("the gateway closed the connection")),
		},
	});
	const ask = () => {
		asked = performance.now();
		socket.write(request);
	};
	let answered = performance.now();
	ask();
	await promise;
	socket.terminate();
	return {
		waits: samples.waits.subarray(0, count),
		gaps: samples.gaps.subarray(0, count),
		blocked: samples.blocked.subarray(0, count),
	};
}

/** What other programs have taken since it was last asked, of the gateway's core or of ours: the two may overlap. */
function openForeign(gatewayPid: number) {
	const readings = [openWaits(gatewayPid), openWaits(process.pid)];
	let last: readonly Waits[] = readings.map((read) => read());
	return () => {
		const now = readings.map((read) => read());
		const foreign = now.map((waits, at) => toForeign(last[at] ?? waits, waits));
		last = now;
		return Math.max(...foreign);
	};
}
