import { readFileSync } from "node:fs";
import { getLogger } from "@logtape/logtape";
import { type Context, Hono } from "hono";
import { addHealthRoutes } from "./admin/health.ts";
import type { Config } from "./cli/config.ts";
import type { CallRecord } from "./domain/call.ts";
import { GatewayError } from "./domain/error.ts";
import { requireMasterKey, toDigest } from "./gateway/authenticate.ts";
import { checkUpstream } from "./gateway/check-upstream.ts";
import { openCors } from "./gateway/cors.ts";
import { toEnvelope, toErrorReply } from "./gateway/error-reply.ts";
import { openGuard, toPublicBase } from "./gateway/guard.ts";
import { type Arrival, idleConnectionSeconds } from "./gateway/open-call.ts";
import { type Gateway, openGateway, runCall } from "./gateway/pipeline.ts";
import type {
	Clock,
	Database,
	Listener,
	ReadHeaders,
	ReleaseChunk,
	RequestHeaders,
	ServeOptions,
	UpstreamFetch,
} from "./platform/contract.ts";
import { requireFile } from "./store/database-url.ts";
import { openStore } from "./store/embedded.ts";

/** The runtime's services, handed in. */
export interface Rim {
	readonly clock: Clock;
	readonly newId: () => string;
	readonly fetch: UpstreamFetch;
	readonly releaseChunk: ReleaseChunk;
	readonly readHeaders: ReadHeaders;
	readonly serve: (options: ServeOptions) => Promise<Listener>;
	readonly openDatabase: (path: string) => Database;
}

export interface AppOptions {
	readonly version: string;
	/** Called once for every finished call. */
	readonly onCall: (record: CallRecord) => void;
}

export interface App {
	/** Where it listens, without the root path; no trailing slash. */
	readonly url: string;
	/** Calls whose reply has not ended. */
	pending(): number;
	/** Takes no new calls and resolves when the open replies have ended; `force` cuts them. May be called twice. */
	stop(force: boolean): Promise<void>;
}

type Bindings = Arrival;

/** Opens the store, wires the rooms and listens. Rejects with the system's error when it cannot. */
export async function openApp(
	config: Config,
	rim: Rim,
	options: AppOptions,
): Promise<App> {
	const store = openStore(requireFile(config.database), {
		open: rim.openDatabase,
		pid: process.pid,
	});
	const gateway = openGateway(toGatewayOptions(config, rim, options));
	const life = { stopping: false };
	const routes = defineRoutes(config, gateway, {
		version: options.version,
		uptimeMs: rim.clock.monotonic,
		isReady: () => !life.stopping && isReadable(store.check),
	});
	try {
		const listener = await rim.serve({
			hostname: config.host,
			port: config.port,
			tls: config.tls
				? {
						cert: readFileSync(config.tls.certPath, "utf8"),
						key: readFileSync(config.tls.keyPath, "utf8"),
					}
				: undefined,
			// The families' own limits are enforced while reading; this one only has to be above them.
			maxRequestBodyBytes: 2 * Math.max(...Object.values(toBodyLimits(config))),
			idleTimeoutSeconds: idleConnectionSeconds,
			handle: toHandler(config, gateway, routes, rim.readHeaders),
			onError: (error) => answerFault(error, rim.newId(), anthropicPath),
		});
		return toApp(listener, gateway, () => store.close(), life);
	} catch (error) {
		gateway.flights.close();
		store.close();
		throw error;
	}
}

const toBodyLimits = ({ limits }: Config) => ({
	messages: limits.messagesBytes,
	batches: limits.batchesBytes,
	files: limits.filesBytes,
	other: limits.otherBytes,
});

const toGatewayOptions = (config: Config, rim: Rim, options: AppOptions) => ({
	clock: rim.clock,
	newId: rim.newId,
	fetch: rim.fetch,
	releaseChunk: rim.releaseChunk,
	authority: {
		masterDigest: config.masterKey === null ? null : toDigest(config.masterKey),
		credential: config.upstream.credential,
		adminApi: config.adminApi,
	},
	upstreamUrl: config.upstream.url,
	userAgent: `tollway/${options.version}`,
	bodyLimits: toBodyLimits(config),
	waitLimits: {
		"client-body": config.timeouts.slowBodyMs,
		"first-byte": config.timeouts.firstByteMs,
		upstream: config.timeouts.streamIdleMs,
		client: config.timeouts.clientStallMs,
	},
	inFlightBytes: config.limits.inFlightBytes,
	rewriteResultsUrl: config.rewriteResultsUrl,
	publicUrl: config.publicUrl,
	rootPath: config.rootPath,
	onCall: (record: CallRecord) => {
		if (record.cause !== null) logCause(record);
		options.onCall(record);
	},
});

/** Why a call failed, for the operator; the client was told a sentence of ours. */
function logCause({ callId, end, cause }: CallRecord): void {
	const log = getLogger(["tollway", "gateway"]);
	const coded = typeof (cause as { code?: unknown }).code === "string";
	const level = coded ? "debug" : "error";
	log[level]("Call {callId} ended as {end}: {cause}", { callId, end, cause });
}

