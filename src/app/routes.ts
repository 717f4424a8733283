/** What answers where. */
import { timingSafeEqual } from "node:crypto";
import { getLogger } from "@logtape/logtape";
import { type Context, Hono } from "hono";
import { addHealthRoutes } from "../admin/health.ts";
import type { ManagedRoute } from "../admin/route.ts";
import type { Config } from "../cli/config.ts";
import { GatewayError } from "../domain/error.ts";
import { toNanos } from "../domain/nanos.ts";
import {
	readOwnKey,
	requireMasterKey,
	requireOperator,
	toDigest,
} from "../gateway/authenticate.ts";
import { checkUpstream } from "../gateway/check-upstream.ts";
import { toEnvelope, toErrorReply } from "../gateway/error-reply.ts";
import { estimate } from "../gateway/estimate-counted.ts";
import { toUpstreamError } from "../gateway/forward.ts";
import { toPublicBase } from "../gateway/guard.ts";
import { meterWhole } from "../gateway/meter/meter.ts";
import type { Arrival } from "../gateway/open-call.ts";
import { type Gateway, runCall } from "../gateway/pipeline.ts";
import { toStoredUsage } from "../gateway/recharge.ts";
import type { ReadSpent } from "../limits/counter.ts";
import type { Clock, RequestHeaders } from "../platform/contract.ts";
import type { OpenDirectory } from "../store/directory.ts";
import { openLazy } from "../store/lazy.ts";
import type { Store } from "../store/store.ts";
import { addDocs } from "./docs.ts";

type Bindings = Arrival;

export interface RouteState {
	readonly version: string;
	readonly uptimeMs: () => number;
	/** Resolves with what keeps it from taking calls; null: nothing. */
	readonly findFault: () => Promise<string | null>;
	readonly store: Store;
	readonly directory: OpenDirectory;
	readonly readSpent: ReadSpent;
	readonly clock: Clock;
	readonly newSecret: () => string;
}

export type Routes = Hono<{ Bindings: Bindings }>;

export function defineRoutes(
	config: Config,
	gateway: Gateway,
	state: RouteState,
): Routes {
	const app = openRoutes(gateway);
	const digest = gateway.authority.masterDigest;
	const openManaged = openLazy(() => openManagedRoutes(config, gateway, state));
	addHealthRoutes(app, {
		...state,
		isTrusted: (arrival) =>
			digest === null || holdsMasterKey(arrival, digest, gateway),
		checkUpstream: () => checkUpstream(gateway),
		upstreamUrl: config.upstream.url,
		callsInProgress: gateway.flights.size,
		routes: async () => [
			...toRows(app).filter(({ path }) => !isManagedPath(path)),
			...toRows((await openManaged()).app),
		],
	});
	for (const path of managedPaths) {
		app.all(path, async (c) =>
			(await openManaged()).app.fetch(c.req.raw, c.env),
		);
	}
	if (config.docs) {
		addDocs(app, {
			version: state.version,
			rootPath: toPublicPath(config),
			toBase: (arrival) => toPublicBase(arrival, gateway),
			openTables: async () => (await openManaged()).tables,
		});
	}
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
	app.get("/", (c) => {
		const base = toBase(c, gateway);
		const docs = config.docs ? `Its own API: ${base}/docs\n` : "";
		return c.text(
			`Tollway ${state.version}. Set ANTHROPIC_BASE_URL to ${base}/anthropic\n${docs}`,
		);
	});
	return app;
}

/** Each once; Hono has a row for every step of a route. */
const toRows = ({ routes }: Routes) => {
	const rows = routes.map(
		({ path, method }) =>
			[`${method} ${path}`, { path, methods: [method] }] as const,
	);
	return [...new Map(rows).values()];
};

const isManagedPath = (path: string): boolean =>
	managedPaths.some((one) => one === path);

/** What the operator's routes begin with. */
const managedPaths = [
	"/key/*",
	"/spend/*",
	"/global/*",
	"/user/*",
	"/team/*",
	"/budget/*",
	"/tag/*",
	"/customer/*",
	"/end_user/*",
] as const;

