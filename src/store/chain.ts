import { hash } from "node:crypto";

/** Where a writer's part of the ledger ends. */
export interface Link {
	/** Of its last Entry; 0 before the first. */
	readonly seq: number;
	/** Of its last Entry; empty before the first. */
	readonly hash: string;
}

export const firstLink: Link = { seq: 0, hash: "" };

/**
 * The link of the Entry that follows `last`: its number, and the SHA-256 (base64) of the hash before it, of writer and
 * number, and of its columns as JSON in the order of the table. Whoever changes, removes or inserts a row breaks every hash
 * behind it.
 */
export function toLink(last: Link, writer: number, columns: string): Link {
	const seq = last.seq + 1;
	const text = `${last.hash}\n${writer} ${seq}\n${columns}`;
	return { seq, hash: hash("sha256", text, "base64") };
}
