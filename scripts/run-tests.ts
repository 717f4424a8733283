import { noticeMark } from "../test/needs.ts";
import { runForeground } from "./foreground.ts";
import { say } from "./say.ts";
import { toLine, toTotals } from "./totals.ts";

const testTimeoutMs = 15_000;
const keptOutputChars = 4_000_000;

export interface TestRun {
	/** Paths or parts of paths; none means all. */
	patterns: readonly string[];
	env?: Record<string, string>;
	/** Preparations that failed, in words: each counts as a failure. */
	broken?: readonly string[];
}

/**
 * Runs `bun test`, says once more what was skipped and why, and prints the totals on a line of their own. Resolves to
 * the exit code. Every worker is a process: with one for all, a test that ends its process ends the run, and it looks
 * like success.
 */
export async function runTests({ patterns, env, broken = [] }: TestRun) {
	let output = "";
	const decoder = new TextDecoder();
	const exitCode = await runForeground({
		cmd: [
			process.execPath,
			"test",
			"--parallel",
			`--timeout=${testTimeoutMs}`,
			...patterns,
		],
		env: { ...env, ...(process.stderr.isTTY && { FORCE_COLOR: "1" }) },
		onStderr: (bytes) => {
			output = (output + decoder.decode(bytes, { stream: true })).slice(
				-keptOutputChars,
			);
		},
	});
	const notices = Bun.stripANSI(output)
		.split("\n")
		.filter((line) => line.startsWith(noticeMark));
	const totals = toTotals(output);
	const faults = [
		...broken,
		...(totals ? [] : ["the test runner ended without a summary"]),
	];
	for (const notice of new Set(notices)) say(notice);
	for (const fault of faults) say(`FAILED ${fault}`);
	const { passed, failed, skipped } = totals ?? {
		passed: 0,
		failed: 0,
		skipped: 0,
	};
	console.log(toLine({ passed, failed: failed + faults.length, skipped }));
	return faults.length > 0 ? 1 : exitCode;
}
