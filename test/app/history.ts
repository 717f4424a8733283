/** A ledger that a test writes as calls would, and a gateway on it at a time of the test's choice. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openManagement } from "../../src/app/open-management.ts";
import { openStore } from "../../src/app/open-store.ts";
import { verifyLedger } from "../../src/app/verify-ledger.ts";
import type { Rim } from "../../src/app.ts";
import type { Config } from "../../src/cli/config.ts";
import type { Entry } from "../../src/domain/entry.ts";
import { toSumModel } from "../../src/gateway/entry.ts";
import * as platform from "../../src/platform/bun.ts";
import type { Catalog, UnknownModel } from "../../src/pricing/catalog.ts";
import { loadPrices } from "../../src/pricing/load-prices.ts";
import { type StoredEntry, toStoredEntry } from "../../src/store/entry-row.ts";
import type { Store } from "../../src/store/store.ts";
import type { Finding } from "../../src/store/verify/findings.ts";
import { configOf } from "../cli/loading.ts";
import { needs } from "../needs.ts";
import { sharePostgres } from "../postgres.ts";
import { openTestWorker } from "../store/engines.ts";
import { masterKey } from "./operator.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever JSON a route answers; each test looks at what it wants
type Json = any;

/** One answer; a refusal fails the test. */
export type Ask = (path: string, body?: object) => Promise<Json>;

export interface History {
	/** The prices that stand in the operator's file from now on. */
	setPrices(models: readonly object[]): void;
	/** @param unknownModel another word than the gateway's */
	catalog(unknownModel?: UnknownModel): Catalog;
	/** Through the ledger, as calls that end. */
	write(entries: readonly Entry[], store: Store): Promise<void>;
	withStore<T>(use: (store: Store) => Promise<T>): Promise<T>;
	withGateway<T>(use: (ask: Ask) => Promise<T>): Promise<T>;
	/** What a verification finds. */
	verify(): Promise<readonly Finding[]>;
	stop(): Promise<void>;
}

let databases = 0;

async function toEnv(kind: "sqlite" | "postgres", folder: string) {
	if (kind === "sqlite") return { TOLLWAY_DATA_DIR: folder };
	databases += 1;
	const server = await sharePostgres();
	const name = `history_${process.pid}_${databases}`;
	return { DATABASE_URL: await server.createDatabase(name) };
}

async function openHistory(
	kind: "sqlite" | "postgres",
	nowMs: number,
): Promise<History> {
	const folder = mkdtempSync(join(tmpdir(), "tollway-history-"));
	const path = join(folder, "prices.json");
	const setPrices: History["setPrices"] = (models) =>
		writeFileSync(path, JSON.stringify({ models }));
	setPrices([]);
	const env = {
		...(await toEnv(kind, folder)),
		ANTHROPIC_API_KEY: "sk-ant-api03-abcdefghijklmnopWxyz",
		TOLLWAY_MASTER_KEY: masterKey,
		TOLLWAY_PRICES_FILE: path,
	};
	const config: Config = configOf(env);
	const rim: Rim = {
		...platform,
		fetch: platform.fetchUpstream,
		openWorker: openTestWorker,
		clock: { ...platform.clock, now: () => nowMs },
	};
	const catalog = (unknownModel = config.prices.unknownModel) => {
		const loaded = loadPrices({ ...config.prices, unknownModel });
		if (loaded.problems) throw new Error(loaded.problems.join("\n"));
		return loaded.catalog;
	};
	const onLost = (_: unknown, error: unknown) => {
		throw error;
	};
	const withStore: History["withStore"] = async (use) => {
		const hooks = { catalog: () => catalog(), onRecovered: () => {}, onLost };
		const store = await openStore(config, rim, hooks);
		try {
			return await use(store);
		} finally {
			await store.close();
		}
	};
	return {
		setPrices,
		catalog,
		withStore,
		write: async (entries, { ledger }) => {
			const prices = catalog();
			const settle = async (entry: Entry) =>
				ledger.settle(entry, toSumModel(entry, prices));
			await Promise.all(entries.map(settle));
			await ledger.flush();
		},
		withGateway: async (use) => {
			const options = { version: "test", onLost };
			const gateway = await openManagement(config, rim, options);
			try {
				return await use(toAsk(gateway.fetch));
			} finally {
				await gateway.close();
			}
		},
		verify: async () => {
			const findings: Finding[] = [];
			await verifyLedger(config, rim as Rim & typeof platform, {
				onFinding: (finding) => findings.push(finding),
				onProgress: () => {},
			});
			return findings;
		},
		stop: async () => rmSync(folder, { recursive: true, force: true }),
	};
}

/** All of the ledger. */
export async function readRows({ engine }: Store): Promise<StoredEntry[]> {
	const place = engine.kind === "sqlite" ? "" : "tollway.";
	const sql = `SELECT * FROM ${place}entries ORDER BY writer, seq`;
	return (await engine.readInOrder({ sql, values: [] })).map(toStoredEntry);
}

const toAsk =
	(answer: (request: Request) => Promise<Response>): Ask =>
	async (path, body) => {
		const request = new Request(`http://127.0.0.1${path}`, {
			method: body === undefined ? "GET" : "POST",
			headers: { authorization: `Bearer ${masterKey}`, host: "127.0.0.1" },
			...(body && { body: JSON.stringify(body) }),
		});
		const reply = await answer(request);
		const text = await reply.text();
		if (reply.status !== 200) throw new Error(`${path}: ${text}`);
		return JSON.parse(text);
	};

/** On every engine that this machine has. */
export const histories = [
	{
		name: "SQLite",
		can: true,
		open: (nowMs: number) => openHistory("sqlite", nowMs),
	},
	{
		name: "PostgreSQL",
		can: needs.postgres() !== null,
		open: (nowMs: number) => openHistory("postgres", nowMs),
	},
] as const;
