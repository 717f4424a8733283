import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../scripts/project.ts";
import { openDatabase } from "../../src/platform/bun.ts";
import { firstLink, toLink } from "../../src/store/chain.ts";
import { toEntryColumns, toStoredEntry } from "../../src/store/entry-row.ts";

// Programs are started, on a machine that may be busy.
setDefaultTimeout(60_000);

const entries = 500;
const folder = mkdtempSync(join(tmpdir(), "tollway-prefill-"));
const toPath = (name: string) => join(folder, name);

function prefill(name: string, ...more: string[]) {
	const script = join(projectRoot, "scripts/prefill.ts");
	const ran = Bun.spawnSync(
		[process.execPath, script, "--database", toPath(name), ...more],
		{ stderr: "pipe" },
	);
	return {
		code: ran.exitCode,
		out: ran.stdout.toString(),
		complaint: ran.stderr.toString(),
	};
}

const small = ["--entries", String(entries), "--days", "2"];

function read(name: string, sql: string) {
	const database = openDatabase(toPath(name));
	const rows = database.prepare(sql).rows([]);
	database.close();
	return rows;
}

const readEntries = (name: string) =>
	read(name, "SELECT * FROM entries ORDER BY writer, seq").map(toStoredEntry);

let printed: string;
let made: string[];
beforeAll(() => {
	printed = prefill("a.db", ...small).out;
	made = readdirSync(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the ledger verifies from its first Entry to its last", () => {
	let last = firstLink;
	for (const { writer, seq, hash, ...entry } of readEntries("a.db")) {
		last = toLink(last, writer, JSON.stringify(toEntryColumns(entry)));
		expect([writer, seq, hash]).toEqual([1, last.seq, last.hash]);
	}
	expect(last.seq).toBe(entries);
	expect(read("a.db", "SELECT writer, name FROM writers")).toEqual([
		[1, "prefill"],
	]);
});

const sums: readonly [string, string][] = [
	["global", "''"],
	["key", "key_id"],
	["user", "user_id"],
	["team", "team_id"],
];

test.each(sums)("the sums by %s are those of the ledger", (dimension, id) => {
	const summed = (from: string) =>
		read("a.db", `SELECT ${from} GROUP BY 1, 2 ORDER BY 1, 2`);
	const added = summed(
		`id, hour, sum(calls), sum(failures), sum(input), sum(cache_read), sum(cost), sum(estimated) FROM rollups WHERE dimension = '${dimension}'`,
	);
	expect(added.length).toBeGreaterThan(20);
	expect(added).toEqual(
		summed(
			`${id}, started_at / 3600000, count(*), sum(status >= 400), sum(input), sum(cache_read), sum(cost), sum(CASE state WHEN 'estimated' THEN cost ELSE 0 END) FROM entries`,
		),
	);
});

test("hours come in order, and calls of many kinds", () => {
	const stored = readEntries("a.db");
	const hours = stored.map(({ startedMs }) => Math.floor(startedMs / 3.6e6));
	expect(hours).toEqual(hours.toSorted((a, b) => a - b));
	expect(new Set(hours).size).toBeGreaterThan(40);
	const differing = (of: (entry: (typeof stored)[number]) => unknown) =>
		new Set(stored.map(of)).size;
	expect(differing(({ id }) => id)).toBe(entries);
	expect(differing(({ keyId }) => keyId)).toBeGreaterThan(45);
	expect(differing(({ servedModel }) => servedModel)).toBeGreaterThan(8);
	expect(differing(({ endUser }) => endUser)).toBeGreaterThan(50);
	expect(differing(({ state }) => state)).toBeGreaterThan(1);
	expect(stored.every(({ cost }) => cost !== null)).toBe(true);
});

test("the same arguments make the same ledger, another seed another one", () => {
	prefill("b.db", ...small);
	prefill("c.db", ...small, "--seed", "2");
	const last = (name: string) => readEntries(name).at(-1)?.hash;
	expect(last("b.db")).toBe(last("a.db") ?? "");
	expect(last("c.db")).not.toBe(last("a.db") ?? "");
});

test("a pipe gets the sizes as JSON, and all is in one file", () => {
	const size = JSON.parse(printed);
	expect(size.entries).toBe(entries);
	expect(size.bytes).toBe(Bun.file(toPath("a.db")).size);
	expect(size.bytesPerEntry).toBe(size.bytes / entries);
	expect(size.tables.entries).toBeGreaterThan(entries * 400);
	expect(made).toEqual(["a.db"]);
});

const refused: readonly [string, string[], string][] = [
	["a file that is there", ["--database", toPath("a.db")], "is there already"],
	["no whole number", ["--entries", "many"], "--entries is a whole number"],
	["no day", ["--until", "soon"], "--until is a day"],
	["no such option", ["--rows", "5"], "Unknown option"],
];

test.each(refused)("refused: %s", (_, more, sentence) => {
	const { code, complaint } = prefill("new.db", ...more);
	expect(code).toBe(2);
	expect(complaint).toContain(sentence);
	expect(existsSync(toPath("new.db"))).toBe(false);
});
