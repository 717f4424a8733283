import { randomUUID } from "node:crypto";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import type {
	Clock,
	Database,
	Listener,
	MapFile,
	ReadHeaders,
	ReleaseChunk,
	ServeOptions,
	SqlValue,
	UpstreamFetch,
} from "./contract.ts";

export { newSecret } from "./secret.ts";

/** The part of Deno's API that is used here; its own types would clash with Bun's. */
interface DenoServer {
	readonly addr: { readonly hostname: string; readonly port: number };
	shutdown(): Promise<void>;
}
interface ConnectionInfo {
	readonly remoteAddr: { readonly hostname?: string };
}
declare const Deno: {
	readonly version: { readonly deno: string };
	serve(
		options: object,
		handler: (
			request: Request,
			info: ConnectionInfo,
		) => Response | Promise<Response>,
	): DenoServer;
	createHttpClient(options: { caCerts: string[] }): object;
};

export const runtime = `deno ${Deno.version.deno}`;

export const buildCommit: string | null = null;

/** Arguments after the program's own name. */
export const programArguments: readonly string[] = process.argv.slice(2);

export const clock: Clock = {
	now: () => Date.now(),
	monotonic: () => performance.now(),
};

export const readHeaders: ReadHeaders = (headers) =>
	Object.fromEntries(headers);

/** A UUID, version 7 (RFC 9562, 5.7): it begins with its time. */
export function newId(): string {
	const time = Date.now().toString(16).padStart(12, "0");
	const random = randomUUID();
	return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

/** Deno cannot. */
export const mapFile: MapFile = () => null;

/**
 * Deno has neither a timer per request nor a ceiling on bodies: `timeout`, `idleTimeoutSeconds` and
 * `maxRequestBodyBytes` do nothing here.
 */
export async function serve(options: ServeOptions): Promise<Listener> {
	const peers = new WeakMap<Request, string | null>();
	const cut = new AbortController();
	let pending = 0;
	const handle = async (request: Request, info: ConnectionInfo) => {
		peers.set(request, info.remoteAddr.hostname ?? null);
		pending += 1;
		try {
			return await options.handle(request, listener);
		} finally {
			pending -= 1;
		}
	};
	const server = Deno.serve(
		{
			hostname: options.hostname,
			port: options.port,
			...options.tls,
			signal: cut.signal,
			onError: options.onError,
			onListen: () => {},
			// Replies cross as they are.
			automaticCompression: false,
		},
		handle,
	);
	const { hostname, port } = server.addr;
	const listener: Listener = {
		hostname,
		port,
		url: `${options.tls ? "https" : "http"}://${hostname}:${port}`,
		pending: () => pending,
		timeout: () => {},
		clientAddress: (request) => peers.get(request) ?? null,
		stop: (force) => {
			if (force) cut.abort();
			return server.shutdown();
		},
	};
	return listener;
}

/** Deno's errors have no code, only words. */
const faults: readonly (readonly [RegExp, string])[] = [
	[/refused/i, "ECONNREFUSED"],
	[/dns|resolve|lookup/i, "ENOTFOUND"],
	[/certificate|tls/i, "CERT_INVALID"],
	[/reset|closed|eof|incomplete/i, "ECONNRESET"],
];

function toCodedError(error: unknown): unknown {
	if (!(error instanceof TypeError)) return error;
	const text = `${error.message} ${String(error.cause ?? "")}`;
	const code = faults.find(([words]) => words.test(text))?.[1] ?? "ENETWORK";
	return Object.assign(error, { code });
}

/** Deno decodes a reply and leaves its `content-encoding` standing, so none is asked for, and the header goes if it comes all the same. */
export const fetchUpstream: UpstreamFetch = async (url, init) => {
	try {
		const reply = await fetch(url, {
			method: init.method,
			headers: { ...init.headers, "accept-encoding": "identity" },
			body: init.body,
			signal: init.signal,
			redirect: "manual",
			...(init.body instanceof ReadableStream ? { duplex: "half" } : {}),
			...(init.certificate && {
				client: Deno.createHttpClient({ caCerts: [init.certificate] }),
			}),
		} as RequestInit);
		return reply.headers.has("content-encoding") ? toDecoded(reply) : reply;
	} catch (error) {
		throw toCodedError(error);
	}
};

function toDecoded(reply: Response): Response {
	const headers = new Headers(reply.headers);
	headers.delete("content-encoding");
	headers.delete("content-length");
	return new Response(reply.body, { status: reply.status, headers });
}

export const openDatabase = (path: string): Database =>
	toDatabase(new DatabaseSync(path));

/** @throws the runtime's own error where there is none */
export const openReadOnly = (path: string): Database =>
	toDatabase(new DatabaseSync(path, { readOnly: true }));

function toDatabase(database: DatabaseSync): Database {
	return {
		exec: (sql) => database.exec(sql),
		prepare: (sql) => {
			const statement = database.prepare(sql);
			return {
				run: (values) => {
					statement.run(...values);
				},
				rows: (values) =>
					statement
						.all(...values)
						.map((row) => Object.values(row) as SqlValue[]),
				// Closing the database does.
				finalize: () => {},
			};
		},
		get: <Row>(sql: string, ...parameters: unknown[]) =>
			database.prepare(sql).get(...(parameters as [])) as Row | undefined,
		close: () => database.close(),
	};
}

/** Deno needs nothing of the kind. */
export function prepareProcess(): void {}

/** Deno may hold on to a chunk of a reply that it has taken. */
export const releaseChunk: ReleaseChunk = () => {};
