import type { SqlValue } from "../platform/contract.ts";

/** One statement. Its text is compiled once, so it must not vary. */
export interface Statement {
	readonly sql: string;
	/** In the order of the placeholders; or the JSON of that list, for what has been written as JSON already. */
	readonly values: readonly SqlValue[] | string;
	/** Takes the place of the last of them. */
	readonly last?: string;
}

/** What is asked for at most once per report. */
export interface Question extends Statement {
	readonly values: readonly SqlValue[];
}

/**
 * What went wrong, in the words of both engines. `busy`: another process holds it for too long. `full`, `readonly`, `io`:
 * the disk or its rights. `corrupt`: the file is damaged. `conflict`: a row that must be unique is there already, or a
 * value does not fit. `unreachable`: no answer. `broken`: anything else.
 */
export type StoreFault =
	| "busy"
	| "full"
	| "readonly"
	| "io"
	| "corrupt"
	| "conflict"
	| "unreachable"
	| "broken";

export class StoreError extends Error {
	override name = "StoreError";
	readonly fault: StoreFault;
	constructor(fault: StoreFault, message: string, options?: ErrorOptions) {
		super(message, options);
		this.fault = fault;
	}
}

/** After these, trying again can help. */
const passing: ReadonlySet<StoreFault> = new Set([
	"busy",
	"full",
	"readonly",
	"io",
	"unreachable",
]);

export const isPassing = ({ fault }: StoreError): boolean => passing.has(fault);

/** What is none becomes `broken`. */
export const toStoreError = (error: unknown): StoreError =>
	error instanceof StoreError
		? error
		: new StoreError("broken", "the ledger failed", { cause: error });

/** A database, whichever it is. Everything rejects with StoreError. */
export interface Engine {
	readonly kind: "sqlite" | "postgres";
	/**
	 * All statements in one transaction, in their order; commits are carried out in the order in which they are asked for.
	 * @param synced resolves only when a power cut cannot undo it
	 */
	commit(statements: readonly Statement[], synced: boolean): Promise<void>;
	/** Reads what is committed; never waits behind a commit, nor a commit behind it. Each row as the values of its columns. */
	read(question: Question): Promise<SqlValue[][]>;
	/** The same in the order of the commits: it sees those that were asked for before, and those after it wait. */
	readInOrder(question: Question): Promise<SqlValue[][]>;
	close(): Promise<void>;
}
