import { releaseChunk } from "./bun-release.ts";

/** A connection from which nothing is read that was not asked for, but for the one chunk that is under way. */
export interface Connection {
	/** Resolves when the system has taken all of it. */
	write(bytes: Uint8Array): Promise<void>;
	/** What came next; null behind the peer's last byte. */
	next(): Promise<Uint8Array | null>;
	close(): void;
}

/** What the runtime cannot write of a piece at once, it copies. */
const pieceBytes = 64 * 1024;

/** What has happened on a connection. */
interface Seen {
	readonly chunks: Uint8Array[];
	isOpen: boolean;
	isEnded: boolean;
	/** Undefined while nothing is wrong. */
	failure: unknown;
	/** Something of the above has changed, or there is room to write again. */
	wake(): void;
}

/**
 * Rejects with the system's error, or with what is wrong with the peer's certificate. When the signal aborts, this and
 * whatever is under way reject with its reason.
 */
export async function openConnection(
	url: URL,
	signal: AbortSignal,
): Promise<Connection> {
	signal.throwIfAborted();
	const secure = url.protocol === "https:";
	const hostname = url.hostname.replace(/^\[|\]$/g, "");
	const seen: Seen = {
		chunks: [],
		isOpen: false,
		isEnded: false,
		failure: undefined,
		wake: () => {},
	};
	const change = async () => {
		if (seen.failure === undefined) {
			await new Promise<void>((resolve) => {
				seen.wake = resolve;
			});
		}
		if (seen.failure !== undefined) throw seen.failure;
	};
	const connecting = Bun.connect<undefined>({
		hostname,
		port: Number(url.port || (secure ? 443 : 80)),
		tls: secure && { serverName: hostname },
		socket: toHandlers(seen, secure),
	});
	const fail = (cause: unknown) => {
		seen.failure ??= cause;
		seen.wake();
	};
	connecting.catch(fail);
	const onAbort = () => fail(signal.reason);
	signal.addEventListener("abort", onAbort);
	const close = () => {
		signal.removeEventListener("abort", onAbort);
		connecting.then((socket) => socket.terminate(), ignoreNeverOpened);
	};
	try {
		while (!seen.isOpen) {
			if (seen.isEnded) throw brokenOff();
			await change();
		}
		return toConnection(await connecting, seen, { change, close });
	} catch (error) {
		close();
		throw error;
	}
}

const ignoreNeverOpened = () => {};

function toHandlers(seen: Seen, secure: boolean): Bun.SocketHandler<undefined> {
	const note = (what: Partial<Seen>) => {
		Object.assign(seen, what);
		seen.wake();
	};
	const fail = (failure: unknown) => note({ failure: seen.failure ?? failure });
	return {
		open: () => {
			if (!secure) note({ isOpen: true });
		},
		// Bun closes a connection whose certificate does not hold, and says why only here.
		handshake: (_socket, isTrusted, error) =>
			isTrusted ? note({ isOpen: true }) : fail(error),
		data: (socket, chunk) => {
			socket.pause();
			seen.chunks.push(...toPieces(chunk));
			seen.wake();
		},
		drain: () => seen.wake(),
		end: () => note({ isEnded: true }),
		close: (_socket, error) => (error ? fail(error) : note({ isEnded: true })),
		error: (_socket, error) => fail(error),
		connectError: (_socket, error) => fail(error),
	};
}

function toConnection(
	socket: Bun.Socket,
	seen: Seen,
	{ change, close }: { change: () => Promise<void>; close: () => void },
): Connection {
	return {
		write: async (bytes) => {
			for (let rest = bytes; rest.length > 0; ) {
				const written = socket.write(rest);
				if (written < 0) throw seen.failure ?? brokenOff();
				rest = rest.subarray(written);
				if (rest.length > 0) await change();
			}
		},
		next: async () => {
			while (seen.chunks.length === 0) {
				if (seen.isEnded && seen.failure === undefined) return null;
				const changed = change(); // before the data may come
				socket.resume();
				await changed;
			}
			return seen.chunks.shift() as Uint8Array;
		},
		close,
	};
}

/**
 * A chunk has up to 512 KB, and its memory is given back only as a whole. In pieces what has been handed on is given back
 * while the rest still waits: 26 MB less for a hundred readers that have stopped somewhere in the middle.
 */
function toPieces(chunk: Buffer): Uint8Array[] {
	const pieces: Uint8Array[] = [];
	for (let at = 0; at < chunk.length; at += pieceBytes) {
		pieces.push(new Uint8Array(chunk.subarray(at, at + pieceBytes)));
	}
	releaseChunk(chunk);
	return pieces;
}

/** Named as fetch names it. */
export const brokenOff = () =>
	Object.assign(new TypeError("The connection was closed too early."), {
		code: "ECONNRESET",
	});
