import { readdirSync, readFileSync } from "node:fs";

const ticksPerSecond =
	Number(Bun.spawnSync(["getconf", "CLK_TCK"]).stdout.toString()) || 100;

interface Stat {
	parent: number;
	/** User and system time of the process and of its children that have ended and were waited for. */
	ticks: number;
}

/** What a process and all below it have used so far, children that ended included. */
export function readTree(root: number) {
	const stats = readStats();
	const pids = [root];
	for (const pid of pids)
		for (const [child, { parent }] of stats)
			if (parent === pid) pids.push(child);
	return {
		cpuMicros:
			sum(pids.map((pid) => stats.get(pid)?.ticks ?? 0)) *
			(1e6 / ticksPerSecond),
		rssBytes: sum(pids.map(readRssBytes)),
	};
}

/** Linux's /proc/<pid>/stat for every process. */
function readStats() {
	const stats = new Map<number, Stat>();
	for (const name of readdirSync("/proc")) {
		if (!/^\d+$/.test(name)) continue;
		const text = tryRead(`/proc/${name}/stat`);
		if (!text) continue;
		// After the name in parentheses: state (3), parent (4) …, utime (14), stime, cutime, cstime
		const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
		stats.set(Number(name), {
			parent: Number(fields[1]),
			ticks: sum(fields.slice(11, 15).map(Number)),
		});
	}
	return stats;
}

function readRssBytes(pid: number) {
	const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(
		tryRead(`/proc/${pid}/status`),
	)?.[1];
	return Number(kilobytes ?? 0) * 1024;
}

/** Empty for a process that has just ended. */
function tryRead(path: string) {
	try {
		return readFileSync(path, "latin1");
	} catch {
		return "";
	}
}

function sum(numbers: readonly number[]) {
	return numbers.reduce((total, number) => total + number, 0);
}
