/** The scanner's table (table.ts) in the form in which a name is found fastest. */

import {
	type Keep,
	type Kind,
	kinds,
	type Row,
	type ShapeName,
	type Slot,
	table,
} from "./table.ts";

/** A row, compiled. */
export interface Member {
	readonly slot: Slot;
	readonly name: string;
	/** The name in UTF-8. */
	readonly bytes: Uint8Array;
	readonly keep: Keep | undefined;
	/** First bytes of the values that are parsed and kept. */
	readonly parsed: string;
	/** First bytes of the values that are not refused; undefined = any. */
	readonly allowed: string | undefined;
	/** What a value must be, in words. */
	readonly must: string;
	readonly into: Shape | undefined;
	readonly cut: boolean;
	readonly names: boolean;
	/** Its bit in the mask of the members that an object has had. */
	readonly bit: number;
}

/** The members of an object, by the length of their name. */
export interface Shape {
	/** Bit n is set if some name has n bytes: this dismisses most names without looking at them. */
	lengths: number;
	readonly byLength: Member[][];
}

const bitsInMask = 32;

function toMember(
	slot: string,
	row: Row,
	into: Shape | undefined,
): Omit<Member, "bit"> {
	const name = slot.slice(slot.indexOf(".") + 1);
	const kind: Kind = row.keep ? kinds[row.keep] : { parsed: "" };
	return {
		slot: slot as Slot,
		name,
		bytes: new TextEncoder().encode(name),
		keep: row.keep,
		parsed: kind.parsed,
		allowed: kind.must && `${kind.parsed}n${into ? kind.brackets : ""}`,
		must: kind.must ?? "",
		into,
		cut: row.cut === true,
		names: row.names === true,
	};
}

function addRows(shape: Shape, name: ShapeName, all: Record<string, Shape>) {
	let ordinal = shape.byLength.flat().length;
	for (const [key, row] of Object.entries<Row>(table[name])) {
		const member = toMember(`${name}.${key}`, row, row.into && all[row.into]);
		const length = member.bytes.length;
		if (length >= bitsInMask || ordinal >= bitsInMask) {
			throw new RangeError(`no room for the row ${member.slot}`);
		}
		shape.lengths |= 1 << length;
		shape.byLength[length] ??= [];
		shape.byLength[length].push({ ...member, bit: 1 << ordinal++ });
	}
}

function compile(): Readonly<Record<ShapeName, Shape>> {
	const names = Object.keys(table) as ShapeName[];
	const shapes = Object.fromEntries(
		names.map((name) => [name, { lengths: 0, byLength: [] }]),
	) as unknown as Record<ShapeName, Shape>;
	for (const name of names) {
		if (name === "body") addRows(shapes.body, "call", shapes);
		addRows(shapes[name], name, shapes);
	}
	return shapes;
}

export const shapes = compile();

/** The bytes of the longest name, if every character is written as `\u0000`, and two quotes. */
export const maxNameBytes = 6 * (bitsInMask - 1) + 2;

/** The member whose name stands, unescaped, in bytes[start, end). */
export function findMember(
	shape: Shape,
	bytes: Uint8Array,
	start: number,
	end: number,
): Member | undefined {
	const length = end - start;
	// shifts count modulo 32: a longer name may pass, and then finds no list
	if (((shape.lengths >>> length) & 1) === 0) return undefined;
	candidates: for (const member of shape.byLength[length] ?? []) {
		for (let i = 0; i < length; i++) {
			if (member.bytes[i] !== bytes[start + i]) continue candidates;
		}
		return member;
	}
	return undefined;
}
