import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const idLetters = 22;

/** `toId("msg", body)` is `msg_01` and 22 base-58 letters that depend on nothing but the two arguments. */
export function toId(prefix: string, seed: string | Uint8Array): string {
	const digest = createHash("sha256").update(seed).digest();
	let id = `${prefix}_01`;
	for (let at = 0; at < idLetters; at++) {
		id += alphabet.charAt((digest[at] ?? 0) % alphabet.length);
	}
	return id;
}

/** Hands out the ids of things that are created: the nth id of a prefix is the same in every simulator. */
export function openIds(): (prefix: string) => string {
	const counts = new Map<string, number>();
	return (prefix) => {
		const count = (counts.get(prefix) ?? 0) + 1;
		counts.set(prefix, count);
		return toId(prefix, `${prefix}:${count}`);
	};
}

/** Looks like the API's signatures and encrypted members: base64 that means nothing. */
export function toOpaque(seed: string): string {
	const digest = createHash("sha512").update(seed).digest();
	return `EqQB${Buffer.concat([digest, digest]).toString("base64")}`;
}
