import { hash } from "node:crypto";

/** Where a writer's part of the ledger ends. */
export interface Link {
	/** Of its last Entry; 0 before the first. */
	readonly seq: number;
	/** Of its last Entry; empty before the first. */
	readonly hash: string;
}

export const firstLink: Link = { seq: 0, hash: "" };

export interface NewLink extends Link {
	/** The row as JSON, all columns in the order of the table, with the hash before it in the place of its own. */
	readonly row: string;
}

/**
 * The link of the Entry that follows `last`. Its hash is the SHA-256 (base64) of `row`: whoever changes, removes or inserts
 * a row breaks every hash behind it.
 * @param columns all but writer, seq and hash, as JSON
 */
export function toLink(last: Link, writer: number, columns: string): NewLink {
	const seq = last.seq + 1;
	const row = `[${writer},${seq},${columns.slice(1, -1)},"${last.hash}"]`;
	return { seq, hash: hash("sha256", row, "base64"), row };
}
