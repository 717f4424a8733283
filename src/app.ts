import { readFileSync } from "node:fs";
import { getLogger } from "@logtape/logtape";
import {
	logCause,
	openUnknownModelWarning,
	toBodyLimits,
	toGatewayOptions,
} from "./app/gateway-options.ts";
import { toHandler } from "./app/handler.ts";
import { openLimiting } from "./app/open-limiting.ts";
import { openRetention, type Retention } from "./app/open-retention.ts";
import {
	openStore,
	readHorizon,
	readTotals,
	type StoreRim,
} from "./app/open-store.ts";
import {
	answerFault,
	anthropicPath,
	defineRoutes,
	type Routes,
} from "./app/routes.ts";
import type { Config } from "./cli/config.ts";
import type { CallRecord } from "./domain/call.ts";
import type { Entry } from "./domain/entry.ts";
import { GatewayError } from "./domain/error.ts";
import { drainSessions } from "./gateway/agent-sessions/queue.ts";
import { resumeBatchHolds } from "./gateway/batches/hold.ts";
import { type BatchPoller, openBatchPoller } from "./gateway/batches/poller.ts";
import { idleConnectionSeconds } from "./gateway/open-call.ts";
import { type Gateway, openGateway } from "./gateway/pipeline.ts";
import { openTotals } from "./gateway/totals.ts";
import { openUnwritten } from "./gateway/unwritten.ts";
import type {
	Listener,
	ReadHeaders,
	ReleaseChunk,
	ServeOptions,
	UpstreamFetch,
} from "./platform/contract.ts";
import { openPrices, type Prices } from "./pricing/open-prices.ts";
import { openAgentSessions } from "./store/agent-sessions.ts";
import { openBatches } from "./store/batches.ts";
import { type OpenDirectory, openDirectory } from "./store/directory.ts";
import { openOwners } from "./store/owners.ts";
import type { Store } from "./store/store.ts";

/** The runtime's services, handed in. */
export interface Rim extends StoreRim {
	readonly newId: () => string;
	readonly newSecret: () => string;
	readonly fetch: UpstreamFetch;
	readonly releaseChunk: ReleaseChunk;
	readonly readHeaders: ReadHeaders;
	readonly serve: (options: ServeOptions) => Promise<Listener>;
}

export interface AppOptions {
	readonly version: string;
	/** Called once for every finished call. */
	readonly onCall: (record: CallRecord) => void;
	/** Saves an Entry that the ledger did not take; must not throw. */
	readonly onLost: (entry: Entry, error: unknown) => void;
}

export interface App {
	/** Where it listens, without the root path; no trailing slash. */
	readonly url: string;
	/** Calls whose reply has not ended. */
	pending(): number;
	/** Takes no new calls and resolves when the open replies have ended; `force` cuts them. May be called twice. */
	stop(force: boolean): Promise<void>;
}

/** Opens prices and store, wires the rooms and listens. Rejects with the system's error when it cannot. */
export async function openApp(
	config: Config,
	rim: Rim,
	options: AppOptions,
): Promise<App> {
	const unwritten = openUnwritten(config.unwrittenNanos);
	// First, because its threads start while the prices are read.
	const opening = openStore(config, rim, {
		catalog: () => prices.catalog(),
		onRecovered: unwritten.reset,
		onLost: options.onLost,
	});
	const prices = await openPricesBeside(config, opening);
	const store = await opening;
	const state = await readState(store, rim, config).catch(async (error) => {
		prices.close();
		await store.close();
		throw error;
	});
	const { directory, made } = state;
	const [{ clock }, { catalog }] = [rim, prices];
	const limiting = { ...state, store, clock, catalog };
	const { limits, counter, readSpent } = openLimiting(config, limiting);
	const gateway = openGateway({
		...rim,
		...options,
		...toGatewayOptions(config, directory, limits),
		ledger: store.ledger,
		counter,
		...made,
		sharesCounts: store.openCounts !== null,
		catalog,
		totals: openTotals(clock, state.totals),
		unwritten,
		onUnknownModel: openUnknownModelWarning(),
		userAgent: `tollway/${options.version}`,
		versionName: `tollway-${options.version}`,
		onCall: (record) => {
			logCause(record);
			options.onCall(record);
		},
	});
	const life: Life = { ...unopened, gateway, store, directory, prices };
	const routes = defineRoutes(config, gateway, {
		version: options.version,
		uptimeMs: rim.clock.monotonic,
		findFault: async () =>
			life.stopping ? "it is stopping" : await store.probe(),
		store,
		directory,
		readSpent,
		clock,
		newSecret: rim.newSecret,
	});
	try {
		await followBatches(life);
		life.retention = openRetention(config, { ...life, ...rim });
		return toApp(await listen(config, rim, life, routes), life);
	} catch (error) {
		await close(life);
		throw error;
	}
}

