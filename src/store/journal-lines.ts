/** The lines of a journal: each begins with the checksum of what follows. */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";

/** The two halves of a line, so that the long one need not be copied to stand behind the short one. */
export interface Payload {
	readonly head: string;
	readonly body: string;
}

export const lineEnd = 0x0a;

/** A checksum in base 36, and a blank. */
const sumCharacters = 7;
const aroundBytes = sumCharacters + " ".length + "\n".length;

/** What stands in the line that ends before `end`; null where its checksum says that it is not whole. */
export function readLine(
	bytes: Buffer,
	start: number,
	end: number,
	generation: number,
): string | null {
	const from = bytes.indexOf(blank, start) + 1;
	if (from === 0 || from > end) return null;
	const sum = bytes.toString("latin1", start, from - 1);
	if (!/^[0-9a-z]{1,7}$/.test(sum)) return null;
	const isWhole =
		Number.parseInt(sum, 36) === crc32(bytes.subarray(from, end), generation);
	return isWhole ? bytes.toString("utf8", from, end) : null;
}

const blank = 0x20;

/** How long the lines of these are. */
export function toBytes(payloads: readonly Payload[]): number {
	let bytes = 0;
	for (const { head, body } of payloads) {
		bytes += aroundBytes + Buffer.byteLength(head) + Buffer.byteLength(body);
	}
	return bytes;
}

/** Writes lines to where there is room for them; returns where they end. Nothing is made of a line but its bytes. */
export function putLines(
	into: Buffer,
	position: number,
	payloads: readonly Payload[],
	generation: number,
): number {
	let at = position;
	for (const { head, body } of payloads) {
		const start = at + sumCharacters + 1;
		let end = start + into.write(head, start, "utf8");
		end += into.write(body, end, "utf8");
		const sum = crc32(into.subarray(start, end), generation).toString(36);
		into.write(`${sum.padStart(sumCharacters, "0")} `, at, "latin1");
		into[end] = lineEnd;
		at = end + 1;
	}
	return at;
}
