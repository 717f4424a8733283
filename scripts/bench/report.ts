import type { FileSize } from "../prefill/ledger-file.ts";
import { type Loop, pacedCallsPerSecond } from "./event-loop.ts";
import type { Durability } from "./gateways.ts";
import type { Figure, Measured } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";

/** The medians of one gateway under one load. */
export interface Row extends Measured {
	scenario: string;
	gateway: string;
}

/** A target held against the figures of one run of the benchmark. */
export interface Verdict {
	what: string;
	gateway: string;
	target: string;
	limit: number;
	value: number;
	unit: "µs" | "bytes";
	/** Null: this machine cannot tell. */
	passed: boolean | null;
}

/** A gateway, and by whose targets it is judged. */
export interface Contestant {
	readonly name: string;
	readonly durability?: Durability;
}

/** Everything that one run has found out. */
export interface Results {
	readonly rows: readonly Row[];
	readonly loops: readonly Loop[];
	readonly ledger: FileSize;
	/** Until a page is on the disk. */
	readonly syncMicros: number;
}

/** Of a million, with indexes and sums. */
const maxBytesPerEntry = 900;
const maxBlockedMicros = 10_000;

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

/** Tollway's figures against the bare relay's, and against what was promised. */
export function judge(
	results: Results,
	scenarios: readonly Scenario[],
	contestants: readonly Contestant[],
): Verdict[] {
	const judged = contestants.filter(({ durability }) => durability);
	return [
		...scenarios.flatMap((scenario) =>
			judged.flatMap((one) => judgeRows(results, scenario, one)),
		),
		...judged.map(({ name }) => judgeLoop(results, name)),
		toVerdict({
			what: `${results.ledger.entries.toLocaleString("en")} Entries`,
			gateway: "the ledger",
			target: `bytes per Entry ≤ ${maxBytesPerEntry}`,
			limit: maxBytesPerEntry,
			value: results.ledger.bytesPerEntry,
			unit: "bytes",
		}),
	];
}

/** A figure that is missing is not a number, and passes nothing. */
const toVerdict = (held: Omit<Verdict, "passed">): Verdict => ({
	...held,
	passed: held.value <= held.limit,
});

function judgeRows(
	{ rows, syncMicros }: Results,
	{ name, targets }: Scenario,
	contestant: Contestant,
): Verdict[] {
	const read = (gateway: string, figure: Figure, scenario = name) =>
		rows.find((row) => row.scenario === scenario && row.gateway === gateway)?.[
			figure
		] ?? Number.NaN;
	return targets
		.filter(({ durability }) => durability === contestant.durability)
		.map(({ figure, factor, ownUnder, extra, text, syncBelowMicros }) => {
			const bare = read("bare", figure);
			// Loads are minutes apart, and a machine that others use may be a third slower by then: the bare relay tells.
			const base =
				ownUnder === undefined
					? bare
					: (read(contestant.name, figure, ownUnder) * bare) /
						read("bare", figure, ownUnder);
			const verdict = toVerdict({
				what: name,
				gateway: contestant.name,
				target: text,
				limit: base * factor + extra,
				value: read(contestant.name, figure),
				unit: "µs",
			});
			return syncMicros >= (syncBelowMicros ?? Number.POSITIVE_INFINITY)
				? { ...verdict, passed: null }
				: verdict;
		});
}

const judgeLoop = ({ loops }: Results, gateway: string): Verdict =>
	toVerdict({
		what: `${pacedCallsPerSecond.toLocaleString("en")} calls/s`,
		gateway,
		target: `event loop never blocked > ${maxBlockedMicros / 1_000} ms`,
		limit: maxBlockedMicros,
		value:
			loops.find((loop) => loop.gateway === gateway)?.blockedMicros ??
			Number.NaN,
		unit: "µs",
	});

export function toSentence(verdict: Verdict) {
	const { what, gateway, target, limit, value, unit, passed } = verdict;
	const word = passed === null ? "skip" : passed ? "pass" : "MISS";
	return `${word}  ${what}, ${gateway}: ${target} (${value.toFixed(1)} ${unit} of ${limit.toFixed(1)})`;
}

/** What the run stood on, in a few lines. */
export function toFacts({ ledger, syncMicros, loops }: Results): string[] {
	return [
		`${ledger.entries.toLocaleString("en")} Entries, ${ledger.bytesPerEntry.toFixed(0)} bytes each with indexes and sums`,
		`the disk takes ${(syncMicros / 1_000).toFixed(2)} ms to write and sync 4 KiB`,
		...loops.map(
			({ gateway, p50Micros, p99Micros, longestMicros, blockedMicros }) =>
				`${gateway} at ${pacedCallsPerSecond.toLocaleString("en")} calls/s answers a probe in ${toMs(p50Micros)} (p50), ${toMs(p99Micros)} (p99), once in ${toMs(longestMicros)}, of which the event loop was blocked at most ${toMs(blockedMicros)}`,
		),
	];
}

const toMs = (micros: number) => `${(micros / 1_000).toFixed(2)} ms`;
