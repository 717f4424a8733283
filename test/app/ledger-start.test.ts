/** What a start makes of files that somebody or something has changed: all that can be had is there, or it says what to do. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
	appendFileSync,
	cpSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Calls, openCalls } from "./failing-disk.ts";
import { callPaid, until } from "./paid-call.ts";

const limitMs = 60_000;
const callCount = 20;
const db = "tollway.db";
const journals = [`${db}.journal-a`, `${db}.journal-b`];
/** Of SQLite's log: a frame is a page and 24 bytes, behind 32 of its head. */
const frameBytes = 4_096 + 24;

let calls: Calls;
let killed: string;
let stopped: string;
const ids: string[] = [];

/** What a gateway left that was killed, and one that was stopped. */
beforeAll(async () => {
	calls = await openCalls();
	killed = mkdtempSync(join(tmpdir(), "tollway-killed-"));
	stopped = mkdtempSync(join(tmpdir(), "tollway-stopped-"));
	const first = await calls.start();
	for (let count = 0; count < callCount; count++) {
		ids.push((await callPaid(first.url)).id);
	}
	await until(() => calls.readEntries().size === callCount);
	await first.stop("SIGKILL");
	cpSync(calls.dataDir, killed, { recursive: true });
	const second = await calls.start();
	await second.stop("SIGTERM");
	cpSync(calls.dataDir, stopped, { recursive: true });
}, limitMs);

afterAll(async () => {
	await calls.stop();
	for (const folder of [killed, stopped]) {
		rmSync(folder, { recursive: true, force: true });
	}
});

const at = (name: string) => join(calls.dataDir, name);

function restore(folder: string): void {
	rmSync(calls.dataDir, { recursive: true, force: true });
	cpSync(folder, calls.dataDir, { recursive: true });
}

async function expectAll(): Promise<void> {
	const gateway = await calls.start();
	try {
		expect([...calls.readEntries().keys()].sort()).toEqual(ids.toSorted());
		expect((await callPaid(gateway.url)).status).toBe(200);
	} finally {
		await gateway.stop("SIGKILL");
	}
}

const overwrite = (name: string, from: number, byte: number) => {
	const bytes = readFileSync(at(name));
	writeFileSync(at(name), bytes.fill(byte, from));
};

const harmless: readonly (readonly [name: string, () => void])[] = [
	["nothing at all", () => {}],
	["the log is cut in its middle", () => cutLog(0.5)],
	["the log is cut at its head", () => truncateSync(at(`${db}-wal`), 20)],
	["the log is cut within a frame", () => cutLog(0.3, 100)],
	["the log's last frames are garbage", () => spoilLog(0.6)],
	["the log's index is gone", () => rmSync(at(`${db}-shm`))],
	["the log's index is garbage", () => overwrite(`${db}-shm`, 0, 0xa5)],
	["the log and its index are gone", () => removeLog()],
	["the journal is gone", () => removeJournal()],
	["a file of the journal is gone", () => rmSync(at(journals[1] as string))],
	["the journal is zeros", () => fillJournal()],
	[
		"the journal is shorter",
		() => truncateSync(at(journals[0] as string), 9_000),
	],
	[
		"the journal is longer",
		() => appendFileSync(at(journals[0] as string), "x".repeat(99)),
	],
	[
		"the journal's rest is garbage",
		() => overwrite(journals[0] as string, 20_000, 0xa5),
	],
];

function cutLog(share: number, more = 0): void {
	const frames = Math.floor(statSync(at(`${db}-wal`)).size / frameBytes);
	truncateSync(
		at(`${db}-wal`),
		32 + frameBytes * Math.ceil(frames * share) + more,
	);
}

function spoilLog(share: number): void {
	const { size } = statSync(at(`${db}-wal`));
	overwrite(`${db}-wal`, Math.floor(size * share), 0xa5);
}

function removeLog(): void {
	for (const end of ["-wal", "-shm"]) rmSync(at(db + end));
}

function removeJournal(): void {
	for (const name of journals) rmSync(at(name));
}

function fillJournal(): void {
	for (const name of journals) overwrite(name, 0, 0);
}

describe("after SIGKILL all is there although", () => {
	test.each(harmless)(
		"%s",
		async (_name, change) => {
			restore(killed);
			change();
			await expectAll();
		},
		limitMs,
	);
});

const hopeless: readonly (readonly [
	name: string,
	wanted: string,
	() => void,
])[] = [
	["the database's head is garbage", "is damaged", () => spoilHead()],
	[
		"the database's pages are garbage",
		"is damaged",
		() => overwrite(db, 4_096, 0xa5),
	],
	["the database is cut off", "is damaged", () => truncateSync(at(db), 5_000)],
	[
		"the journal's head is garbage",
		"journal-a is damaged",
		() => overwrite(journals[0] as string, 0, 0xa5),
	],
];

function spoilHead(): void {
	const bytes = readFileSync(at(db));
	writeFileSync(at(db), bytes.fill(0xa5, 0, 100));
}

function hashFiles(): string {
	const hash = createHash("sha256");
	for (const name of [db, ...journals]) hash.update(readFileSync(at(name)));
	return hash.digest("hex");
}

describe("the start refuses, says what to do and changes nothing when", () => {
	test.each(hopeless)(
		"%s",
		async (_name, wanted, change) => {
			restore(stopped);
			change();
			const before = hashFiles();
			const names = readdirSync(calls.dataDir).sort();
			const start = calls.start();
			await expect(start).rejects.toThrow(wanted);
			await expect(start).rejects.toThrow("another folder");
			expect(hashFiles()).toBe(before);
			expect(names).toEqual(expect.arrayContaining([db, ...journals]));
		},
		limitMs,
	);
});
