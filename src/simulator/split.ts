import { Buffer } from "node:buffer";
import type { Script } from "./script.ts";
import { openRandom } from "./seeded.ts";
import type { Step, Steps } from "./steps.ts";

const maxRandomBytes = 97;

/**
 * The same bytes cut elsewhere: in pieces of a size, or of seeded random sizes that join and divide what were single
 * writes. What is not a write keeps its place.
 */
export async function* splitSteps(
	steps: Steps,
	split: NonNullable<Script["split"]>,
): AsyncGenerator<Step> {
	const nextSize = openSizes(split);
	let wanted = nextSize();
	let held: Uint8Array = new Uint8Array(0);
	for await (const step of steps) {
		if (step.do !== "write") {
			if (held.length > 0) yield { do: "write", bytes: held };
			held = new Uint8Array(0);
			yield step;
			continue;
		}
		held = held.length === 0 ? step.bytes : Buffer.concat([held, step.bytes]);
		while (held.length >= wanted) {
			yield { do: "write", bytes: held.subarray(0, wanted) };
			held = held.subarray(wanted);
			wanted = nextSize();
		}
	}
	if (held.length > 0) yield { do: "write", bytes: held };
}

function openSizes(split: NonNullable<Script["split"]>): () => number {
	if ("bytes" in split) return () => split.bytes;
	const random = openRandom(split.seed);
	return () => 1 + (random() % maxRandomBytes);
}
