/** What counts calls against their limits. Whoever keeps the counts, this is how they are asked. */
import type { Refusal } from "../domain/judge.ts";
import type { Limit } from "../domain/limit.ts";
import type { Nanos } from "../domain/nanos.ts";
import type { Subject } from "../domain/subject.ts";

/** What a call may come to, or has come to. Every call is one request, and one at a time. */
export interface Amounts {
	/** What the operator pays. */
	readonly nanos: bigint;
	/** Prompt tokens that no cache had, and output. */
	readonly tokens: number;
}

/** What a call has come to. */
export interface Actual extends Amounts {
	/**
	 * The model that it counts for, as the sums name it: it is what budgets of one model are about. Undefined: all that it
	 * named.
	 */
	readonly model?: string;
}

/** What a call has taken of its limits. */
export interface Reservation {
	/**
	 * The call is over: what it really came to takes the place of what it might have. Later calls of it do nothing.
	 * @param recorded resolves when the call is on the ledger, where it is not yet; until then a keeper may wait that reads it
	 */
	end(actual: Actual, recorded?: Promise<void>): void;
}

export type Reserved =
	| { readonly reservation: Reservation; readonly refusal: null }
	| { readonly reservation: null; readonly refusal: Refusal };

/** How full a budget is. */
export interface Fullness {
	readonly limit: Limit;
	/** Nano-dollars; open holds are not part of it. */
	readonly spent: bigint;
	/** The same as a part of the ceiling. */
	readonly share: number;
	/** Since 1970; null: never. */
	readonly resetsMs: number | null;
}

/** A call that asks to be let in. */
export interface Asking {
	/** Of the call; unique. A keeper that several processes share remembers by it what the call has taken. */
	readonly id: string;
	/** All that the call belongs to, limited or not. */
	readonly subjects: readonly Subject[];
	/** Those of its subjects that are about this call: a limit for a model is here only if the call can reach it. */
	readonly limits: readonly Limit[];
	/** Every model that the call names. */
	readonly models: readonly string[];
	readonly wanted: Amounts;
	/** When it began, since 1970: the ledger knows its window by that, however long its body took. Undefined: now. */
	readonly startedMs?: number;
	/** It is for more than a call, and may end in another process: nobody waits for its end. Asked again, it is as it was. */
	readonly outlives?: boolean;
}

export interface Counter {
	/** The subject is gone: nothing of it is kept. Calls of it that run end as they would have. */
	forget(subject: Subject): void;
	/**
	 * What the subject has spent, in each of its windows of now, is so much and no longer what was counted, and nothing for
	 * single models; what open calls hold stays. Rejects with StoreError.
	 */
	restate(subject: Subject, spent: Nanos): Promise<void>;
	/**
	 * The ledger says something else of the past of these subjects than it did: in the windows of now it is asked again. What
	 * open calls hold stays. Rejects with StoreError.
	 */
	recount(subjects: readonly Subject[]): Promise<void>;
	/** Of these limits' budgets the fullest; null: there is none, or none has been asked for yet. */
	fullest(limits: readonly Limit[]): Fullness | null;
	/**
	 * Takes what a call may come to of all its limits, or of none. At most the ceilings are ever let in, however many calls
	 * ask at once, in however many processes. A promise where something must be asked first; it rejects with StoreError.
	 */
	reserve(asking: Asking): Reserved | Promise<Reserved>;
	/** Nothing is counted any more. What ended before is written first. */
	close(): Promise<void>;
}

/** What was spent on a limit since a moment, and before `untilMs`, which is never where it is not said. */
export type ReadSpent = (
	limit: Limit,
	sinceMs: number,
	untilMs?: number,
) => Promise<bigint>;

/** To what was spent of a budget, in nano-dollars, so much came. */
export type OnSpent = (limit: Limit, before: bigint, more: bigint) => void;
