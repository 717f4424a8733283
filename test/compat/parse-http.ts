/** HTTP/1.1 off the wire, as far as the clients under test speak it. */

export interface HttpMessage {
	/** The request line or the status line. */
	readonly start: string;
	/** By lower-case name; repeated ones joined with a comma. */
	readonly headers: ReadonlyMap<string, string>;
	/** Without the framing of chunks. */
	readonly body: Uint8Array;
	/** False when the connection ended, or has got no further, before the last byte. */
	readonly complete: boolean;
}

const headEnd = "\r\n\r\n";

/** Requests of one connection, in order. */
export const parseRequests = (bytes: Buffer): HttpMessage[] =>
	parse(bytes, () => false);

/**
 * Replies of one connection, in order, interim ones (1xx) left out.
 * @param methods of the requests they answer: what a HEAD gets has no body, whatever its headers announce
 */
export const parseReplies = (
	bytes: Buffer,
	methods: readonly string[],
): HttpMessage[] =>
	parse(bytes, (status, index) => {
		const bodiless = status === "204" || status === "304";
		return bodiless || methods[index] === "HEAD";
	});

function parse(
	bytes: Buffer,
	isBodiless: (second: string, index: number) => boolean,
): HttpMessage[] {
	const messages: HttpMessage[] = [];
	let at = 0;
	for (;;) {
		const end = bytes.indexOf(headEnd, at);
		if (end === -1) return messages;
		const [start = "", ...lines] = bytes
			.toString("latin1", at, end)
			.split("\r\n");
		at = end + headEnd.length;
		const second = start.split(" ")[1] ?? "";
		if (/^1\d\d$/.test(second)) continue;
		const headers = parseHeaders(lines);
		const body = isBodiless(second, messages.length)
			? noBody(at)
			: readBody(bytes, at, headers);
		messages.push({ start, headers, ...body });
		at = body.end;
	}
}

function parseHeaders(lines: readonly string[]): Map<string, string> {
	const headers = new Map<string, string>();
	for (const line of lines) {
		const colon = line.indexOf(":");
		const name = line.slice(0, colon).toLowerCase();
		const value = line.slice(colon + 1).trim();
		const before = headers.get(name);
		headers.set(name, before === undefined ? value : `${before}, ${value}`);
	}
	return headers;
}

interface Body {
	readonly body: Uint8Array;
	readonly complete: boolean;
	/** Where the next message begins. */
	readonly end: number;
}

const noBody = (end: number): Body => ({
	body: new Uint8Array(),
	complete: true,
	end,
});

function readBody(
	bytes: Buffer,
	from: number,
	headers: ReadonlyMap<string, string>,
): Body {
	if (headers.get("transfer-encoding")) return readChunks(bytes, from);
	const length = Number(headers.get("content-length") ?? 0);
	const end = Math.min(from + length, bytes.length);
	return {
		body: bytes.subarray(from, end),
		complete: end === from + length,
		end,
	};
}

function readChunks(bytes: Buffer, from: number): Body {
	const chunks: Buffer[] = [];
	let at = from;
	for (;;) {
		const lineEnd = bytes.indexOf("\r\n", at);
		if (lineEnd === -1) break;
		const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
		const start = lineEnd + 2;
		const end = start + size;
		chunks.push(bytes.subarray(start, Math.min(end, bytes.length)));
		if (end + 2 > bytes.length) break;
		at = end + 2;
		if (size === 0)
			return { body: Buffer.concat(chunks), complete: true, end: at };
	}
	return { body: Buffer.concat(chunks), complete: false, end: bytes.length };
}
