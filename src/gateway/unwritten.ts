import { type Nanos, noNanos, toNanos } from "../domain/nanos.ts";

/** What may be spent while the database takes nothing. */
export interface Unwritten {
	/** False when so much more may not be. */
	take(nanos: Nanos): boolean;
	/** The database has caught up. */
	reset(): void;
}

/** @param mostNanos 0: nothing at all */
export function openUnwritten(mostNanos: Nanos): Unwritten {
	let taken = noNanos;
	return {
		take: (nanos) => {
			const sum = toNanos(taken + nanos);
			if (sum > mostNanos) return false;
			taken = sum;
			return true;
		},
		reset: () => {
			taken = noNanos;
		},
	};
}
