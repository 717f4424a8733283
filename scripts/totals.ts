/** How a run of tests ended; `skipped` includes todo. */
export interface Totals {
	passed: number;
	failed: number;
	skipped: number;
}

/**
 * Reads the summary at the end of what `bun test` printed. Null when there is none, or its parts do not add up to
 * the number of tests it ran: the runner died (a `process.exit(0)` in a test ends `bun test` in silence, exit code 0).
 * (Its junit report is no source: it leaves out files that failed to load.)
 */
export function toTotals(output: string): Totals | null {
	const plain = Bun.stripANSI(output);
	const end = plain.lastIndexOf("\nRan ");
	const ran = /^\nRan (\d+) tests? across/.exec(plain.slice(end));
	if (end < 0 || !ran) return null;
	const summary = plain.slice(plain.lastIndexOf("\n\n", end), end);
	const count = (word: string) =>
		Number(new RegExp(`^ *(\\d+) ${word}$`, "m").exec(summary)?.[1] ?? 0);
	const totals = {
		passed: count("pass"),
		failed: count("fail"),
		skipped: count("skip") + count("todo"),
	};
	return totals.passed + totals.failed + totals.skipped === Number(ran[1])
		? totals
		: null;
}

/** `12 passed, 0 failed` and, when there are any, `, 3 skipped`. */
export function toLine({ passed, failed, skipped }: Totals) {
	return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
