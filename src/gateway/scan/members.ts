/** What the walk does at the names, commas and batch items that it comes upon. */

import type { Buffer } from "node:buffer";
import { firstOf, toCall } from "./finding.ts";
import { dropHeld, takeHeld } from "./keep.ts";
import {
	findMember,
	type Member,
	maxNameBytes,
	type Shape,
	shapes,
} from "./shape.ts";
import { malformed, maxItems, type State } from "./state.ts";

/** The member that a held name means, which ends before bytes[end]. */
export function findHeld(
	s: State,
	bytes: Buffer,
	end: number,
): Member | undefined {
	const { shape } = s.frame;
	if (shape.lengths === 0) return undefined;
	if (s.base + end - s.nameStart > maxNameBytes) {
		dropHeld(s);
		return undefined;
	}
	const raw = takeHeld(s, bytes, end) ?? "";
	let name: string;
	try {
		name = raw.includes("\\") ? JSON.parse(raw) : raw.slice(1, -1);
	} catch (cause) {
		throw malformed(
			`The request body is not valid JSON: a name has a bad escape or a control character (byte offset ${s.nameStart}).`,
			cause,
		);
	}
	const plain = new TextEncoder().encode(name);
	return findMember(shape, plain, 0, plain.length);
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

/** The shape of an object or array that is the value of `owner`. */
export function toShape(s: State, owner: Member | undefined): Shape {
	if (owner?.into !== undefined) return owner.into;
	if (s.depth === 0) return s.root;
	if (owner?.keep === "json" || owner?.keep === "raw") return shapes.opaque;
	return s.frame.shape === shapes.opaque ? shapes.opaque : shapes.elsewhere;
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
