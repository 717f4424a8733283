import { expect, setDefaultTimeout, test } from "bun:test";
import { type Loop, toBest } from "../../../scripts/bench/event-loop.ts";
import { readTree } from "../../../scripts/bench/processes.ts";
import { openWaits, toForeign } from "../../../scripts/bench/waits.ts";

// Programs are started, on a machine that may be busy.
setDefaultTimeout(60_000);

const toLoop = (gateway: string, blockedMicros: number): Loop => ({
	gateway,
	probes: 10,
	p50Micros: 100,
	p99Micros: 200,
	longestMicros: 50_000 - blockedMicros,
	blockedMicros,
});

test("the best run is the one that was blocked least", () => {
	const runs = [
		toLoop("a", 9_000),
		toLoop("b", 1_000),
		toLoop("a", 4_000),
		toLoop("b", 2_000),
	];
	expect(toBest(runs)).toEqual([toLoop("a", 4_000), toLoop("b", 1_000)]);
	expect(toBest([])).toEqual([]);
});

test("what other programs took of a core is not what the gateway's own threads took", () => {
	const before = { main: 1_000, others: 500 };
	expect(toForeign(before, { main: 9_000, others: 500 })).toBe(8_000);
	expect(toForeign(before, { main: 9_000, others: 6_500 })).toBe(2_000);
	expect(toForeign(before, { main: 2_000, others: 6_500 })).toBe(0);
	expect(openWaits(-1)()).toEqual({ main: 0, others: 0 });
});

/** Runs for a while, says so, and stays. */
const worker = `const end = performance.now() + 300;
while (performance.now() < end);
setInterval(() => {}, 1000);
postMessage(0);`;
const parent = `const url = ${JSON.stringify(`data:text/javascript,${encodeURIComponent(worker)}`)};
new Worker(url).onmessage = () => console.log("done");`;

test.skipIf(process.platform !== "linux")(
	"a process's time has that of its threads",
	async () => {
		const child = Bun.spawn([process.execPath, "-e", parent], {
			stdio: ["ignore", "pipe", "inherit"],
		});
		await child.stdout.getReader().read();
		const { others } = openWaits(child.pid)();
		const { cpuMicros } = readTree(child.pid);
		child.kill("SIGKILL");
		await child.exited;
		expect(others).toBeGreaterThan(50_000);
		const tickMicros = 20_000;
		expect(cpuMicros).toBeGreaterThan(others - tickMicros);
	},
);