interface Managed {
	readonly app: Routes;
	/** What it answers, to be described. */
	readonly tables: readonly ManagedRoute<never>[];
}

/** Not at the start: their schemas and queries would be a tenth of it. */
async function openManagedRoutes(
	config: Config,
	gateway: Gateway,
	state: RouteState,
): Promise<Managed> {
	const { addRoutes, manageRoutes, openReprice, reportRoutes } = await import(
		"./managed-routes.ts"
	);
	const { store, clock } = state;
	const { authority, counter, catalog, newId } = gateway;
	const digest = authority.masterDigest;
	const { engine, queries } = store;
	const toNow = () => ({ authority, nowMs: clock.now() });
	const common = {
		engine,
		queries,
		clock,
		directory: state.directory,
		requireOperator: (headers: RequestHeaders) =>
			requireOperator(headers, toNow()),
		readOwnKey: (headers: RequestHeaders) => readOwnKey(headers, toNow()),
	};
	const app = openRoutes(gateway);
	const { maxBudgetNanos } = config.limiting.global;
	addRoutes(app, reportRoutes, {
		...common,
		catalog,
		meter: meterWhole,
		estimate: (asked) => estimate(asked, gateway),
		reprice: openReprice({ ...gateway, engine, queries }),
		flush: store.ledger.flush,
		upstreamUrl: config.upstream.url,
		reports: {
			url: config.upstream.url,
			credential: config.upstream.adminCredential,
			userAgent: gateway.userAgent,
			fetch: gateway.fetch,
			toFailure: toUpstreamError,
		},
		toStoredUsage,
		maxBudget: () =>
			maxBudgetNanos === null ? null : toNanos(BigInt(maxBudgetNanos)),
		isMasterKey: (key) =>
			digest !== null && timingSafeEqual(toDigest(key), digest),
	});
	addRoutes(app, manageRoutes, {
		...common,
		...state,
		calendar: config.limiting.calendar,
		counter,
		newId,
	});
	return { app, tables: [...reportRoutes, ...manageRoutes] };
}

/** One reading of the path for routing, policy and the wire: the canonical one. */
function openRoutes(gateway: Gateway): Routes {
	const app: Routes = new Hono({
		getPath: (_request, options) =>
			(options as { env: Bindings }).env.target.path,
	});
	app.notFound((c) => {
		const base = toBase(c, gateway);
		throw new GatewayError(
			"not_found",
			`There is no such route here. Calls for Anthropic go to ${base}/anthropic/v1/… or ${base}/v1/…; set ANTHROPIC_BASE_URL to ${base}/anthropic.`,
		);
	});
	app.onError((error, c) => {
		const { target, clientAddress } = c.env;
		const judged = gateway.guesses.judge(error, clientAddress);
		return answerFault(judged, gateway.newId(), target.path);
	});
	return app;
}

const toPublicPath = ({ publicUrl, rootPath }: Config): string =>
	publicUrl === null ? rootPath || "/" : new URL(publicUrl).pathname;

const toBase = (c: Context<{ Bindings: Bindings }>, gateway: Gateway): string =>
	toPublicBase(c.env, gateway);

/** Whoever does not is a stranger, who may know how it is: no probe is told to wait, but a wrong key counts. */
function holdsMasterKey(
	{ headers, clientAddress }: Pick<Arrival, "headers" | "clientAddress">,
	digest: Uint8Array,
	{ guesses }: Gateway,
): boolean {
	try {
		requireMasterKey(headers, digest);
		return true;
	} catch (error) {
		if (!(error instanceof GatewayError)) throw error;
		guesses.judge(error, clientAddress);
		return false;
	}
}

/** Before its path is known, a request is taken for one of Anthropic's clients. */
export const anthropicPath = "/v1/";

/** A refusal that came before any call began, or a fault of our own. */
export function answerFault(
	error: unknown,
	id: string,
	path: string,
): Response {
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
