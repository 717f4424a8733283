import { Database as SqliteDatabase } from "bun:sqlite";
import { X509Certificate } from "node:crypto";
import type { PeerCertificate } from "node:tls";
import { download } from "./bun-download.ts";

export { releaseChunk } from "./bun-release.ts";
export { newSecret } from "./secret.ts";

import type {
	Clock,
	Database,
	Listener,
	MapFile,
	ReadHeaders,
	RequestHeaders,
	ServeOptions,
	SqlValue,
	UpstreamFetch,
} from "./contract.ts";

/** Put in by the build. */
declare const BUILD_COMMIT: string | undefined;

export const runtime = `bun ${Bun.version}`;

export const buildCommit: string | null =
	typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : null;

/** True in the executable that `bun run build` makes. */
const isCompiled = Bun.isStandaloneExecutable;

/** Arguments after the program's own name. */
export const programArguments: readonly string[] = process.argv.slice(2);

export const clock: Clock = {
	now: () => Date.now(),
	monotonic: () => performance.now(),
};

/** `toJSON` takes half the time of `forEach`, and an eighth of that of the iterator (Bun 1.4.5). */
export const readHeaders: ReadHeaders = (headers) => {
	const record: Record<string, string | string[]> = headers.toJSON();
	const cookies = record["set-cookie"];
	if (cookies !== undefined) record["set-cookie"] = String(cookies);
	return record as RequestHeaders;
};

/** A UUID, version 7: it begins with its time. */
export const newId: () => string = () => Bun.randomUUIDv7();

export const mapFile: MapFile = (path) => Bun.mmap(path, { shared: true });

export async function serve(options: ServeOptions): Promise<Listener> {
	const server = Bun.serve({
		hostname: options.hostname,
		port: options.port,
		tls: options.tls,
		maxRequestBodySize: options.maxRequestBodyBytes,
		idleTimeout: options.idleTimeoutSeconds,
		// Without this an executable answers an uncaught error with a page of its own source (Bun 1.4.5).
		development: false,
		// `development: false` alone turns this on (Bun 1.4.5): two gateways would share a port and nobody would know.
		reusePort: false,
		fetch: (request) => options.handle(request, listener),
		error: (error) => options.onError(error),
	});
	const listener: Listener = {
		hostname: options.hostname,
		port: server.port ?? options.port,
		url: server.url.origin,
		pending: () => server.pendingRequests,
		timeout: (request, seconds) => server.timeout(request, seconds),
		clientAddress: (request) => server.requestIP(request)?.address ?? null,
		stop: (force) => server.stop(force),
	};
	return listener;
}

/**
 * `decompress: false`: Bun would decode the body and leave `content-encoding` standing. `redirect: "manual"`: Bun keeps
 * `x-api-key` across origins. `timeout: false`: its own idle limit of 5 minutes also cuts a call that is still thinking.
 */
export const fetchUpstream: UpstreamFetch = (url, init) => {
	if (init.bulk && !usesProxy(url)) return download(url, init);
	return fetch(url, {
		method: init.method,
		headers: init.headers,
		body: init.body,
		signal: init.signal,
		decompress: false,
		redirect: "manual",
		timeout: false,
		// Bun reads HTTP_PROXY for this machine's own addresses too.
		proxy: loopback.test(url) ? false : undefined,
		...(init.certificate && { tls: toPinned(init.certificate) }),
	} as BunFetchRequestInit);
};

/** That very certificate. One that nobody but itself vouches for is its own authority; the name does not matter. */
function toPinned(pem: string) {
	const { issuer, subject, fingerprint256 } = new X509Certificate(pem);
	return {
		...(issuer === subject && { ca: pem }),
		checkServerIdentity: (_: string, shown: PeerCertificate) =>
			shown.fingerprint256 === fingerprint256
				? undefined
				: Object.assign(new Error("another certificate than expected"), {
						code: "CERT_OTHER",
					}),
	};
}

const proxyNames = ["http_proxy", "https_proxy", "all_proxy"] as const;

/** Which proxy serves which address is for fetch to know. */
const usesProxy = (url: string): boolean =>
	!loopback.test(url) &&
	proxyNames.some(
		(name) => process.env[name] || process.env[name.toUpperCase()],
	);

const loopback = /^https?:\/\/(localhost|127\.|\[::1\])/;

export const openDatabase = (path: string): Database =>
	toDatabase(new SqliteDatabase(path, { create: true, strict: true }));

/** @throws the runtime's own error where there is none */
export const openReadOnly = (path: string): Database =>
	toDatabase(new SqliteDatabase(path, { readonly: true, strict: true }));

function toDatabase(database: SqliteDatabase): Database {
	return {
		exec: (sql) => {
			database.run(sql);
		},
		prepare: (sql) => {
			const statement = database.prepare<unknown, SqlValue[]>(sql);
			return {
				run: (values) => {
					statement.run(...values);
				},
				rows: (values) => statement.values(...values) as SqlValue[][],
				finalize: () => statement.finalize(),
			};
		},
		get: <Row>(sql: string, ...parameters: unknown[]) =>
			(database.query(sql).get(...(parameters as [])) ?? undefined) as
				| Row
				| undefined,
		close: () => database.close(),
	};
}

/** What the runtime reads only when the process starts, for whoever has not set it. */
const environmentAtStart = {
	// Its fetch otherwise stops at 256 requests in flight.
	BUN_CONFIG_MAX_HTTP_REQUESTS: "65535",
	// Its allocator otherwise gives memory back and asks for it again all the time: a sixth of a small call's CPU.
	MIMALLOC_PURGE_DELAY: "-1",
	// Before it sleeps, ten times a second, it would walk through all that is free to find what it could give back.
	MIMALLOC_PURGE_HOLES: "0",
	DO_NOT_TRACK: "1",
};

/**
 * The process replaces itself once (same pid, same descriptors), with what the runtime must find in its environment.
 * Returns only where there was nothing to do.
 */
export function prepareProcess(): void {
	const name = "BUN_CONFIG_MAX_HTTP_REQUESTS";
	if (process.env[name] !== undefined) return;
	const environment = { ...environmentAtStart, ...process.env };
	const script = isCompiled
		? []
		: [...process.execArgv, ...process.argv.slice(1, 2)];
	const argv = [process.execPath, ...script, ...programArguments];
	if (process.execve) {
		process.execve(process.execPath, argv, environment);
	}
	const child = Bun.spawnSync(argv, {
		env: environment,
		stdio: ["inherit", "inherit", "inherit"],
	});
	process.exit(child.exitCode);
}
