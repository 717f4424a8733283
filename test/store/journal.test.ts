import { describe, expect, test } from "bun:test";
import {
	type Journal,
	type Mark,
	openJournal,
} from "../../src/store/journal.ts";
import {
	copyDisk,
	type FakeDisk,
	openFakeDisk,
	toPayload,
} from "./journal-disk.ts";

const headerBytes = 64;
const zero = { generation: 0, position: 0 };

/** Of lines that are not cut in halves. */
type Lines = Omit<Journal, "append" | "hold"> & {
	append(lines: readonly string[]): Mark;
	hold(line: string): void;
};

function open(disk: FakeDisk, carried: readonly string[] = []): Lines {
	const journal = openJournal({
		files: disk,
		toCarried: () => carried.map(toPayload),
	});
	return {
		...journal,
		append: (lines) => journal.append(lines.map(toPayload)),
		hold: (line) => journal.hold(toPayload(line)),
	};
}

async function openBegun(disk: FakeDisk, carried: readonly string[] = []) {
	const journal = open(disk, carried);
	await journal.begin(zero);
	return journal;
}

/** As the next process finds it. */
const readLeft = (disk: FakeDisk): string[] =>
	open(copyDisk(disk)).left.map(({ payload }) => payload);

const payloads = ["Eone", 'H["zwö","🦊"]', "E", `H${"x".repeat(90)}`, "E5"];

describe.each([
	["by calls", false],
	["through memory", true],
])("what stands in a journal that is written %s", (_how, mapped) => {
	test("comes back in its order, each with its place", async () => {
		const disk = openFakeDisk(1_000, mapped);
		const journal = await openBegun(disk);
		const first = journal.append(payloads.slice(0, 2));
		const last = journal.append(payloads.slice(2));
		const { left } = open(copyDisk(disk));
		expect(left.map(({ payload }) => payload)).toEqual(payloads);
		expect([left[1]?.mark, left[4]?.mark]).toEqual([first, last]);
	});

	test.each([
		["zeros", (bytes: Buffer, at: number) => bytes.fill(0, at)],
		["ones", (bytes: Buffer, at: number) => bytes.fill(0xff, at)],
		["blanks", (bytes: Buffer, at: number) => bytes.fill(" ", at)],
	])("torn at every byte, %s behind it: a prefix", async (_name, tear) => {
		const disk = openFakeDisk(1_000, mapped);
		const journal = await openBegun(disk);
		const ends = payloads.map((one) => journal.append([one]).position);
		for (let at = headerBytes; at <= (ends.at(-1) ?? 0); at++) {
			const torn = copyDisk(disk);
			tear(torn[0].contents, at);
			const whole = ends.filter((end) => end <= at).length;
			expect(readLeft(torn)).toEqual(payloads.slice(0, whole));
		}
	});

	test("a byte changed anywhere costs the record that it is in, and no other", async () => {
		const disk = openFakeDisk(1_000, mapped);
		const journal = await openBegun(disk);
		const ends = payloads.map((one) => journal.append([one]).position);
		for (let at = headerBytes; at < (ends.at(-1) ?? 0); at++) {
			const damaged = copyDisk(disk);
			const { contents } = damaged[0];
			contents[at] = (contents[at] ?? 0) ^ 0x20;
			const hit = ends.findIndex((end) => at < end);
			// Where it was the line's end, the next one goes with it.
			const isLineEnd = ends.includes(at + 1);
			const lost = new Set(isLineEnd ? [hit, hit + 1] : [hit]);
			expect(readLeft(damaged)).toEqual(
				payloads.filter((_one, index) => !lost.has(index)),
			);
		}
	});

	test("beginning anew forgets all but the open holds, and no mark comes again", async () => {
		const disk = openFakeDisk(1_000, mapped);
		const journal = await openBegun(disk, ["Hopen"]);
		const mark = journal.append(["Eold"]);
		await journal.begin(zero);
		expect(readLeft(disk)).toEqual(["Hopen"]);
		expect(journal.append(["E"]).generation).toBeGreaterThan(mark.generation);
		const next = open(disk);
		await next.begin({ generation: 40, position: 7 });
		expect(next.append(["E"]).generation).toBe(41);
		expect(readLeft(disk)).toEqual(["E"]);
	});

	test("a beginning that is no journal's is not written over", () => {
		const disk = openFakeDisk(1_000, mapped);
		disk[1].contents.write("something else");
		expect(() => open(disk)).toThrow("move it to another folder");
		expect(disk[1].contents.toString("latin1", 0, 14)).toBe("something else");
	});
});

describe("a journal's two files", () => {
	const bytes = 300;
	/** Records, to fill both. */
	const enough = 200;

	test("are filled in turns; what is open goes along, what is released goes", async () => {
		const disk = openFakeDisk(bytes);
		const journal = await openBegun(disk, ["Hopen"]);
		for (let count = 0; count < 100; count++) {
			journal.release(journal.append([`E${count}`]));
		}
		const left = readLeft(disk);
		expect(left.filter((one) => one === "Hopen").length).toBeGreaterThan(0);
		expect(left.at(-1)).toBe("E99");
	});

	test("keep what is not released, and are full before they lose any", async () => {
		const disk = openFakeDisk(bytes);
		const journal = await openBegun(disk);
		const kept: string[] = [];
		const fill = () => {
			for (let count = 0; count < enough; count++) {
				const payload = `E${kept.length}`;
				journal.append([payload]);
				kept.push(payload);
			}
		};
		expect(fill).toThrow("full");
		expect(kept.length).toBeGreaterThan(20);
		expect(readLeft(disk)).toEqual(kept);
		const { left } = open(copyDisk(disk));
		const half = left[left.length >> 1];
		if (half) journal.release(half.mark);
		expect(fill).toThrow("full");
		expect(readLeft(disk)).toEqual(kept.slice(-readLeft(disk).length));
		expect(readLeft(disk)).toContain(kept[(left.length >> 1) + 1] as string);
	});

	test("never lose holds that would fill one alone", async () => {
		const carried: string[] = [];
		const disk = openFakeDisk(bytes);
		const journal = await openBegun(disk, carried);
		const hold = () => {
			for (let count = 0; count < enough; count++) {
				carried.push(`H${carried.length}`);
				journal.hold(carried.at(-1) as string);
			}
		};
		for (let round = 0; round < 3; round++) {
			expect(hold).toThrow("full");
			carried.pop();
			expect(readLeft(disk)).toEqual(expect.arrayContaining(carried));
		}
		carried.length = 1;
		for (let count = 0; count < 50; count++) {
			journal.release(journal.append([`E${count}`]));
		}
		expect(readLeft(disk)).toContain("H0");
	});

	test("are synced only where something was written", async () => {
		const disk = openFakeDisk(bytes);
		const journal = await openBegun(disk);
		const [a, b] = disk;
		// Of new files the first sync writes the head as well.
		await journal.sync();
		const before = a.syncs + b.syncs;
		await journal.sync();
		expect(a.syncs + b.syncs).toBe(before);
		journal.append(["E"]);
		await journal.sync();
		expect(a.syncs + b.syncs).toBe(before + 1);
	});
});