function isReadable(check: () => void): boolean {
	try {
		check();
		return true;
	} catch (error) {
		getLogger(["tollway", "store"]).error(
			"The database cannot be read: {error}",
			{ error },
		);
		return false;
	}
}

interface RouteState {
	readonly version: string;
	readonly uptimeMs: () => number;
	readonly isReady: () => boolean;
}

type Routes = Hono<{ Bindings: Bindings }>;

function defineRoutes(
	config: Config,
	gateway: Gateway,
	state: RouteState,
): Routes {
	// One reading of the path for routing, policy and the wire: the canonical one.
	const app: Routes = new Hono({
		getPath: (_request, options) =>
			(options as { env: Bindings }).env.target.path,
	});
	const digest = gateway.authority.masterDigest;
	addHealthRoutes(
		app,
		{
			...state,
			isTrusted: (headers) =>
				digest === null || holdsMasterKey(headers, digest),
			checkUpstream: () => checkUpstream(gateway),
			upstreamUrl: config.upstream.url,
			callsInProgress: gateway.flights.size,
		},
		() => app.routes.map(({ path, method }) => ({ path, methods: [method] })),
	);
	// Claude Code warms its connection up here, before it has a credential.
	app.get("/api/hello", (c) => c.text("hello"));
	app.get("/anthropic/api/hello", async (c) =>
		c.req.raw.method === "HEAD"
			? c.text("hello")
			: runCall(c.req.raw, c.env, gateway),
	);
	for (const mount of ["/anthropic", "/v1"]) {
		app.all(mount, (c) => c.notFound());
		app.all(`${mount}/*`, (c) => runCall(c.req.raw, c.env, gateway));
	}
	app.get("/", (c) =>
		c.text(
			`Tollway ${state.version}. Set ANTHROPIC_BASE_URL to ${toBase(c, gateway)}/anthropic\n`,
		),
	);
	app.notFound((c) => {
		const base = toBase(c, gateway);
		throw new GatewayError(
			"not_found",
			`There is no such route here. Calls for Anthropic go to ${base}/anthropic/v1/… or ${base}/v1/…; set ANTHROPIC_BASE_URL to ${base}/anthropic.`,
		);
	});
	app.onError((error, c) =>
		answerFault(error, gateway.newId(), c.env.target.path),
	);
	return app;
}

const toBase = (c: Context<{ Bindings: Bindings }>, gateway: Gateway): string =>
	toPublicBase(c.env, gateway);

function holdsMasterKey(headers: RequestHeaders, digest: Uint8Array): boolean {
	try {
		requireMasterKey(headers, digest);
		return true;
	} catch (error) {
		if (error instanceof GatewayError) return false;
		throw error;
	}
}

function toHandler(
	config: Config,
	gateway: Gateway,
	routes: Routes,
	readHeaders: ReadHeaders,
) {
	const guard = openGuard({
		readHeaders,
		open: gateway.authority.masterDigest === null,
		allowedHosts: config.allowedHosts,
		corsOrigins: config.corsOrigins,
		trustedProxies: config.trustedProxies,
		publicUrl: config.publicUrl,
		rootPath: config.rootPath,
	});
	const answer = (request: Request, listener: Listener) => {
		try {
			return routes.fetch(request, guard.admitArrival(request, listener));
		} catch (error) {
			return answerFault(error, gateway.newId(), anthropicPath);
		}
	};
	if (config.corsOrigins.length === 0) return answer;
	const cors = openCors(config.corsOrigins);
	return async (request: Request, listener: Listener) =>
		cors.answerPreflight(request) ??
		cors.allowOrigin(request, await answer(request, listener));
}

/** Before its path is known, a request is taken for one of Anthropic's clients. */
const anthropicPath = "/v1/";

/** A refusal that came before any call began, or a fault of our own. */
function answerFault(error: unknown, id: string, path: string): Response {
	if (error instanceof GatewayError) {
		return toErrorReply(error, id, toEnvelope(path));
	}
	getLogger(["tollway", "app"]).error("A request failed: {error}", { error });
	const internal = new GatewayError(
		"internal",
		"Tollway failed on this request; its log says why.",
	);
	return toErrorReply(internal, id, toEnvelope(path));
}

function toApp(
	listener: Listener,
	gateway: Gateway,
	closeStore: () => void,
	life: { stopping: boolean },
): App {
	let ended: Promise<void> | null = null;
	const stop = async (force: boolean) => {
		life.stopping = true;
		if (force) {
			gateway.flights.abortAll(
				new GatewayError(
					"stopping",
					"The gateway is stopping. Try again in a moment.",
				),
			);
		}
		await listener.stop(force);
		gateway.flights.close();
		closeStore();
	};
	return {
		url: listener.url,
		pending: gateway.flights.size,
		stop: (force) => {
			if (force || ended === null) ended = stop(force);
			return ended;
		},
	};
}
