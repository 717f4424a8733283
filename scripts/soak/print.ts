/** What the soaks print: a table on a terminal, a JSON object per figure in a pipe. */
import { type Figure, isMissed } from "./figure.ts";

/** A figure of a soak. */
export interface Row {
	readonly soak: string;
	readonly figure: Figure;
}

export function toTable(rows: readonly Row[]): string {
	const cells = rows.map(toCells);
	const widths = columns.map((title, column) =>
		Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
	);
	const toLine = (row: readonly string[]) =>
		row
			.map((text, column) => {
				const width = widths[column] ?? 0;
				return isNumeric(column) ? text.padStart(width) : text.padEnd(width);
			})
			.join("  ")
			.trimEnd();
	return [columns, ...cells].map(toLine).join("\n");
}

const columns = ["soak", "what", "figure", "bound", ""] as const;
const isNumeric = (column: number) => column === 2 || column === 3;

function toCells({ soak, figure }: Row): string[] {
	const { name, value, unit } = figure;
	return [soak, name, toText(value, unit), toBound(figure), toVerdict(figure)];
}

function toVerdict(figure: Figure): string {
	if (toBound(figure) === "") return "";
	return isMissed(figure) ? "MISS" : "pass";
}

function toBound({ atMost, atLeast, unit }: Figure): string {
	if (atMost !== undefined) return `≤ ${toText(atMost, unit)}`;
	return atLeast === undefined ? "" : `≥ ${toText(atLeast, unit)}`;
}

function toText(value: number, unit: Figure["unit"]): string {
	const digits = Number.isInteger(value) ? 0 : 1;
	const number = value.toLocaleString("en", {
		minimumFractionDigits: digits,
		maximumFractionDigits: digits,
	});
	return unit === "count" ? number : `${number} ${unit}`;
}

export const toJsonLine = ({ soak, figure }: Row): string =>
	JSON.stringify({ soak, ...figure, missed: isMissed(figure) });
