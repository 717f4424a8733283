/**
 * The names of a run of Entries, packed: each as a whole number of 48 bits, 36 of its hash and 12 of its Entry's place in
 * the run, and that in base64. Eight characters are one name, of which six are its hash, so that the database itself can
 * look for a hash with LIKE.
 */
import { Buffer } from "node:buffer";
import type { Entry } from "../domain/entry.ts";

/** The other names of an Entry, by its member. */
export const nameMembers = {
	message: "messageId",
	request: "upstreamRequestId",
	session: "sessionId",
	/** Of a correction: the Entry that it corrects. */
	corrected: "corrects",
} as const satisfies Record<string, keyof Entry>;

export type NameKind = keyof typeof nameMembers;

/** At most so many Entries are a run; their places fit 12 bits. */
export const runEntries = 4_096;

const bytesPerName = 6;
/** 260 bytes of a row: few enough for SQLite's trees to stay flat, which keep whole rows in their upper levels too. */
const namesPerRow = 32;

/**
 * The hash of a name, 36 bits; stable, for it is stored. Its kind is in it, so that a session that is called like a message
 * is not found in its place. Two names may have the same hash all the same (in a million Entries a lookup meets one with a
 * chance of 1 in 20,000): what is found must be held against the Entry itself.
 */
export function toNameHash(kind: NameKind, name: string): number {
	let low = 0xdeadbeef ^ kind.length;
	let high = 0x41c6ce57 ^ kind.length;
	for (const text of [kind, name]) {
		for (let at = 0; at < text.length; at++) {
			const unit = text.charCodeAt(at);
			low = Math.imul(low ^ unit, 2654435761);
			high = Math.imul(high ^ unit, 1597334677);
		}
	}
	low = mix(low) ^ mixOther(high);
	high = mix(high) ^ mixOther(low);
	return (low & 0xf) * 2 ** 32 + (high >>> 0);
}

const mix = (bits: number): number =>
	Math.imul(bits ^ (bits >>> 16), 2246822507);
const mixOther = (bits: number): number =>
	Math.imul(bits ^ (bits >>> 13), 3266489909);

/** @param place of the Entry in its run, from 0 */
export const toNameNumber = (hash: number, place: number): number =>
	hash * runEntries + place;

export interface PackedRow {
	/** The lowest hash in it; every hash from there to the next row's is in it, and in no other row of the run. */
	readonly first: number;
	readonly names: string;
}

/** @param numbers in order */
export function packNames(numbers: Float64Array): PackedRow[] {
	const rows: PackedRow[] = [];
	let at = 0;
	while (at < numbers.length) {
		const end = toRowEnd(numbers, at);
		const bytes = Buffer.allocUnsafe((end - at) * bytesPerName);
		for (let name = at; name < end; name++) {
			bytes.writeUIntBE(
				numbers[name] as number,
				(name - at) * bytesPerName,
				bytesPerName,
			);
		}
		rows.push({
			first: toHash(numbers[at] as number),
			names: bytes.toString("base64"),
		});
		at = end;
	}
	return rows;
}

/** Names with the same hash stay in one row, however many they are: a session may have as many as the run has Entries. */
function toRowEnd(numbers: Float64Array, from: number): number {
	let end = Math.min(from + namesPerRow, numbers.length);
	const last = toHash(numbers[end - 1] as number);
	while (end < numbers.length && toHash(numbers[end] as number) === last) end++;
	return end;
}

const toHash = (number: number): number => Math.floor(number / runEntries);

/** For LIKE: every row with the hash matches, and some without it. */
export function toHashPattern(hash: number): string {
	const bytes = Buffer.allocUnsafe(bytesPerName);
	bytes.writeUIntBE(toNameNumber(hash, 0), 0, bytesPerName);
	return `%${bytes.toString("base64").slice(0, 6)}%`;
}

/** The places in the run of all that have the hash, the last one first. */
export function findPlaces(names: string, hash: number): number[] {
	const bytes = Buffer.from(names, "base64");
	const places: number[] = [];
	for (let at = 0; at < bytes.length; at += bytesPerName) {
		const number = bytes.readUIntBE(at, bytesPerName);
		if (toHash(number) === hash) places.push(number % runEntries);
	}
	return places.reverse();
}
