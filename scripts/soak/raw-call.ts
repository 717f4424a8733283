/** HTTP over a bare socket, so that a call can be left at any byte and in any way. */
import { connect, type Socket } from "node:net";

const connectLimitMs = 10_000;

export interface RawReply {
	readonly status: number;
	/** The body without its framing, as it comes; throws `BrokenOff` when it ends before its end. */
	readonly body: AsyncGenerator<Uint8Array>;
}

/** The connection ended in the middle of a reply. */
export class BrokenOff extends Error {
	override name = "BrokenOff";
}

/** Rejects when nobody listens. */
export function openSocket(url: string): Promise<Socket> {
	const { hostname, port } = new URL(url);
	return new Promise((resolve, reject) => {
		const socket = connect(Number(port), hostname);
		socket.setTimeout(connectLimitMs, () =>
			socket.destroy(new BrokenOff("no connection")),
		);
		socket.on("error", reject); // after the connection is there it changes nothing: reading tells
		socket.on("connect", () => {
			socket.setTimeout(0);
			resolve(socket);
		});
	});
}

/** A request's head, for example of `POST /v1/files`. */
export function toHead(
	url: string,
	line: string,
	body?: { readonly type: string; readonly length: number },
): string {
	const head = `${line} HTTP/1.1\r\nhost: ${new URL(url).host}\r\n`;
	if (!body) return `${head}\r\n`;
	return `${head}content-type: ${body.type}\r\ncontent-length: ${body.length}\r\n\r\n`;
}

/** `fin`: as a client that closes its connection; `rst`: as one that crashes. */
export function leave(socket: Socket, how: "fin" | "rst"): void {
	if (how === "fin") socket.destroy();
	else socket.resetAndDestroy();
}

/** Resolves with the head; throws `BrokenOff` when there is none. */
export async function readReply(socket: Socket): Promise<RawReply> {
	const source = openSource(socket);
	const status = Number((await source.line()).split(" ")[1]);
	let length = Number.NaN;
	for (
		let line = await source.line();
		line !== "";
		line = await source.line()
	) {
		const [name = "", value] = line.split(": ", 2);
		if (name.toLowerCase() === "content-length") length = Number(value);
	}
	const body = Number.isNaN(length)
		? readChunks(source)
		: readPiece(source, length);
	return { status, body };
}

interface Source {
	line(): Promise<string>;
	/** At least a byte, at most so many. */
	some(maxBytes: number): Promise<Uint8Array>;
}

function openSource(socket: Socket): Source {
	const chunks: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]();
	let rest: Buffer = Buffer.alloc(0);
	const more = async () => {
		const next = await chunks.next().catch((cause: unknown) => {
			throw new BrokenOff("the connection broke", { cause });
		});
		if (next.done) throw new BrokenOff("the connection ended");
		rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
	};
	const take = (bytes: number) => {
		const taken = rest.subarray(0, bytes);
		rest = rest.subarray(bytes);
		return taken;
	};
	return {
		line: async () => {
			while (!rest.includes("\r\n")) await more();
			return take(rest.indexOf("\r\n") + 2)
				.toString("latin1", 0)
				.trimEnd();
		},
		some: async (maxBytes) => {
			if (rest.length === 0) await more();
			return take(maxBytes);
		},
	};
}

async function* readPiece(
	source: Source,
	length: number,
): AsyncGenerator<Uint8Array> {
	for (let left = length; left > 0; ) {
		const bytes = await source.some(left);
		left -= bytes.length;
		yield bytes;
	}
}

/** RFC 9112 §7.1; without the last chunk it is broken off. */
async function* readChunks(source: Source): AsyncGenerator<Uint8Array> {
	for (;;) {
		const length = Number.parseInt(await source.line(), 16);
		if (Number.isNaN(length)) throw new BrokenOff("not a chunk");
		yield* readPiece(source, length);
		await source.line();
		if (length === 0) return;
	}
}
