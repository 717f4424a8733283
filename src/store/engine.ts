import type { SqlValue } from "../platform/contract.ts";

/** One statement with its values, in the order of its placeholders. The text is compiled once, so it must not vary. */
export interface Statement {
	readonly sql: string;
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

/** A database, whichever it is. Everything rejects with StoreError. */
export interface Engine {
	readonly kind: "sqlite" | "postgres";
	/**
	 * All statements in one transaction, in their order; commits are carried out in the order in which they are asked for.
	 * @param synced resolves only when a power cut cannot undo it
	 */
	commit(statements: readonly Statement[], synced: boolean): Promise<void>;
	/** Reads what is committed; never waits behind a commit, nor a commit behind it. Each row as the values of its columns. */
	read(statement: Statement): Promise<SqlValue[][]>;
	/** The same in the order of the commits: it sees those that were asked for before, and those after it wait. */
	readInOrder(statement: Statement): Promise<SqlValue[][]>;
	close(): Promise<void>;
}
