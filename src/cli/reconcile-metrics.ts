/** A comparison with upstream's reports in Prometheus' text format, for a file that node_exporter collects. */
import { toDecimalText } from "../domain/nanos.ts";
import {
	countKinds,
	kindNames,
	type Reconciled,
	type ReconciledRow,
} from "./reconciled.ts";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: string];

interface Metric {
	readonly name: string;
	readonly help: string;
	/** By labels; what comes more than once is summed. */
	toSamples(found: Reconciled): readonly (readonly [Labels, bigint])[];
	/** Of the whole numbers that the samples are. */
	readonly places: number;
}

/** Dollars of cents with seven places. */
const centPlaces = 7;
const dollarPlaces = centPlaces + 2;

function toWhole(cents: string): bigint {
	const [, sign, whole = "0", fraction = ""] =
		/^(-?)(\d+)(?:\.(\d+))?$/.exec(cents) ?? [];
	const value = BigInt(
		whole + fraction.slice(0, centPlaces).padEnd(centPlaces, "0"),
	);
	return sign === "-" ? -value : value;
}

/** Differences of one cause do not cancel those of another out. */
const byRow =
	(
		toValue: (row: ReconciledRow) => bigint,
		more: (keyof ReconciledRow)[] = [],
	) =>
	({ rows }: Reconciled) =>
		rows.map((row) => {
			const labels = more.map((name) => [name, String(row[name])]);
			return [
				{ model: row.model, ...Object.fromEntries(labels) },
				toValue(row),
			] as const;
		});

const metrics: readonly Metric[] = [
	{
		name: "tollway_reconcile_ok",
		help: "1: the ledger and Anthropic's reports agree, as far as the ledger does not say itself why not.",
		places: 0,
		toSamples: ({ ok }) => [[{}, ok ? 1n : 0n]],
	},
	{
		name: "tollway_reconcile_drift_dollars",
		help: "What Anthropic's cost report has more than the ledger, by cause; cause=none is within the tolerance.",
		places: dollarPlaces,
		toSamples: byRow(({ drift }) => toWhole(drift.cents), ["cause"]),
	},
	{
		name: "tollway_reconcile_drift_tokens",
		help: "What Anthropic's usage report has more than the ledger, by cause and kind (web_searches: searches).",
		places: 0,
		toSamples: ({ rows }) =>
			rows.flatMap(({ model, cause, drift }) =>
				kindNames.map((name) => {
					const kind = countKinds[name].replaceAll(" ", "_");
					return [{ model, cause, kind }, BigInt(drift[name])] as const;
				}),
			),
	},
	{
		name: "tollway_reconcile_drifting",
		help: "Days of a model on which both sides drift apart, by cause.",
		places: 0,
		toSamples: ({ rows }) =>
			rows.flatMap(({ drifts, cause }) =>
				drifts ? [[{ cause }, 1n] as const] : [],
			),
	},
	{
		name: "tollway_reconcile_ledger_dollars",
		help: "What the operator paid by the ledger.",
		places: dollarPlaces,
		toSamples: byRow(({ ledger }) => toWhole(ledger.cents)),
	},
	{
		name: "tollway_reconcile_upstream_dollars",
		help: "What Anthropic's cost report has.",
		places: dollarPlaces,
		toSamples: byRow(({ upstream }) => toWhole(upstream.cents)),
	},
	{
		name: "tollway_reconcile_estimated_dollars",
		help: "Part of the ledger's that is estimated.",
		places: dollarPlaces,
		toSamples: byRow(({ ledger }) => toWhole(ledger.estimated_cents)),
	},
	{
		name: "tollway_reconcile_partial_dollars",
		help: "Part of the ledger's that lacks container hours.",
		places: dollarPlaces,
		toSamples: byRow(({ ledger }) => toWhole(ledger.partial_cents)),
	},
	{
		name: "tollway_reconcile_unpriced_calls",
		help: "Calls on the ledger without a price.",
		places: 0,
		toSamples: byRow(({ ledger }) => BigInt(ledger.unpriced_calls)),
	},
	{
		name: "tollway_reconcile_first_day_timestamp_seconds",
		help: "Begin of the first day that was compared.",
		places: 0,
		toSamples: ({ start_date }) => [[{}, toSeconds(start_date)]],
	},
	{
		name: "tollway_reconcile_last_day_timestamp_seconds",
		help: "Begin of the last day that was compared.",
		places: 0,
		toSamples: ({ end_date }) => [[{}, toSeconds(end_date)]],
	},
];

const toSeconds = (day: string): bigint =>
	BigInt(Math.floor(Date.parse(day) / 1_000) || 0);

/** Without a line end at the end. */
export function toMetrics(found: Reconciled, nowMs: number): string {
	const run: Metric = {
		name: "tollway_reconcile_timestamp_seconds",
		help: "When they were compared.",
		places: 0,
		toSamples: () => [[{}, BigInt(Math.floor(nowMs / 1_000))]],
	};
	return [...metrics, run]
		.flatMap((metric) => [
			`# HELP ${metric.name} ${metric.help}`,
			`# TYPE ${metric.name} gauge`,
			...sumUp(metric, found).map(
				([labels, value]) => `${metric.name}${toLabels(labels)} ${value}`,
			),
		])
		.join("\n");
}

function sumUp(metric: Metric, found: Reconciled): readonly Sample[] {
	const sums = new Map<string, { labels: Labels; sum: bigint }>();
	for (const [labels, value] of metric.toSamples(found)) {
		const key = JSON.stringify(labels);
		const before = sums.get(key)?.sum ?? 0n;
		sums.set(key, { labels, sum: before + value });
	}
	return [...sums.values()].map(({ labels, sum }) => [
		labels,
		toDecimalText(sum, metric.places),
	]);
}

function toLabels(labels: Labels): string {
	const parts = Object.entries(labels).map(
		([name, value]) => `${name}="${escapeLabel(value)}"`,
	);
	return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

const escapeLabel = (value: string): string =>
	value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