/** What the database says of keys and sums. Rejects with StoreError. */
async function readState(
	store: Store,
	{ clock, newId }: Rim,
	{ durability }: Config,
) {
	const totals = await readTotals(store, clock);
	const horizonMs = await readHorizon(store);
	const directory = await openDirectory({
		engine: store.engine,
		queries: store.queries.objects,
		clock,
		newId,
		onFault: tellChangesFault,
	});
	const synced = durability === "always";
	const batches = openBatches({ ...store, synced });
	const agentSessions = openAgentSessions({ ...store, synced });
	// Whoever had some before is gone: one process has the embedded database to itself.
	if (store.engine.kind === "sqlite") await batches.freeAll();
	const owners = openOwners({ ...store, synced });
	const made = { batches, agentSessions, owners };
	return { directory, totals, horizonMs, made };
}

/** Rejects with what is wrong with the operator's own file; or with why the store cannot be opened. */
async function openPricesBeside(
	config: Config,
	opening: Promise<Store>,
): Promise<Prices> {
	let prices: Prices;
	try {
		prices = openPrices({ ...config.prices, ...priceHooks });
	} catch (error) {
		await opening.then((store) => store.close());
		throw error;
	}
	opening.catch(prices.close);
	return prices;
}

const priceHooks = {
	onChange: ({ version }: { version: string }) =>
		getLogger(["tollway", "prices"]).info(
			"New prices are in force: {version}",
			{
				version,
			},
		),
	onProblem: (problems: readonly string[]) =>
		getLogger(["tollway", "prices"]).error(
			"The price file was changed and cannot be used; the prices before stay in force. {problems}",
			{ problems: problems.join(" ") },
		),
};

const unopened = {
	stopping: false,
	closed: null,
	poller: null,
	retention: null,
};

interface Life {
	stopping: boolean;
	closed: Promise<void> | null;
	readonly gateway: Gateway;
	poller: BatchPoller | null;
	retention: Retention | null;
	readonly store: Store;
	readonly directory: OpenDirectory;
	readonly prices: Prices;
}

const tellChangesFault = (error: unknown) =>
	getLogger(["tollway", "store"]).warning(
		"What other processes changed of keys, teams and limits could not be read; it is tried again: {error}",
		{ error },
	);

/** Once, when no call runs any more: the last ones are recorded first. */
function close(life: Life): Promise<void> {
	life.closed ??= (async () => {
		life.gateway.flights.close();
		life.gateway.guesses.close();
		life.prices.close();
		await life.poller?.close();
		await drainSessions(life.gateway);
		await life.retention?.close();
		await life.gateway.counter.close();
		await life.directory.close();
		await life.store.close();
	})();
	return life.closed;
}

/** What batches hold is held again before anybody is let in. Rejects with StoreError. */
async function followBatches(life: Life): Promise<void> {
	await resumeBatchHolds(life.gateway);
	life.poller = openBatchPoller(life.gateway);
}

const listen = (
	config: Config,
	rim: Rim,
	{ gateway }: Life,
	routes: Routes,
): Promise<Listener> =>
	rim.serve({
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

function toApp(listener: Listener, life: Life): App {
	const { flights } = life.gateway;
	let ended: Promise<void> | null = null;
	const stop = async (force: boolean) => {
		life.stopping = true;
		if (force) {
			flights.abortAll(
				new GatewayError(
					"stopping",
					"The gateway is stopping. Try again in a moment.",
				),
			);
		}
		await listener.stop(force);
		await flights.idle();
		await close(life);
	};
	return {
		url: listener.url,
		pending: flights.size,
		stop: (force) => {
			if (force || ended === null) ended = stop(force);
			return ended;
		},
	};
}
