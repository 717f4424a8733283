/**
 * A gateway in this very process: the real rooms over a real database file, but for the clock, upstream and the socket. What
 * counts its calls can be asked, and the clock goes wherever a test wants it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	mapFile,
	newSecret,
	openDatabase,
	readHeaders,
	releaseChunk,
} from "#platform";
import { toGatewayOptions } from "../../src/app/gateway-options.ts";
import { toHandler } from "../../src/app/handler.ts";
import { openLimiting } from "../../src/app/open-limiting.ts";
import {
	openStore,
	readHorizon,
	readTotals,
} from "../../src/app/open-store.ts";
import { defineRoutes } from "../../src/app/routes.ts";
import { GatewayError } from "../../src/domain/error.ts";
import type { Limit } from "../../src/domain/limit.ts";
import { noNanos } from "../../src/domain/nanos.ts";
import { openGateway } from "../../src/gateway/pipeline.ts";
import { openTotals } from "../../src/gateway/totals.ts";
import { openUnwritten } from "../../src/gateway/unwritten.ts";
import type { Listener, UpstreamFetch } from "../../src/platform/contract.ts";
import { openPrices } from "../../src/pricing/open-prices.ts";
import { openAgentSessions } from "../../src/store/agent-sessions.ts";
import { openBatches } from "../../src/store/batches.ts";
import { openDirectory } from "../../src/store/directory.ts";
import { type StoredEntry, toStoredEntry } from "../../src/store/entry-row.ts";
import { openOwners } from "../../src/store/owners.ts";
import { configOf } from "../cli/loading.ts";
import { openTestWorker } from "../store/engines.ts";
import { withClock } from "./keepers.ts";

export const masterKey = "sk-master-key-0123456789";

/** How upstream answers one call. */
export type Answering = () => Response | Promise<Response>;

const never = () => {
	throw new Error("it was not to happen");
};

const nobody: Listener = {
	hostname: "127.0.0.1",
	port: 0,
	url: "http://127.0.0.1:0",
	pending: () => 0,
	timeout: () => {},
	clientAddress: () => "127.0.0.1",
	stop: async () => {},
};

/** As UUIDs of version 7 are: each begins with its time. */
function openIds(now: () => number) {
	let ids = 0;
	return () => {
		ids += 1;
		const at = Math.max(0, now()).toString(16).padStart(12, "0");
		const tail = ids.toString(16).padStart(12, "0");
		return `${at.slice(0, 8)}-${at.slice(8)}-7000-8000-${tail}`;
	};
}

/** An upstream whose answers a test gives one by one. */
function openUpstream() {
	/** Calls that wait at upstream, in the order in which they came there. */
	const atUpstream: ((answering: Answering) => void)[] = [];
	/** Whether the call that runs asks for a count itself; what the gateway asks before it refuses is answered at once. */
	const counting = { isAsked: false };
	const fetch: UpstreamFetch = (url, { signal }) => {
		if (url.endsWith("/count_tokens") && !counting.isAsked) {
			return Promise.resolve(Response.json({}, { status: 529 }));
		}
		return new Promise((resolve, reject) => {
			atUpstream.push((answering) => {
				new Promise<Response>((answer) => answer(answering())).then(
					resolve,
					reject,
				);
			});
			signal?.addEventListener("abort", () => reject(signal.reason));
		});
	};
	return { fetch, atUpstream, counting };
}

