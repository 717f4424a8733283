/**
 * What a runtime must offer. Everything else in Tollway is Web-standard or `node:*`; these few things differ between
 * Bun (the product) and Deno (which runs the same source), so each has one file here that implements them.
 */

/** A listening HTTP server. `timeout` and `clientAddress` need the Request object as it arrived, never a clone. */
export interface Listener {
	readonly hostname: string;
	readonly port: number;
	/** `http://127.0.0.1:4000`, no trailing slash. */
	readonly url: string;
	/** Requests whose reply has not ended. */
	pending(): number;
	/** Seconds of silence after which the runtime cuts this request's connection; 0 = never. No-op where the runtime has no such timer. */
	timeout(request: Request, seconds: number): void;
	/** The peer's address, or null (Unix socket, or the connection is gone). */
	clientAddress(request: Request): string | null;
	/** Refuses new connections and resolves when open replies have ended; `force` cuts them. */
	stop(force: boolean): Promise<void>;
}

export interface ServeOptions {
	hostname: string;
	port: number;
	tls?: { cert: string; key: string };
	/** The runtime's own ceiling on a request body; per-family limits are ours. */
	maxRequestBodyBytes: number;
	/** Seconds a connection may be idle before the runtime closes it; 0 = never. */
	idleTimeoutSeconds: number;
	handle(request: Request, listener: Listener): Response | Promise<Response>;
	/** Called for an exception that escaped `handle`; its answer goes to the client. */
	onError(error: unknown): Response;
}

/** By name in lower case; a header that was sent more than once is joined with `, `. */
export type RequestHeaders = Readonly<Record<string, string>>;

/** A request's headers all at once, which is cheaper than asking for one after the other. */
export type ReadHeaders = (headers: Headers) => RequestHeaders;

/** An upstream request: a whole body, a stream, or none. */
export interface UpstreamInit {
	method: string;
	/** Names in lower case. */
	headers: Record<string, string>;
	body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
	signal: AbortSignal;
	/** A GET whose reply may be long and its reader slow: nothing is read ahead of it. */
	bulk?: boolean;
	/** PEM of the certificate that the server must show. Under Bun it may be made out to any name. */
	certificate?: string;
}

/** `fetch` with the relay's switches: nothing decoded, no redirect followed, no hidden time-out. Rejects with the runtime's own error. */
export type UpstreamFetch = (
	url: string,
	init: UpstreamInit,
) => Promise<Response>;

/**
 * Gives back the memory of a chunk that nobody looks at any more, and of what stands before it in the same buffer. Left
 * to the collector, the chunks of a fast body make 60 MB. No-op where the runtime may still hold on to a chunk.
 */
export type ReleaseChunk = (chunk: Uint8Array) => void;

/** The file's bytes as memory shared with it; null where the runtime cannot. @throws the system's error */
export type MapFile = (path: string) => Uint8Array | null;

export interface Clock {
	/** Milliseconds since 1970, UTC. */
	now(): number;
	/** Milliseconds that only ever grow; for durations. */
	monotonic(): number;
}

/** What a column holds. Whole numbers are exact up to 2^53. */
export type SqlValue = string | number | null;

export interface PreparedStatement {
	run(values: readonly SqlValue[]): void;
	/** Each row as the values of its columns. */
	rows(values: readonly SqlValue[]): SqlValue[][];
	/** It is not used again. A connection stays open, with its locks, as long as a statement does. */
	finalize(): void;
}

/** A SQL database in one file; statements are synchronous, and throw the runtime's own error. */
export interface Database {
	exec(sql: string): void;
	prepare(sql: string): PreparedStatement;
	/** The first row, or undefined. */
	get<Row>(sql: string, ...parameters: unknown[]): Row | undefined;
	close(): void;
}
