/**
 * Counting over any window of time, not over calendar minutes: never more than the ceiling in any 60 seconds. A log of
 * events would be exact and grow with the ceiling; sixty buckets give up at most one sixtieth of the window.
 */

const bucketsPerWindow = 60;

/** One more: the oldest, of which a part is still in the window, counts whole. */
const ringLength = bucketsPerWindow + 1;

/** Changed in place by `addTo` and `sumAt`; made by `openBuckets`. */
export interface Buckets {
	readonly bucketMs: number;
	readonly amounts: Float64Array;
	/** The number of the newest bucket, counted from the clock's zero. */
	newest: number;
	sum: number;
}

/** @param windowMs how long an amount counts: 60,000 has buckets of one second */
export const openBuckets = (windowMs: number): Buckets => ({
	bucketMs: Math.ceil(windowMs / bucketsPerWindow),
	amounts: new Float64Array(ringLength),
	newest: -ringLength,
	sum: 0,
});

/**
 * Counts an amount (a whole number) where the monotonic clock said `atMs`. A call that turns out to need less or more is
 * put right by adding the difference where it was first counted; after its window that changes nothing.
 */
export function addTo(buckets: Buckets, amount: number, atMs: number): void {
	const bucket = Math.floor(atMs / buckets.bucketMs);
	if (bucket > buckets.newest) advance(buckets, bucket);
	if (bucket <= buckets.newest - ringLength) return;
	const at = bucket % ringLength;
	buckets.amounts[at] = (buckets.amounts[at] ?? 0) + amount;
	buckets.sum += amount;
}

/** What counts now: all of the last window, and at most one bucket's length more. */
export function sumAt(buckets: Buckets, nowMs: number): number {
	const bucket = Math.floor(nowMs / buckets.bucketMs);
	if (bucket > buckets.newest) advance(buckets, bucket);
	return buckets.sum;
}

/** A clock that is behind the newest bucket finds that one: nothing is forgotten sooner. */
function advance(buckets: Buckets, bucket: number): void {
	const { amounts, newest } = buckets;
	buckets.newest = bucket;
	if (bucket - newest >= ringLength) {
		amounts.fill(0);
		buckets.sum = 0;
		return;
	}
	for (let next = newest + 1; next <= bucket; next++) {
		const at = next % ringLength;
		buckets.sum -= amounts[at] ?? 0;
		amounts[at] = 0;
	}
}

export interface Wanted {
	readonly amount: number;
	readonly ceiling: number;
	readonly nowMs: number;
}

/** Milliseconds until the amount fits if nothing else is added; 0: now; null: never, it is more than the ceiling. */
export function roomAfterMs(buckets: Buckets, wanted: Wanted): number | null {
	const { amount, ceiling, nowMs } = wanted;
	let sum = sumAt(buckets, nowMs);
	if (sum + amount <= ceiling) return 0;
	const { amounts, newest, bucketMs } = buckets;
	for (let oldest = newest - bucketsPerWindow; oldest <= newest; oldest++) {
		sum -= amounts[oldest % ringLength] ?? 0;
		if (sum + amount <= ceiling) {
			return (oldest + ringLength) * bucketMs - nowMs;
		}
	}
	return null;
}
