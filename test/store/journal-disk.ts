/** A journal's file in memory, with what a test may do to it. */
import type { JournalFile } from "../../src/store/journal-file.ts";

export interface FakeFile extends JournalFile {
	readonly contents: Buffer;
	/** What the next calls throw or reject with; null: they succeed. */
	fault: Error | null;
	syncs: number;
}

export function openFakeFile(bytes: number, contents?: Buffer): FakeFile {
	const held = Buffer.alloc(bytes);
	contents?.copy(held);
	const file: FakeFile = {
		path: "journal",
		bytes,
		contents: held,
		fault: null,
		syncs: 0,
		read: (wanted = bytes) => Buffer.from(held.subarray(0, wanted)),
		write: (text, position) => {
			if (file.fault !== null) throw file.fault;
			return held.write(text, position);
		},
		writeLater: (text, position) => file.write(text, position),
		sync: async () => {
			if (file.fault !== null) throw file.fault;
			file.syncs += 1;
		},
		close: () => {},
	};
	return file;
}

export type FakeDisk = readonly [FakeFile, FakeFile];

export const openFakeDisk = (bytes: number): FakeDisk => [
	openFakeFile(bytes),
	openFakeFile(bytes),
];

/** What is on it, as another process finds it. */
export const copyDisk = ([a, b]: FakeDisk): FakeDisk => [
	openFakeFile(a.bytes, a.contents),
	openFakeFile(b.bytes, b.contents),
];
