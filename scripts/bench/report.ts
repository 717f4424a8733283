import type { Figure, Measured } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";

/** The medians of one gateway under one load. */
export interface Row extends Measured {
	scenario: string;
	gateway: string;
}

/** A target held against the figures of one run of the benchmark. */
export interface Verdict {
	scenario: string;
	target: string;
	limit: number;
	value: number;
	passed: boolean;
}

const columns: readonly { title: string; show(row: Row): string }[] = [
	{ title: "load", show: (row) => row.scenario },
	{ title: "gateway", show: (row) => row.gateway },
	{ title: "CPU µs/call", show: (row) => row.cpuMicros.toFixed(1) },
	{ title: "calls/s", show: (row) => row.callsPerSecond.toFixed(0) },
	{ title: "p50 ms", show: (row) => (row.p50Micros / 1_000).toFixed(3) },
	{ title: "p99 ms", show: (row) => (row.p99Micros / 1_000).toFixed(3) },
	{ title: "RSS MB", show: (row) => (row.rssBytes / 1e6).toFixed(1) },
];

export function toTable(rows: readonly Row[]) {
	const cells = [
		columns.map(({ title }) => title),
		...rows.map((row) => columns.map(({ show }) => show(row))),
	];
	const widths = columns.map((_, column) =>
		Math.max(...cells.map((line) => line[column]?.length ?? 0)),
	);
	return cells
		.map((line) =>
			line
				.map((cell, column) =>
					column < 2
						? cell.padEnd(widths[column] ?? 0)
						: cell.padStart(widths[column] ?? 0),
				)
				.join("  "),
		)
		.join("\n");
}

/** Tollway's figures against the bare relay's. */
export function judge(
	rows: readonly Row[],
	scenarios: readonly Scenario[],
	subject: string,
): Verdict[] {
	const read = (scenario: string, gateway: string, figure: Figure) =>
		rows.find((row) => row.scenario === scenario && row.gateway === gateway)?.[
			figure
		] ?? Number.NaN;
	return scenarios.flatMap(({ name, targets }) =>
		targets.map(({ figure, factor, extra, text }) => {
			const limit = read(name, "bare", figure) * factor + extra;
			const value = read(name, subject, figure);
			return {
				scenario: name,
				target: text,
				limit,
				value,
				passed: value <= limit,
			};
		}),
	);
}

export function toSentence({
	scenario,
	target,
	limit,
	value,
	passed,
}: Verdict) {
	return `${passed ? "pass" : "MISS"}  ${scenario}: ${target} (${value.toFixed(1)} µs of ${limit.toFixed(1)})`;
}
