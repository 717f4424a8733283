/** CSV as a program reads it that knows nothing of ours (RFC 4180). */

/** Rows of cells; the first are the names. @throws Error where it is none */
export function readCsv(text: string): string[][] {
	const rows: string[][] = [];
	let row: string[] = [];
	let at = 0;
	while (at < text.length) {
		const [whole = "", quoted, bare = ""] =
			/^(?:"((?:[^"]|"")*)"|([^",\r\n]*))/.exec(text.slice(at)) ?? [];
		row.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
		at += whole.length;
		if (text[at] === ",") {
			at += 1;
			continue;
		}
		if (text.slice(at, at + 2) !== "\r\n") {
			throw new Error(`no end of a cell at ${text.slice(at, at + 40)}`);
		}
		at += 2;
		rows.push(row);
		row = [];
	}
	return rows;
}