export async function openLimitsRig(
	env: Readonly<Record<string, string>>,
	startMs: number,
) {
	const folder = mkdtempSync(join(tmpdir(), "tollway-script-"));
	const time = { wallMs: startMs, monotonicMs: 1_000_000 };
	// What is said of windows is the script's; how long disks and threads take is not.
	const wall = { now: () => time.wallMs, monotonic: () => performance.now() };
	const newId = openIds(wall.now);
	const config = configOf({
		TOLLWAY_MASTER_KEY: masterKey,
		ANTHROPIC_API_KEY: "sk-ant-api03-upstream-key-of-the-rig-0123456789",
		TOLLWAY_DATA_DIR: folder,
		TOLLWAY_DURABILITY: "off",
		...env,
	});
	const { fetch, atUpstream, counting } = openUpstream();
	const open = () => openHalf({ config, wall, time, newId, fetch });
	let half = await open();
	return {
		time,
		atUpstream,
		counting,
		parts: () => half,
		ask: (request: Request) => Promise.resolve(half.handle(request, nobody)),
		/** The process ends and another begins. */
		restart: async () => {
			await half.stop();
			half = await open();
		},
		/** Resolves when what has ended is counted. */
		rest: async () => {
			await half.store.ledger.flush();
			await half.rest();
		},
		/** All of them, by their number. */
		entries: async (): Promise<StoredEntry[]> => {
			const { store } = half;
			await store.ledger.flush();
			const place = store.openCounts === null ? "" : "tollway.";
			const sql = `SELECT * FROM ${place}entries ORDER BY writer, seq`;
			const rows = await store.engine.readInOrder({ sql, values: [] });
			return rows.map(toStoredEntry);
		},
		/** What the counter says, in the window of a moment. */
		count: async (limit: Limit, startedMs = time.wallMs) => {
			const { refusal } = await half.counter.reserve({
				id: "question",
				subjects: [limit.subject],
				limits: [{ ...limit, ceiling: 0n }],
				models: [],
				wanted: { nanos: 1n, tokens: 1 },
				startedMs,
			});
			if (refusal === null) return never();
			return { used: refusal.used, held: refusal.held };
		},
		stop: async () => {
			half.gateway.flights.abortAll(
				new GatewayError("stopping", "The test is over."),
			);
			await half.stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

export type LimitsRig = Awaited<ReturnType<typeof openLimitsRig>>;

interface World {
	readonly config: ReturnType<typeof configOf>;
	readonly wall: { now(): number; monotonic(): number };
	readonly time: { readonly monotonicMs: number };
	readonly newId: () => string;
	readonly fetch: UpstreamFetch;
}

/** From one start to the end of the process. */
async function openHalf(world: World) {
	const { config, wall, time, newId } = world;
	const { catalog, close } = openPrices({
		...config.prices,
		onChange: () => {},
		onProblem: never,
	});
	const store = await openStore(
		config,
		{ clock: wall, openDatabase, openWorker: openTestWorker, mapFile },
		{ catalog, onRecovered: () => {}, onLost: never },
	);
	const directory = await openDirectory({
		engine: store.engine,
		queries: store.queries.objects,
		clock: wall,
		newId,
		onFault: never,
	});
	const rests: (() => Promise<void>)[] = [];
	const openCounts = store.openCounts && withClock(store, wall.now, rests);
	const limiting = openLimiting(config, {
		store: { ...store, openCounts },
		directory,
		clock: { now: wall.now, monotonic: () => time.monotonicMs },
		catalog,
		horizonMs: await readHorizon(store),
	});
	const gateway = await openTestGateway(world, {
		...limiting,
		store,
		directory,
		catalog,
	});
	const routes = defineRoutes(config, gateway, {
		version: "test",
		uptimeMs: wall.monotonic,
		findFault: async () => null,
		store,
		directory,
		readSpent: limiting.readSpent,
		clock: wall,
		newSecret,
	});
	return {
		...limiting,
		config,
		store,
		directory,
		gateway,
		handle: toHandler(config, gateway, routes, readHeaders),
		rest: async () => {
			for (const one of rests) await one();
		},
		stop: async () => {
			await gateway.flights.idle();
			await limiting.counter.close();
			gateway.flights.close();
			gateway.guesses.close();
			close();
			await directory.close();
			await store.close();
		},
	};
}

/** As `app.ts` has it. */
const openTestGateway = async (
	{ config, wall, newId, fetch }: World,
	{
		store,
		directory,
		catalog,
		limits,
		counter,
	}: ReturnType<typeof openLimiting> & {
		readonly store: Awaited<ReturnType<typeof openStore>>;
		readonly directory: Awaited<ReturnType<typeof openDirectory>>;
		readonly catalog: ReturnType<typeof openPrices>["catalog"];
	},
) =>
	openGateway({
		...toGatewayOptions(config, directory, limits),
		clock: wall,
		newId,
		fetch,
		releaseChunk,
		ledger: store.ledger,
		counter,
		batches: openBatches({ ...store, synced: false }),
		owners: openOwners({ ...store, synced: false }),
		agentSessions: openAgentSessions({ ...store, synced: false }),
		sharesCounts: store.openCounts !== null,
		catalog,
		totals: openTotals(wall, await readTotals(store, wall)),
		unwritten: openUnwritten(noNanos),
		onUnknownModel: () => {},
		userAgent: "tollway/test",
		versionName: "tollway-test",
		onCall: () => {},
		onLost: never,
	});
