/** Calls that are cut off at a random byte, of the request or of the reply: decided by the seed alone. */
import type { Script } from "../../src/simulator/script.ts";
import { openRandom } from "../../src/simulator/seeded.ts";
import { type CallPlan, openPlans } from "./plan.ts";

export interface Disconnect {
	readonly plan: CallPlan;
	/** `fin`: as a client that closes its connection; `rst`: as one that crashes. */
	readonly how: "fin" | "rst";
	/** `request`: so many bytes of it are sent. `reply`: so many bytes of it, or more, are read. */
	readonly within: "request" | "reply";
	/** From 0 to 1, of the longest that it may be. */
	readonly share: number;
	/** Milliseconds that it waits before it leaves. */
	readonly waitMs: number;
}

const kinds: readonly { readonly stream: boolean; readonly script: Script }[] =
	[
		{ stream: false, script: {} },
		{ stream: false, script: { delay_ms: 60 } },
		{ stream: true, script: {} },
		{ stream: true, script: { delay_ms: 60 } },
		{ stream: true, script: { event_delay_ms: 2 } },
		{ stream: true, script: { event_delay_ms: 15 } },
		{ stream: true, script: { event_delay_ms: 1, repeat_events: 80 } },
		{ stream: true, script: { event_delay_ms: 5, split: { seed: 3 } } },
		{ stream: true, script: { event_delay_ms: 100 } },
	];

const longestWaitMs = 40;
/** One of so many is cut within its request. */
const cutRequests = 5;

export function* toDisconnects(
	seed: number,
	count: number,
): Generator<Disconnect> {
	const random = openRandom(seed ^ 0x5eed);
	const next = openPlans(seed, `left-${seed}`);
	for (let index = 0; index < count; index++) {
		const kind = kinds[random() % kinds.length] as (typeof kinds)[number];
		yield {
			plan: { ...next(), ...kind, leaveMs: null },
			how: random() % 2 === 0 ? "fin" : "rst",
			within: random() % cutRequests === 0 ? "request" : "reply",
			share: random() / 2 ** 32,
			waitMs: random() % 2 === 0 ? 0 : random() % longestWaitMs,
		};
	}
}
