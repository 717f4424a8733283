/** What answers where. */
import { timingSafeEqual } from "node:crypto";
import { getLogger } from "@logtape/logtape";
import { type Context, Hono } from "hono";
import { addHealthRoutes } from "../admin/health.ts";
import type { Config } from "../cli/config.ts";
import { GatewayError } from "../domain/error.ts";
import {
	readOwnKey,
	requireMasterKey,
	toDigest,
} from "../gateway/authenticate.ts";
import { checkUpstream } from "../gateway/check-upstream.ts";
import { toEnvelope, toErrorReply } from "../gateway/error-reply.ts";
import { toPublicBase } from "../gateway/guard.ts";
import { meterWhole } from "../gateway/meter/meter.ts";
import type { Arrival } from "../gateway/open-call.ts";
import { type Gateway, runCall } from "../gateway/pipeline.ts";
import type { Clock, RequestHeaders } from "../platform/contract.ts";
import type { Keys } from "../store/keys.ts";
import { openLazy } from "../store/lazy.ts";
import type { Store } from "../store/store.ts";

type Bindings = Arrival;

export interface RouteState {
	readonly version: string;
	readonly uptimeMs: () => number;
	/** Resolves with what keeps it from taking calls; null: nothing. */
	readonly findFault: () => Promise<string | null>;
	readonly store: Store;
	readonly keys: Keys;
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
		async () => [
			...toRows(app).filter(({ path }) => !isManagedPath(path)),
			...toRows(await openManaged()),
		],
	);
	for (const path of managedPaths) {
		app.all(path, async (c) => (await openManaged()).fetch(c.req.raw, c.env));
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
	app.get("/", (c) =>
		c.text(
			`Tollway ${state.version}. Set ANTHROPIC_BASE_URL to ${toBase(c, gateway)}/anthropic\n`,
		),
	);
	return app;
}

const toRows = (app: Routes) =>
	app.routes.map(({ path, method }) => ({ path, methods: [method] }));

const isManagedPath = (path: string): boolean =>
	managedPaths.some((one) => one === path);

/** What the operator's routes begin with. */
const managedPaths = [
	"/key/*",
	"/spend/*",
	"/global/*",
	"/customer/*",
	"/end_user/*",
] as const;

/** Not at the start: their schemas and queries would be a tenth of it. */
async function openManagedRoutes(
	config: Config,
	gateway: Gateway,
	{ store, keys, clock, newSecret }: RouteState,
): Promise<Routes> {
	const [{ addRoutes }, { spendRoutes }, { keyRoutes }] = await Promise.all([
		import("../admin/route.ts"),
		import("../admin/spend.ts"),
		import("../admin/keys.ts"),
	]);
	const digest = gateway.authority.masterDigest;
	const app = openRoutes(gateway);
	const { engine, queries } = store;
	const requireOperator = (headers: RequestHeaders) => {
		if (digest !== null) requireMasterKey(headers, digest);
	};
	addRoutes(app, spendRoutes, {
		engine,
		queries,
		catalog: gateway.catalog,
		clock,
		meter: meterWhole,
		upstreamUrl: config.upstream.url,
		maxBudget: () => null,
		isMasterKey: (key) =>
			digest !== null && timingSafeEqual(toDigest(key), digest),
		requireOperator,
	});
	addRoutes(app, keyRoutes, {
		keys,
		newSecret,
		forget: gateway.counter.forget,
		flush: store.ledger.flush,
		engine,
		queries,
		clock,
		requireOperator,
		readOwnKey: (headers) =>
			readOwnKey(headers, {
				authority: gateway.authority,
				nowMs: clock.now(),
			}),
	});
	return app;
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
