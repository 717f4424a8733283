const lookEveryMs = 20;

export const sleep = (ms: number): Promise<void> =>
	new Promise((resolve) => setTimeout(resolve, ms));

/** Looks again and again; resolves with whether it became true within the time. */
export async function becomesTrue(
	look: () => boolean | Promise<boolean>,
	limitMs: number,
): Promise<boolean> {
	const deadline = performance.now() + limitMs;
	for (;;) {
		if (await look()) return true;
		if (performance.now() > deadline) return false;
		await sleep(lookEveryMs);
	}
}

/** Does the jobs in order, so many at a time. Rejects with the first failure. */
export async function runParallel<Job>(
	jobs: Iterable<Job>,
	concurrency: number,
	run: (job: Job) => Promise<void>,
): Promise<void> {
	const queue = jobs[Symbol.iterator]();
	const work = async () => {
		for (let job = queue.next(); !job.done; job = queue.next()) {
			await run(job.value);
		}
	};
	await Promise.all(Array.from({ length: concurrency }, work));
}
