import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyLedger, findLedger } from "../../../scripts/bench/database.ts";

// Programs are started, on a machine that may be busy.
setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "tollway-ledger-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a ledger is made, found again and copied whole", async () => {
	const made = await findLedger(folder, { path: null, entries: 200 });
	expect(made.size.entries).toBe(200);
	const found = await findLedger(folder, { path: made.path, entries: 9 });
	expect(found).toEqual(made);
	const dataFolder = join(folder, "data-always");
	copyLedger(made.path, dataFolder);
	const copy = readFileSync(join(dataFolder, "tollway.db"));
	expect(copy.equals(readFileSync(made.path))).toBe(true);
});

test("a ledger that is not there is not made in its place", () => {
	const path = join(folder, "none.db");
	expect(findLedger(folder, { path, entries: 1 })).rejects.toThrow(
		`there is no ${path}`,
	);
	expect(Bun.file(path).exists()).resolves.toBe(false);
});
