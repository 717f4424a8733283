/** A comparison with upstream's reports, for people. */
import {
	countKinds,
	kindNames,
	type Reconciled,
	type ReconciledRow,
} from "./reconciled.ts";
import { escapeControls } from "./safe-text.ts";
import { type Paint, toColumns } from "./terminal.ts";

/** Rows that are printed; JSON has them all. */
const maxRows = 60;
const shownPlaces = 4;

export function toReconcileText(found: Reconciled, paint: Paint): string {
	const { start_date, end_date, workspace, rows, ok, total } = found;
	const apart = rows.filter(({ cause }) => cause !== "none");
	const mark = ok ? paint("green", "✓") : paint("red", "✗");
	const where =
		workspace === null ? "" : `, workspace ${escapeControls(workspace)}`;
	const agree = rows.length - apart.length;
	return [
		"",
		`  ${mark} ${paint("bold", `${start_date} to ${end_date}`)} (UTC)${where}`,
		`    ledger ${toCents(total.ledger.cents)}, Anthropic ${toCents(total.upstream.cents)}, drift ${toCents(total.drift.cents)}`,
		`    ${agree} of ${rows.length} days of a model agree${toKnown(found)}`,
		...toTable(apart, paint),
		...toCauses(found, paint),
		"",
	].join("\n");
}

/** `12.5 ¢`, rounded for the eye. */
function toCents(text: string): string {
	const [whole = "0", fraction = ""] = text.split(".");
	const shown = fraction.slice(0, shownPlaces);
	return `${whole}${shown === "" ? "" : `.${shown}`}${fraction.length > shownPlaces ? "…" : ""} ¢`;
}

/** How well the ledger knows its own side. */
function toKnown({ total: { ledger } }: Reconciled): string {
	const parts = [
		[ledger.estimated_calls, `estimated (${toCents(ledger.estimated_cents)})`],
		[ledger.partial_calls, `partial (${toCents(ledger.partial_cents)})`],
		[ledger.unpriced_calls, "unpriced"],
	] as const;
	const known = parts.flatMap(([calls, what]) =>
		calls === 0 ? [] : [`${calls} ${what}`],
	);
	return known.length === 0
		? ""
		: `; of ${ledger.calls} calls on the ledger ${known.join(", ")}`;
}

function toTable(rows: readonly ReconciledRow[], paint: Paint): string[] {
	if (rows.length === 0) return [];
	const head = [
		"day",
		"model",
		"ledger",
		"Anthropic",
		"drift",
		"cause",
		"counts",
	];
	const lines = rows
		.slice(0, maxRows)
		.map((row) => [
			row.day,
			escapeControls(row.model),
			toCents(row.ledger.cents),
			toCents(row.upstream.cents),
			toCents(row.drift.cents),
			escapeControls(row.cause).replace("_", " "),
			toCounts(row),
		]);
	const [first = "", ...rest] = toColumns([head, ...lines]);
	const more = rows.length - lines.length;
	return [
		"",
		`  ${paint("dim", first)}`,
		...rest.map((line) => `  ${line}`),
		...(more > 0 ? [`  and ${more} more (--json has them)`] : []),
	];
}

const toCounts = ({ drift }: ReconciledRow): string =>
	kindNames
		.filter((name) => drift[name] !== 0)
		.map(
			(name) =>
				`${drift[name] > 0 ? "+" : ""}${drift[name]} ${countKinds[name]}`,
		)
		.join(", ");

const toCauses = ({ causes }: Reconciled, paint: Paint): string[] => {
	const lines = Object.entries(causes)
		.filter(([name]) => name !== "none")
		.map(([name, { about, rows, cents }]) => [
			escapeControls(name).replace("_", " "),
			`${rows} ×`,
			toCents(cents),
			escapeControls(about),
		]);
	return lines.length === 0
		? []
		: ["", ...toColumns(lines).map((line) => paint("dim", `  ${line}`))];
};
