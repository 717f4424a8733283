/** `tollway ledger verify` as its users run it. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LedgerRig, openLedgerRig, send } from "../ledger-rig.ts";
import { command } from "../rig.ts";

// Programs are started, on a machine that may be busy.
setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "tollway-verify-"));
const path = join(folder, "tollway.db");
let rig: LedgerRig;
beforeAll(async () => {
	rig = await openLedgerRig({ env: { TOLLWAY_DATA_DIR: folder } });
});
afterAll(async () => {
	await rig.stop();
	rmSync(folder, { recursive: true, force: true });
});

async function verify(env: Readonly<Record<string, string>> = {}) {
	const child = Bun.spawn([...command, "ledger", "verify"], {
		cwd: join(import.meta.dirname, "../.."),
		env: {
			PATH: process.env.PATH,
			HOME: folder,
			TOLLWAY_DATA_DIR: folder,
			...env,
		},
		stdin: "ignore",
		stdout: "pipe",
		stderr: "pipe",
	});
	const [out, complaint, code] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
		child.exited,
	]);
	const lines = out
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as Record<string, unknown>);
	return { code, lines, complaint };
}

const toDigest = () =>
	createHash("sha256").update(readFileSync(path)).digest("hex");

/** Resolves when the file itself has so many. */
async function waitForRows(count: number): Promise<void> {
	const deadline = performance.now() + 20_000;
	for (;;) {
		const database = new Database(path, { readonly: true });
		const [[rows] = []] = database
			.query("SELECT count(*) FROM entries")
			.values();
		database.close();
		if (Number(rows) >= count) return;
		if (performance.now() > deadline) throw new Error(`${rows} rows`);
		await Bun.sleep(20);
	}
}

test("beside a running gateway: nothing is wrong, nothing is written, calls go on", async () => {
	for (let call = 0; call < 5; call++) {
		expect((await send(rig.url)).status).toBe(200);
	}
	await waitForRows(5);
	const before = toDigest();
	const { code, lines, complaint } = await verify();
	expect([code, complaint]).toEqual([0, ""]);
	expect(lines.at(-1)).toMatchObject({
		result: "ok",
		entries: 5,
		recomputed: 5,
	});
	expect(String(lines.at(-1)?.unchecked)).toContain("journal-a");
	expect(toDigest()).toBe(before);
	expect((await send(rig.url)).status).toBe(200);
});

test("damage: each finding says where, and what to do; the exit code is 1", async () => {
	await waitForRows(6);
	const database = new Database(path);
	database.run("UPDATE entries SET cost = cost + 1 WHERE seq = 3");
	database.close();
	const { code, lines } = await verify();
	expect(code).toBe(1);
	expect(lines).toContainEqual(
		expect.objectContaining({
			finding: "changed",
			severity: "damage",
			writer: 1,
			seq: 3,
			advice: expect.stringContaining("backup"),
		}),
	);
	expect(lines.at(-1)).toMatchObject({ result: "damaged" });
});

test("where there is no ledger, that is said", async () => {
	const missing = await verify({ TOLLWAY_DATA_DIR: join(folder, "none") });
	expect(missing.code).toBe(1);
	expect(missing.complaint).toContain("there is no database");
	const other = join(folder, "other.db");
	new Database(other).run("CREATE TABLE t (a)");
	const foreign = await verify({ DATABASE_URL: `sqlite:${other}` });
	expect(foreign.code).toBe(1);
	expect(foreign.complaint).toContain("is no ledger of Tollway");
});
