/** How long a process waited for its core because other programs had it. */
import { openSync, readdirSync, readSync } from "node:fs";

/** In microseconds, each since the thread began. */
export interface Waits {
	/** The main thread was ready to run, and did not. */
	readonly main: number;
	/** The process's other threads ran: that is no fault of other programs. */
	readonly others: number;
}

const lineBytes = 128;

/**
 * Linux's accounting of the process's threads (`schedstat`: nanoseconds on the core, and waiting for it), as they are now;
 * the descriptors stay open, since a reading is taken every millisecond (3 µs per thread). Zeros without such accounting.
 */
export function openWaits(pid: number): () => Waits {
	const line = Buffer.alloc(lineBytes);
	const threads = listThreads(pid).map((thread) => {
		const path = `/proc/${pid}/task/${thread}/schedstat`;
		const descriptor = openSync(path, "r");
		let last: readonly number[] = [];
		const read = () => {
			try {
				const length = readSync(descriptor, line, 0, lineBytes, 0);
				const text = line.toString("latin1", 0, length);
				last = text.split(" ").map((nanos) => Number(nanos) / 1_000);
			} catch {
				// The thread has ended, and its account with it.
			}
			return last;
		};
		return { isMain: thread === pid, read };
	});
	return () => {
		let main = 0;
		let others = 0;
		for (const { isMain, read } of threads) {
			const [ran = 0, waited = 0] = read();
			if (isMain) main = waited;
			else others += ran;
		}
		return { main, others };
	};
}

function listThreads(pid: number): number[] {
	try {
		return readdirSync(`/proc/${pid}/task`).map(Number);
	} catch {
		return [];
	}
}

/** Of the time between two readings, what was other programs' doing. Too little rather than too much. */
export const toForeign = (before: Waits, after: Waits): number =>
	Math.max(0, after.main - before.main - (after.others - before.others));
