/** How often upstream may be asked how long a prompt is. */
import { addTo, openBuckets, sumAt } from "../domain/buckets.ts";
import type { Clock } from "../platform/contract.ts";

export interface Counting {
	/** Whether one more may be asked now; then `end` once. */
	begin(): boolean;
	end(): void;
}

const maxAtOnce = 16;

/** Upstream lets the smallest customer ask 2,000 times a minute, and clients ask for themselves. */
const maxPerMinute = 600;
const minuteMs = 60_000;

export function openCounting(clock: Clock): Counting {
	const asked = openBuckets(minuteMs);
	let open = 0;
	return {
		begin: () => {
			const nowMs = clock.monotonic();
			if (open >= maxAtOnce || sumAt(asked, nowMs) >= maxPerMinute)
				return false;
			addTo(asked, 1, nowMs);
			open += 1;
			return true;
		},
		end: () => {
			open -= 1;
		},
	};
}
