/** What a scan gives. */

import type { Slot, Value } from "./table.ts";

/** A governed member with its value. Offsets count from the first byte of the body; `end` is exclusive. */
export interface Finding<S extends Slot = Slot> {
	readonly slot: S;
	readonly value: Value<S>;
	readonly start: number;
	readonly end: number;
	/** Where the object begins that the member belongs to: findings of one tool or source share it. */
	readonly parent: number;
}

/** What one request to a model asks for. */
export interface Call {
	readonly model: string | undefined;
	readonly stream: boolean;
	readonly maxTokens: number | undefined;
	/** In the order in which their values end, these three included. */
	readonly findings: readonly Finding[];
}

/** One request of a batch, at bytes [start, end). */
export interface Item extends Call {
	readonly customId: string | undefined;
	readonly start: number;
	readonly end: number;
}

/** Bytes [start, end) that must not go upstream: a member that is for a gateway, and one comma beside it. */
export interface Cut {
	readonly start: number;
	readonly end: number;
}

export interface Scan extends Call {
	readonly bytes: number;
	readonly cuts: readonly Cut[];
	/** Somewhere it names a thing at upstream that may be somebody else's. */
	readonly namesObjects: boolean;
	/** Requests of a batch. */
	readonly items: number;
}

/** The findings of one slot. */
export function findingsOf<S extends Slot>(
	call: Pick<Call, "findings">,
	slot: S,
): Finding<S>[] {
	return call.findings.filter(
		(finding): finding is Finding<S> => finding.slot === slot,
	);
}

export function firstOf<S extends Slot>(
	findings: readonly Finding[],
	slot: S,
): Value<S> | undefined {
	for (const finding of findings) {
		if (finding.slot === slot) return finding.value as Value<S>;
	}
	return undefined;
}

export const toCall = (findings: readonly Finding[]): Call => ({
	model: firstOf(findings, "call.model"),
	stream: firstOf(findings, "call.stream") === true,
	maxTokens: firstOf(findings, "call.max_tokens"),
	findings,
});
