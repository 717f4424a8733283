/**
 * Counts that several processes share. Whoever keeps them knows nothing of limits, and whoever counts nothing of databases:
 * between them stand texts that only the one who counts can read.
 */
import type { Subject } from "./subject.ts";

/** How all counts of one subject are written down. */
export interface CountFormat<Counts> {
	/** @param birth no two counts have the same: what was taken of those that were removed is not given back to these */
	empty(birth: string): Counts;
	read(text: string): Counts;
	write(counts: Counts): CountText;
}

export interface CountText {
	readonly text: string;
	/** From then on, since 1970, it says nothing that the ledger does not say, and may be removed. */
	readonly untilMs: number;
}

/** What a task sees. Nobody else sees or changes it meanwhile. */
export interface CountView<Counts> {
	/** Of the database's clock, when all of it was locked; since 1970. */
	readonly nowMs: number;
	/** What the task's call has taken; null: nothing, or it has been given back. */
	readonly stakes: string | null;
	/** To be changed in place. Null: nobody has counted the subject. */
	find(subject: Subject): Counts | null;
	remove(subject: Subject): void;
}

/** Done whole or not at all, and once: also where a connection is lost while it is committed. */
export interface CountTask<Counts, Outcome> {
	/** Of the call; null: it is about none. */
	readonly id: string | null;
	readonly subjects: readonly Subject[];
	/** Those that nobody has counted are begun. */
	readonly begins: boolean;
	/** For how long it is tried; null: until it is done. */
	readonly withinMs: number | null;
	/** Must change nothing but what the view shows: it may be run again. What it throws, the task rejects with. */
	run(view: CountView<Counts>): {
		/** What the call has taken from now on. */
		readonly stakes: string | null;
		readonly outcome: Outcome;
	};
	/** It was given up, and may have been done all the same. */
	onUnsure?(): void;
}

/** What a call has taken whose process has ended. */
export interface OrphanedStakes {
	readonly id: string;
	readonly stakes: string;
	/** What it came to; null: the ledger has no Entry of it. */
	readonly actual: {
		readonly nanos: bigint;
		readonly tokens: number;
		/** What served, or else was asked for; null: more than one, or none. */
		readonly model: string | null;
	} | null;
}

export interface SharedCounts<Counts> {
	/** In the order in which they are asked for, many in one transaction. Rejects with StoreError. */
	run<Outcome>(task: CountTask<Counts, Outcome>): Promise<Outcome>;
	/** Which of these somebody has counted. Rejects with StoreError. */
	findCounted(subjects: readonly Subject[]): Promise<readonly Subject[]>;
	/** A StoreError for what cannot be done now. */
	toBusy(message: string): Error;
	/** Resolves when nothing waits any more. */
	idle(): Promise<void>;
	/** When nothing waits any more, or after so long; then what still waits is given up. */
	close(withinMs: number): Promise<void>;
}

export interface SharedCountsOptions<Counts> {
	readonly format: CountFormat<Counts>;
	/** Called now and then, as long as this process's own lease is renewed. May reject. */
	readonly onOrphans: (orphans: readonly OrphanedStakes[]) => Promise<void>;
}

/** Once for a process. */
export type OpenSharedCounts = <Counts>(
	options: SharedCountsOptions<Counts>,
) => SharedCounts<Counts>;
