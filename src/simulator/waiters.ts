/** Callers that wait for a change, each with a bound. */
export interface Waiters<Change> {
	/** Asks everybody who waits; whoever is satisfied is done. */
	tell(change: Change): void;
	/** Resolves with the first change that satisfies; rejects after `timeoutMs` with what `describe` says. */
	wait(
		satisfies: (change: Change) => boolean,
		timeoutMs: number | undefined,
	): Promise<Change>;
}

const defaultTimeoutMs = 5_000;

export function openWaiters<Change>(describe: () => string): Waiters<Change> {
	const waiters = new Set<(change: Change) => void>();
	return {
		tell(change) {
			for (const waiter of waiters) waiter(change);
		},
		wait(satisfies, timeoutMs = defaultTimeoutMs) {
			return new Promise((resolve, reject) => {
				const waiter = (change: Change) => {
					if (!satisfies(change)) return;
					waiters.delete(waiter);
					clearTimeout(timer);
					resolve(change);
				};
				const timer = setTimeout(() => {
					waiters.delete(waiter);
					reject(new Error(`not seen within ${timeoutMs} ms; ${describe()}`));
				}, timeoutMs);
				waiters.add(waiter);
			});
		},
	};
}
