/** A journal's file in memory, with what a test may do to it. */

import type { JournalFile } from "../../src/store/journal-file.ts";
import type { Payload } from "../../src/store/journal-lines.ts";

/** Halves of a line, wherever it is cut. */
export const toPayload = (line: string): Payload => ({
	head: line.slice(0, 3),
	body: line.slice(3),
});

export interface FakeFile extends JournalFile {
	readonly contents: Buffer;
	/** What the next calls throw or reject with; null: they succeed. */
	fault: Error | null;
	syncs: number;
}

/** @param mapped it is written through memory */
export function openFakeFile(
	bytes: number,
	contents?: Buffer,
	mapped = false,
): FakeFile {
	const held = Buffer.alloc(bytes);
	contents?.copy(held);
	const file: FakeFile = {
		path: "journal",
		bytes,
		contents: held,
		fault: null,
		syncs: 0,
		read: (wanted = bytes) => Buffer.from(held.subarray(0, wanted)),
		memory: mapped ? held : null,
		write: (bytes, position) => {
			if (file.fault !== null) throw file.fault;
			held.set(bytes, position);
		},
		writeLater: (bytes, position) => file.write(bytes, position),
		sync: async () => {
			if (file.fault !== null) throw file.fault;
			file.syncs += 1;
		},
		close: () => {},
	};
	return file;
}

export type FakeDisk = readonly [FakeFile, FakeFile];

export const openFakeDisk = (bytes: number, mapped = false): FakeDisk => [
	openFakeFile(bytes, undefined, mapped),
	openFakeFile(bytes, undefined, mapped),
];

const copy = ({ bytes, contents, memory }: FakeFile): FakeFile =>
	openFakeFile(bytes, contents, memory !== null);

/** What is on it, as another process finds it. */
export const copyDisk = ([a, b]: FakeDisk): FakeDisk => [copy(a), copy(b)];
