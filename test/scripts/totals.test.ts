import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toLine, toTotals } from "../../scripts/totals.ts";

/** What `bun test` prints for files with these sources, and its exit code. */
async function runFiles(...sources: string[]) {
	const folder = mkdtempSync(join(tmpdir(), "tollway-totals-"));
	try {
		for (const [index, source] of sources.entries())
			await Bun.write(
				join(folder, `${index}.test.ts`),
				`import { test, expect } from "bun:test";\n${source}\n`,
			);
		const { stderr, exitCode } = Bun.spawnSync(
			[process.execPath, "test", "--parallel"],
			{ cwd: folder, stdout: "ignore" },
		);
		return { output: stderr.toString(), exitCode };
	} finally {
		rmSync(folder, { recursive: true });
	}
}

const pass = `test("passes", () => {});`;

const endings: readonly [what: string, source: string, line: string][] = [
	["all passed", pass, "1 passed, 0 failed"],
	[
		"one failed",
		`${pass} test("fails", () => expect(1).toBe(2));`,
		"1 passed, 1 failed",
	],
	[
		"skipped and todo",
		`${pass} test["skip"]("s", () => {}); test["todo"]("t");`,
		"1 passed, 0 failed, 2 skipped",
	],
	[
		"a file that cannot be loaded",
		`import "./missing.ts"; ${pass}`,
		"0 passed, 1 failed",
	],
	[
		"a test that prints another summary",
		`test("p", () => console.error("\\n 9 pass\\n 0 fail\\nRan 9 tests across 1 file."));`,
		"1 passed, 0 failed",
	],
];

test.each(endings)("%s", async (_, source, line) => {
	const { output } = await runFiles(source);
	const totals = toTotals(output);
	expect(totals && toLine(totals)).toBe(line);
});

const dies = `${pass} test("dies", () => process.exit(0)); test("never", () => expect(1).toBe(2));`;

test("a test that ends its process is a failure, and the rest runs", async () => {
	const { output } = await runFiles(dies, pass);
	expect(toTotals(output)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("a run that died in silence has no totals", async () => {
	const { output, exitCode } = await runFiles(dies);
	expect(exitCode).toBe(0); // which is why the exit code alone proves nothing
	expect(toTotals(output)).toBeNull();
});

test("a summary whose parts do not add up has no totals", () => {
	expect(
		toTotals("\n\n 3 pass\n 0 fail\nRan 4 tests across 1 file. [1.00ms]\n"),
	).toBeNull();
	expect(
		toTotals("\n\n 3 pass\n 0 fail\nRan 3 tests across 1 file. [1.00ms]\n"),
	).toEqual({ passed: 3, failed: 0, skipped: 0 });
});
