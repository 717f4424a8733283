/** Text that came from outside, made fit for a terminal, a log line or an error sentence. */

/**
 * What may move the cursor, split a line, hide or reorder what is read: C0 and C1 controls, format characters
 * (bidirectional and zero-width marks, tags), lone surrogates, line and paragraph separators.
 */
const hostile = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** Anything but printable ASCII: all that must be asked of nearly every text. */
const unusual = /[^ -~]/;
const hostileAll = new RegExp(hostile.source, "gu");

/** Per UTF-16 unit, so that the result is also right inside a JSON string. */
function toEscape(character: string): string {
	return Array.from(
		{ length: character.length },
		(_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
	).join("");
}

/** The same text with every hostile character written as `\u202e`. */
export function escapeControls(text: string): string {
	if (!unusual.test(text)) return text;
	return hostile.test(text) ? text.replace(hostileAll, toEscape) : text;
}

/** `sk-ant-…Wxyz`; of a short secret not even the end is shown. */
export function maskSecret(secret: string): string {
	const prefix = /^sk-(ant-)?/.exec(secret)?.[0] ?? "";
	return `${prefix}…${secret.length >= 20 ? secret.slice(-4) : ""}`;
}

/** Masks whatever looks like a key, wherever it stands in the text. */
export function redactKeys(text: string): string {
	return text.includes("sk-")
		? text.replace(/\bsk-[A-Za-z0-9_-]{6,}/g, maskSecret)
		: text;
}

const quotedCharactersMax = 80;

/** A value as error sentences show it: quoted, one line, clipped, without keys, URL passwords or queries. */
export function quote(value: string): string {
	const shown = redactKeys(value)
		.replace(/\/\/[^/?#]*@/, "//…@")
		.replace(/(:\/\/[^?]*\?).+/, "$1…");
	const clipped =
		shown.length > quotedCharactersMax
			? `${shown.slice(0, quotedCharactersMax)}…`
			: shown;
	return `"${escapeControls(clipped)}"`;
}
