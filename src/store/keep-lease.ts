import type { Clock } from "../platform/contract.ts";
import type { WriterLease } from "./writer-lease.ts";

export interface KeepOptions {
	readonly lease: WriterLease;
	readonly leaseMs: number;
	readonly clock: Clock;
	/** Runs after a renewal, as long as no renewal has been missing for the length of a lease. May reject. */
	readonly look: () => Promise<void>;
}

/** So often within a lease it is renewed: four may fail. */
const renewalsPerLease = 5;

/**
 * Renews the lease until it is stopped, and looks after those of others. Not at once, nor right after a failure of the
 * database: then the leases of all have ended, and nobody has had the time to renew his.
 * @returns stops it, and resolves when nothing of it runs any more
 */
export function keepLease(options: KeepOptions): () => Promise<void> {
	const { lease, leaseMs, clock, look } = options;
	let steadySinceMs = clock.monotonic();
	let renewedMs = steadySinceMs;
	let running: Promise<void> = Promise.resolve();
	let timer: ReturnType<typeof setTimeout> | undefined;
	let stopped = false;
	const beat = async () => {
		try {
			await lease.renew();
			const nowMs = clock.monotonic();
			if (nowMs - renewedMs > leaseMs) steadySinceMs = nowMs;
			renewedMs = nowMs;
			if (nowMs - steadySinceMs >= leaseMs) await look();
		} catch {
			// Whoever needs the database says what is wrong with it; the next renewal may succeed.
		}
	};
	const wait = () => {
		if (stopped) return;
		timer = setTimeout(() => {
			running = beat().finally(wait);
		}, leaseMs / renewalsPerLease);
	};
	wait();
	return async () => {
		stopped = true;
		clearTimeout(timer);
		await running;
	};
}
