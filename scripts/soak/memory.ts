/** The gateway's memory over time: resident bytes of its whole process tree. */
import { readMemory, resetPeaks } from "./processes.ts";
import { sleep } from "./wait.ts";

/** The most that it may grow above its baseline while large bodies cross, whoever is slow. */
export const maxGrowthMegabytes = 64;

const sampleEveryMs = 50;
/** Time for the allocator to give back what the warm-up has freed, so that it does not hide growth. */
const settleMs = 1_500;
const idleSamples = 20;

/** The median of a second's samples of an idle gateway, taken after it has settled. */
export async function measureIdleRss(pid: number): Promise<number> {
	await sleep(settleMs);
	const samples: number[] = [];
	while (samples.length < idleSamples) {
		samples.push(readMemory(pid).rss);
		await sleep(sampleEveryMs);
	}
	return samples.sort((a, b) => a - b)[idleSamples / 2] as number;
}

export interface MemoryWatch {
	/** The highest so far. What falls between two samples is in the kernel's high-water mark. */
	peak(): number;
	stop(): void;
}

export function watchMemory(pid: number): MemoryWatch {
	const isReset = resetPeaks(pid);
	let highest = 0;
	const sample = () => {
		const { rss, peak } = readMemory(pid);
		highest = Math.max(highest, isReset ? peak : rss);
	};
	sample();
	const timer = setInterval(sample, sampleEveryMs);
	return {
		peak: () => {
			sample();
			return highest;
		},
		stop: () => clearInterval(timer),
	};
}
