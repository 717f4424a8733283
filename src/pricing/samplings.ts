/** Which of a usage's numbers are billed. */
import type { Iteration, TokenCounts, Usage } from "../domain/usage.ts";
import type { CostNote } from "./cost-notes.ts";

/** One billed step; `model` null: that of the response. */
export interface Sampling extends TokenCounts {
	readonly model: string | null;
}

export interface Billed {
	readonly samplings: readonly Sampling[];
	readonly notes: readonly CostNote[];
}

const declined: Billed = { samplings: [], notes: ["declined_free"] };
const noNotes: readonly never[] = [];

/** At an answer; another one follows when the first declines. */
const attempts: ReadonlySet<string> = new Set(["message", "fallback_message"]);
/** What the top level of a usage does not count. */
const extras: ReadonlySet<string> = new Set(["compaction", "advisor_message"]);

/** Refused before a word was written: such a reply shows counts and costs nothing. */
const isRefusal = ({ stopReason, output }: Usage): boolean =>
	stopReason === "refusal" && output === 0;

/** Of the iteration types that count: what the top level counts and no iteration does. */
function toRest(usage: Usage): Sampling | null {
	let { input, output, cacheRead } = usage;
	let write = usage.cacheWrite5m + usage.cacheWrite1h;
	for (const entry of usage.iterations) {
		if (extras.has(entry.type)) continue;
		input -= entry.input;
		output -= entry.output;
		cacheRead -= entry.cacheRead;
		// The top level may know only the sum, and calls it all five-minute writes.
		write -= entry.cacheWrite5m + entry.cacheWrite1h;
	}
	if (Math.max(input, output, cacheRead, write) <= 0) return null;
	return {
		model: null,
		input: Math.max(input, 0),
		output: Math.max(output, 0),
		cacheRead: Math.max(cacheRead, 0),
		cacheWrite5m: Math.max(write, 0),
		cacheWrite1h: 0,
	};
}

/** `next`: the type of the attempt that follows; null for the last one. */
function isDeclined(
	entry: Iteration,
	next: string | null,
	usage: Usage,
): boolean {
	if (entry.output > 0 || !attempts.has(entry.type)) return false;
	const isLastFallback = next === null && entry.type === "fallback_message";
	return (
		next === "fallback_message" ||
		isRefusal(usage) ||
		(isLastFallback && usage.stopReason === "refusal")
	);
}

function toBilledIterations(usage: Usage): Billed {
	const samplings: Sampling[] = [];
	const notes: CostNote[] = [];
	let next: string | null = null;
	for (const entry of usage.iterations.toReversed()) {
		const isAttempt = attempts.has(entry.type);
		if (isDeclined(entry, next, usage)) {
			notes.push("declined_free");
		} else {
			samplings.push(entry);
			if (!isAttempt && !extras.has(entry.type)) {
				notes.push("unknown_iteration");
			}
			// The response names the model that served in the end.
			if (isAttempt && entry.model === null && next === "fallback_message") {
				notes.push("unnamed_model");
			}
		}
		if (isAttempt) next = entry.type;
	}
	samplings.reverse();
	const rest = isRefusal(usage) ? null : toRest(usage);
	if (rest) {
		samplings.push(rest);
		notes.push("beyond_iterations");
	}
	return { samplings, notes };
}

/**
 * Without iterations the top level is what is billed. With them it is each of their entries, but for attempts that
 * declined before output; and what the top level counts beyond them.
 */
export function toBilled(usage: Usage): Billed {
	if (usage.iterations.length > 0) return toBilledIterations(usage);
	return isRefusal(usage) ? declined : { samplings: [usage], notes: noNotes };
}
