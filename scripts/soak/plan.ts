/** When and how each client leaves: decided by the seed alone. */
import { openRandom } from "../../src/simulator/seeded.ts";

/**
 * `before-head`: while upstream is still silent. `between-events`: after a whole event. `mid-event`: when half an event
 * has come. `during-upload`: of a body that streams through. `during-message`: of a body that is read whole first.
 */
export const moments = [
	"before-head",
	"between-events",
	"mid-event",
	"during-upload",
	"during-message",
] as const;

export interface Abort {
	readonly id: string;
	readonly moment: (typeof moments)[number];
	/** `fin`: as a client that closes its connection; `rst`: as one that crashes. */
	readonly how: "fin" | "rst";
	/** The event after which, or in which, it leaves. */
	readonly event: number;
	/** Milliseconds that it waits at that moment. */
	readonly delayMs: number;
	/** Of an upload: how much of it is sent, from 0 to 1. */
	readonly share: number;
}

const mostEvents = 6;
const longestDelayMs = 150;

/** @param prefix of the ids; aborts with another prefix are others */
export function toPlan(prefix: string, count: number): Abort[] {
	const random = openRandom(Bun.hash.crc32(prefix));
	return Array.from({ length: count }, (_, index) => ({
		id: `${prefix}-${index}`,
		moment: moments[random() % moments.length] as Abort["moment"],
		how: random() % 2 === 0 ? "fin" : "rst",
		event: random() % mostEvents,
		delayMs: random() % longestDelayMs,
		share: (random() % 100) / 100,
	}));
}
