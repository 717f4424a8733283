/** The values of governed members: what they must be, and what is kept of them across chunks. */

import { Buffer } from "node:buffer";
import { noBytes } from "./bytes.ts";
import type { Member } from "./shape.ts";
import { malformed, maxFindings, maxKeptBytes, type State } from "./state.ts";
import type { Slot, Value } from "./table.ts";

function wrongValue(s: State, member: Member) {
	return malformed(
		`\`${member.name}\` must be ${member.must} (byte offset ${s.valueStart} of the request body).`,
	);
}

const tooLong = (member: Member) =>
	malformed(
		`\`${member.name}\` is longer than ${maxKeptBytes} bytes. Send a shorter one.`,
	);

/** Refuses a governed value of a wrong type by its first byte, at i; holds it if it is to be kept. */
export function beginValue(s: State, member: Member, byte: number, i: number) {
	if (member.keep === undefined) return;
	s.valueStart = s.base + i;
	s.valueByte = byte;
	const first = String.fromCharCode(byte);
	if (member.allowed?.includes(first) === false) throw wrongValue(s, member);
	if (member.parsed.includes(first)) hold(s, s.valueStart, member);
}

/** Keeps what the table wants of the governed value that ends before bytes[end]. */
export function endValue(s: State, member: Member, bytes: Buffer, end: number) {
	if (member.keep === undefined) return;
	const raw = takeHeld(s, bytes, end);
	const value = raw === undefined ? undefined : parse(s, member, raw);
	if (member.cut && s.cutting)
		s.cuts.push({ start: s.cutStart, end: s.base + end });
	const present =
		raw !== undefined
			? value !== null
			: member.parsed === "" && s.valueByte !== 0x6e;
	if (!present) return;
	if (member.names) s.namesObjects = true;
	addFinding(s, member.slot, value, s.base + end);
}

function addFinding(s: State, slot: Slot, value: unknown, end: number) {
	if (s.findings.length === maxFindings) {
		throw malformed(
			`The request body has more than ${maxFindings} tools, images, files and cache marks in one call. Send fewer.`,
		);
	}
	s.findings.push({
		slot,
		value: value as Value<Slot>,
		start: s.valueStart,
		end,
		parent: s.frame.start,
	});
}

/** T-41: labels are copied and merged later on, where this name would reach into a prototype. */
const dropPrototype = (name: string, value: unknown) =>
	name === "__proto__" ? undefined : value;

function parse(s: State, member: Member, raw: string): unknown {
	if (member.keep === "raw") return raw;
	let value: unknown;
	try {
		value = JSON.parse(raw, member.keep === "json" ? dropPrototype : undefined);
	} catch (cause) {
		throw malformed(
			`\`${member.name}\` has a bad escape or a control character (byte offset ${s.valueStart} of the request body).`,
			cause,
		);
	}
	if (member.keep !== "count") return value;
	// JSON allows `1e3` and `-0`, and `1e400` is Infinity here
	if (!Number.isSafeInteger(value) || (value as number) < 0)
		throw wrongValue(s, member);
	return Math.abs(value as number);
}

/** From this offset on, bytes outlive their chunk: of the value of `holder`, or of a name. */
export function hold(s: State, start: number, holder: Member | undefined) {
	s.hold = start;
	s.holder = holder;
}

/** Saves what is held of a chunk that ends. */
export function holdOver(s: State, bytes: Buffer) {
	if (s.hold < 0) return;
	const piece = bytes.subarray(Math.max(s.hold - s.base, 0));
	const length = s.heldBytes + piece.length;
	if (length > maxKeptBytes) {
		if (s.holder !== undefined) throw tooLong(s.holder);
		dropHeld(s);
		return;
	}
	if (length > s.held.length) {
		const larger = new Uint8Array(Math.max(length, 2 * s.held.length));
		larger.set(s.held.subarray(0, s.heldBytes));
		s.held = larger;
	}
	s.held.set(piece, s.heldBytes);
	s.heldBytes = length;
}

export function dropHeld(s: State) {
	s.hold = -1;
	s.held = noBytes;
	s.heldBytes = 0;
}

/** Ends the hold before bytes[end] and gives what was held; undefined if nothing was. */
export function takeHeld(
	s: State,
	bytes: Buffer,
	end: number,
): string | undefined {
	if (s.hold < 0) return undefined;
	const start = s.hold - s.base;
	if (s.holder !== undefined && end - start > maxKeptBytes) {
		throw tooLong(s.holder);
	}
	s.hold = -1;
	if (start >= 0) return bytes.toString("utf8", start, end);
	const held = [s.held.subarray(0, s.heldBytes), bytes.subarray(0, end)];
	dropHeld(s);
	return Buffer.concat(held).toString();
}
