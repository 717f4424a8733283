/** What a meter gives. */

import type { Nanos } from "../../domain/nanos.ts";
import { emptyUsage, type Iteration, type Usage } from "../../domain/usage.ts";
import type { EventSink } from "./sse.ts";

/**
 * How much of the usage upstream has said. `nothing`: none of it, the counts are 0. `input`: what the call began with; the
 * output is a first guess or of some time ago. `all`: its last word.
 */
export type Known = "nothing" | "input" | "all";

export interface Reading {
	readonly usage: Usage;
	readonly known: Known;
	/**
	 * Something that upstream said could not be read, or contradicts itself: a count that is no whole number of 0 or more or
	 * is beyond 2^53, a wrong type, a total that fell, a reply without the usage it must have. Such a count is 0 in `usage`,
	 * and all that was said of usage stands in `usageRest`.
	 */
	readonly malformed: boolean;
	/** Tokens of output, by what has come of it; never less than upstream has said. Only of interest while not all is known. */
	readonly outputEstimate: number;
	/** It thinks, which is billed in full and shown in part or not at all: the estimate may be far too low. */
	readonly thinks: boolean;
	/** `msg_…`, `chatcmpl…`, or the id of the session. */
	readonly messageId: string | null;
	/** Of the container in which code ran. */
	readonly containerId: string | null;
	/** Of an error in the stream, or of a reply that is one. */
	readonly errorType: string | null;
	/** What upstream's usage says beyond the members of Usage, as compact JSON of at most about 4 KB; null if that is nothing. */
	readonly usageRest: string | null;
	/** What the session has cost since it was created, at list price; null for all other replies. */
	readonly session: SessionCost | null;
}

export interface SessionCost {
	/** Null while upstream does not tell. */
	readonly listCost: Nanos | null;
	/** Of running time, which the cost includes. */
	readonly activeSeconds: number;
}

/** What is to be charged for: where upstream's last word is missing, with the output that is estimated. */
export function toBillable(reading: Reading): Usage {
	const { usage, known, outputEstimate } = reading;
	const more = outputEstimate - usage.output;
	if (known === "all" || more <= 0) return usage;
	// where there are iterations, they are what is charged for
	const iterations =
		usage.iterations.length === 0
			? usage.iterations
			: [...usage.iterations, toStep(more)];
	return { ...usage, output: outputEstimate, iterations };
}

const toStep = (output: number): Iteration => ({
	type: "message",
	model: null,
	input: 0,
	output,
	cacheWrite5m: 0,
	cacheWrite1h: 0,
	cacheRead: 0,
});

/** English text has about so many to a token; other scripts have more bytes to a character and fewer characters to a token. */
const bytesPerToken = 3.5;

export const estimateTokens = (bytes: number): number =>
	Math.ceil(bytes / bytesPerToken);

export const emptyReading: Reading = {
	usage: emptyUsage,
	known: "nothing",
	malformed: false,
	outputEstimate: 0,
	thinks: false,
	messageId: null,
	containerId: null,
	errorType: null,
	usageRest: null,
	session: null,
};

/** Reads the events of one stream. */
export interface StreamMeter {
	readonly sink: EventSink;
	/** May be asked at any time. */
	read(): Reading;
}
