/** What an event says, for the few that are read. */

export interface SseEvent {
	/** Of its `event` field; null without one, or if it is empty. */
	readonly name: string | null;
	/** Its `data` lines, joined by LF. */
	readonly data: string;
}

// A byte order mark at the front is dropped: clients do, and not only before the first event.
const decoder = new TextDecoder();

export const decode = (bytes: Uint8Array, start = 0, end = bytes.length) =>
	decoder.decode(
		start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end),
	);

const anyLineEnd = /\r\n|\r|\n/;

/** Fields are read as WHATWG HTML, 9.2.6, has it. */
export function readEvent(text: string): SseEvent {
	let name: string | null = null;
	let data: string | null = null;
	for (const line of text.split(text.includes("\r") ? anyLineEnd : "\n")) {
		const value = fieldOf(line, "data");
		if (value !== undefined) data = data === null ? value : `${data}\n${value}`;
		else name = fieldOf(line, "event") ?? name;
	}
	return { name: name || null, data: data ?? "" };
}

function fieldOf(line: string, field: string): string | undefined {
	if (!line.startsWith(field)) return undefined;
	if (line.length === field.length) return "";
	if (line[field.length] !== ":") return undefined;
	return line.slice(field.length + (line[field.length + 1] === " " ? 2 : 1));
}

/** The beginning of an event. Its last line counts only if it is data: half a name is another name. */
export function readEventSoFar(text: string): SseEvent {
	const last = Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1;
	return readEvent(text.startsWith("data", last) ? text : text.slice(0, last));
}
