/**
 * What the program and its database workers say to each other: JSON as text, because that crosses threads faster than
 * objects do (two thirds of the cost, Bun 1.4.5).
 */
import type { SqlValue } from "../platform/contract.ts";
import type { StoreFault } from "./engine.ts";

/** The two ends of a worker have the same shape. */
export interface Port {
	postMessage(message: string): void;
	onmessage: ((event: { data: string }) => void) | null;
}

export interface OpenAsk {
	readonly open: string;
}

/** The texts of statements go over once, each with the number by which it is meant from then on. */
export interface CommitAsk {
	readonly texts: readonly (readonly [number, string])[];
	readonly commit: readonly (readonly [
		statement: number,
		values: SqlValue[],
		last?: string,
	])[];
	readonly synced: boolean;
}

export interface ReadAsk {
	readonly read: string;
	readonly values: readonly SqlValue[];
}

/** The last one. */
export interface CloseAsk {
	readonly close: true;
}

export type Ask = OpenAsk | CommitAsk | ReadAsk | CloseAsk;

/** Answers come in the order of the asks. */
export type Answer =
	| { readonly rows: SqlValue[][] }
	| { readonly fault: StoreFault; readonly message: string };

/** The answer to every commit that went well; it is the common one. */
export const done = "{}";
