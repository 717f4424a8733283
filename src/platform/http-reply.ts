/** Reads an HTTP/1.1 reply (RFC 9112). What is not one fails as fetch fails, with code `InvalidHTTPResponse`. */

/** All lines of a head together, and any one line. */
const maxHeadBytes = 256 * 1024;
/** A chunk is handed on in pieces: what the runtime cannot write of one at once, it copies. */
const pieceBytes = 64 * 1024;

const statusLine = /^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/;
const headerLine = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*$/;
const chunkLine = /^([\da-f]{1,12})[ \t]*(?:;|$)/i;
const wholeNumber = /^\d{1,15}$/;

export interface Bytes {
	/** Up to CRLF, without it; as Latin-1. */
	line(): Promise<string>;
	/** At least one and at most so many; null behind the last. */
	some(maxBytes: number): Promise<Uint8Array | null>;
	/** At least one and at most so many; throws behind the last. */
	must(maxBytes: number): Promise<Uint8Array>;
}

/** @param next gives the next chunk, or null behind the last; the one before is then no longer looked at */
export function openBytes(
	next: () => Promise<Uint8Array | null>,
	brokenOff: () => Error,
): Bytes {
	let rest: Uint8Array = new Uint8Array(0);
	const take = (length: number) => {
		const taken = rest.subarray(0, length);
		rest = rest.subarray(length);
		return taken;
	};
	const refill = async () => {
		const chunk = rest.length === 0 ? await next() : rest;
		rest = chunk ?? rest;
		return chunk !== null;
	};
	const some = async (maxBytes: number) =>
		(await refill()) ? take(Math.min(maxBytes, pieceBytes)) : null;
	return {
		some,
		must: async (maxBytes) => {
			const piece = await some(maxBytes);
			if (piece === null) throw brokenOff();
			return piece;
		},
		line: async () => {
			let text = "";
			while (!text.endsWith("\r\n")) {
				if (text.length > maxHeadBytes) throw invalid();
				if (!(await refill())) throw brokenOff();
				const end = rest.indexOf(0x0a);
				text += toLatin1(take(end === -1 ? rest.length : end + 1));
				if (text.endsWith("\n") && !text.endsWith("\r\n")) throw invalid();
			}
			return text.slice(0, -2);
		},
	};
}

const toLatin1 = (bytes: Uint8Array) =>
	Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

export interface Head {
	readonly status: number;
	readonly headers: Headers;
}

export async function readHead(bytes: Bytes): Promise<Head> {
	const status = Number(statusLine.exec(await bytes.line())?.[1]);
	if (Number.isNaN(status)) throw invalid();
	const headers = new Headers();
	let left = maxHeadBytes;
	for (let line = await bytes.line(); line !== ""; line = await bytes.line()) {
		const [, name, value = ""] = headerLine.exec(line) ?? [];
		left -= line.length;
		if (name === undefined || left < 0) throw invalid();
		headers.append(name, value);
	}
	return { status, headers };
}

/** In pieces; RFC 9112 §6.3 says how it ends. A body cut short throws, so that nobody takes it for whole. */
export function readBody(
	{ headers }: Head,
	bytes: Bytes,
): AsyncGenerator<Uint8Array> {
	const coding = headers.get("transfer-encoding");
	if (coding !== null) {
		if (coding.toLowerCase() !== "chunked") throw invalid();
		return readChunks(bytes);
	}
	const length = headers.get("content-length");
	if (length === null) return readToEnd(bytes);
	if (!wholeNumber.test(length)) throw invalid();
	return readPart(bytes, Number(length));
}

async function* readPart(
	bytes: Bytes,
	length: number,
): AsyncGenerator<Uint8Array> {
	for (let left = length; left > 0; ) {
		const piece = await bytes.must(left);
		left -= piece.length;
		yield piece;
	}
}

async function* readChunks(bytes: Bytes): AsyncGenerator<Uint8Array> {
	for (;;) {
		const digits = chunkLine.exec(await bytes.line())?.[1];
		if (digits === undefined) throw invalid();
		const length = Number.parseInt(digits, 16);
		if (length === 0) break;
		yield* readPart(bytes, length);
		if ((await bytes.line()) !== "") throw invalid();
	}
	let left = maxHeadBytes;
	for (let line = await bytes.line(); line !== ""; line = await bytes.line()) {
		left -= line.length; // trailers, which nobody is told of
		if (left < 0) throw invalid();
	}
}

async function* readToEnd(bytes: Bytes): AsyncGenerator<Uint8Array> {
	for (;;) {
		const piece = await bytes.some(pieceBytes);
		if (piece === null) return;
		yield piece;
	}
}

const invalid = () =>
	Object.assign(new TypeError("The answer is not HTTP."), {
		code: "InvalidHTTPResponse",
	});
