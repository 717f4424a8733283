/** Rows as CSV (RFC 4180, UTF-8), such that a spreadsheet takes no cell for a formula. */

/** What spreadsheets begin a formula with. */
const formula = /^[=+\-@\t\r]/;
/** A negative number is none, as text neither: `-0.25`. */
const negative = /^-\d+(\.\d+)?$/;

/** Every text is quoted, whatever separates columns where it is opened. Null is nothing, an empty text `""`. */
function toCell(value: unknown): string {
	if (value === null || value === undefined) return "";
	if (typeof value === "number" || typeof value === "boolean") {
		return String(value);
	}
	const text = typeof value === "string" ? value : JSON.stringify(value);
	const isFormula = formula.test(text) && !negative.test(text);
	return `"${isFormula ? "'" : ""}${text.replaceAll('"', '""')}"`;
}

export const toLine = (cells: readonly unknown[]): string =>
	`${cells.map(toCell).join(",")}\r\n`;
