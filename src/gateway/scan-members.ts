/** What the walk does at the names, commas and batch items that it comes upon. */

import { firstOf, toCall } from "./scan-finding.ts";
import { dropHeld, parseJson, takeHeld } from "./scan-keep.ts";
import { findMember, type Member, maxNameBytes } from "./scan-shape.ts";
import { malformed, maxItems, type State } from "./scan-state.ts";

const backslash = 0x5c;

/** The member that a held name means, which ends before bytes[end]. */
export function findHeld(
	s: State,
	bytes: Uint8Array,
	end: number,
): Member | undefined {
	const { shape } = s.frame;
	if (shape.lengths === 0) return undefined;
	if (s.base + end - s.nameStart > maxNameBytes) {
		dropHeld(s);
		return undefined;
	}
	const raw = takeHeld(s, bytes, end) as Uint8Array;
	if (!raw.includes(backslash)) {
		return findMember(shape, raw, 1, raw.length - 1);
	}
	try {
		const plain = new TextEncoder().encode(String(parseJson(raw)));
		return findMember(shape, plain, 0, plain.length);
	} catch (cause) {
		throw malformed(
			`The request body is not valid JSON: a name has a bad escape or a control character (byte offset ${s.nameStart}).`,
			cause,
		);
	}
}

/** The member whose name has just ended, or undefined for any other name. */
export function beginMember(s: State, member: Member | undefined) {
	s.member = member;
	if (s.depth === 1) {
		s.cutting = member?.cut === true && !s.native.includes(member.name);
		s.cutStart = s.stays ? s.comma : s.nameStart;
	}
	if (member === undefined) return;
	const { frame } = s;
	if ((frame.seen & member.bit) !== 0) {
		throw malformed(
			`\`${member.name}\` occurs twice in one object (byte offset ${s.nameStart} of the request body). Send it once.`,
		);
	}
	frame.seen |= member.bit;
}

/**
 * A member that is cut takes the comma before it along, if a member that stays precedes, else the comma behind it: so
 * any choice of members leaves valid JSON.
 */
export function endMember(s: State, offset: number) {
	const cut = s.cutting ? s.cuts.at(-1) : undefined;
	if (cut === undefined) s.stays = true;
	else if (!s.stays) cut.end = offset + 1;
	s.comma = offset;
}

/** A batch item has findings of its own. */
export function beginItem(s: State) {
	s.outside = s.findings;
	s.findings = [];
}

export function endItem(s: State, start: number, end: number) {
	const { findings } = s;
	s.findings = s.outside;
	s.items++;
	if (s.items > maxItems) {
		throw malformed(
			`A batch may have at most ${maxItems} requests. Send several batches.`,
		);
	}
	const customId = firstOf(findings, "item.custom_id");
	s.onItem?.({ ...toCall(findings), customId, start, end });
}
