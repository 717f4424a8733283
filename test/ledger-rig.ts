/** A gateway in front of the simulator, and its ledger to look into while it runs: in a file or on a PostgreSQL server. */
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SqlValue } from "../src/platform/contract.ts";
import type { Script } from "../src/simulator/script.ts";
import { type StoredEntry, toStoredEntry } from "../src/store/entry-row.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { toPostgres } from "../src/store/postgres-url.ts";
import { type Canary, findIn, requireNone, toCanaries } from "./canaries.ts";
import type { SharedPostgres } from "./postgres.ts";
import {
	type GatewayProcess,
	openRig,
	type Rig,
	type RigOptions,
	startGateway,
	upstreamKey,
} from "./rig.ts";

export interface LedgerRig extends Rig {
	/** Of the gateway, but for the keys of the simulator: with it another program finds the ledger. */
	readonly env: Readonly<Record<string, string>>;
	/** What is committed; `@` stands for where the tables are. */
	read(sql: string): Promise<SqlValue[][]>;
	/** By writer and number. */
	entries(): Promise<StoredEntry[]>;
	/** Resolves when the ledger has it. */
	entryOf(id: string | null): Promise<StoredEntry>;
	/** Resolves with all when it has so many. */
	waitForEntries(count: number): Promise<StoredEntry[]>;
	/** One more gateway on the same ledger, which is on a server; ends with the rig. */
	another(): Promise<GatewayProcess>;
}

export interface LedgerRigOptions extends RigOptions {
	/** null: a file. */
	readonly postgres?: SharedPostgres | null;
}

const patienceMs = 15_000;
const pollMs = 15;

let databases = 0;

export async function openLedgerRig(
	options: LedgerRigOptions = {},
): Promise<LedgerRig> {
	const place = options.postgres
		? await openOnServer(options.postgres)
		: openInFile();
	const env = { ...place.env, ...options.env };
	const rig = await openRig({ ...options, env });
	const entries = async () =>
		(await place.read("SELECT * FROM @entries ORDER BY writer, seq")).map(
			toStoredEntry,
		);
	const find = async (id: string) =>
		(await place.read(`SELECT * FROM @entries WHERE id = '${id}'`)).map(
			toStoredEntry,
		);
	const others: GatewayProcess[] = [];
	return {
		...rig,
		env,
		another: async () => {
			const other = await startGateway({
				ANTHROPIC_API_KEY: upstreamKey,
				TOLLWAY_UPSTREAM_URL: rig.simulator.url,
				...env,
			});
			others.push(other);
			return other;
		},
		read: place.read,
		entries,
		entryOf: async (id) => {
			const found = () => find(String(id));
			const [entry] = await waitFor(found, (rows) => rows.length === 1);
			return entry as StoredEntry;
		},
		waitForEntries: (count) => waitFor(entries, (rows) => rows.length >= count),
		stop: async () => {
			try {
				await Promise.all(others.map((other) => other.stop("SIGKILL")));
				await rig.stop();
				requireNone(await place.leaks(toCanaries(env)));
			} finally {
				await place.stop();
			}
		},
	};
}

async function waitFor<T>(look: () => Promise<T>, isIt: (seen: T) => boolean) {
	const deadlineMs = performance.now() + patienceMs;
	for (;;) {
		const seen = await look();
		if (isIt(seen)) return seen;
		if (performance.now() > deadlineMs) {
			throw new Error(
				`not on the ledger; it has ${JSON.stringify(seen, toPlain)}`,
			);
		}
		await Bun.sleep(pollMs);
	}
}

const toPlain = (_name: string, value: unknown) =>
	typeof value === "bigint" ? Number(value) : value;

function openInFile() {
	const folder = mkdtempSync(join(tmpdir(), "tollway-ledger-"));
	let database: Database | undefined;
	return {
		env: { TOLLWAY_DATA_DIR: folder },
		read: async (sql: string) => {
			database ??= new Database(join(folder, "tollway.db"), { readonly: true });
			const statement = database.query(sql.replaceAll("@", ""));
			return statement.values() as SqlValue[][];
		},
		// Its files are searched with the folder.
		leaks: async () => [],
		stop: async () => {
			database?.close();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

const listTables =
	"SELECT table_name FROM information_schema.tables WHERE table_schema = 'tollway'";

async function openOnServer(server: SharedPostgres) {
	databases += 1;
	const database = `ledger_${process.pid}_${databases}`;
	const url = await server.createDatabase(database);
	const { host, port, user, password } = server;
	const address = { host, port, user, password, database, maxConnections: 1 };
	const engine = await openPostgres(toPostgres(address, ""), {
		readFile: String,
	});
	const read = (sql: string) =>
		engine.read({ sql: sql.replaceAll("@", "tollway."), values: [] });
	return {
		env: { DATABASE_URL: url },
		read,
		leaks: async (canaries: readonly Canary[]) => {
			const leaks: string[] = [];
			for (const [table] of await read(listTables)) {
				const rows = await read(`SELECT row::text FROM @"${table}" row`);
				const text = JSON.stringify(rows);
				leaks.push(...findIn(`the table ${table}`, text, canaries));
			}
			return leaks;
		},
		stop: engine.close,
	};
}

export interface TestCall {
	readonly path?: string;
	readonly method?: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** Laid over a small plain call of claude-sonnet-5-5; a text is sent as it is, null sends none. */
	readonly body?: Readonly<Record<string, unknown>> | string | null;
	readonly script?: Script;
	readonly signal?: AbortSignal;
}

export const smallBody = {
	model: "claude-sonnet-5-5",
	max_tokens: 64,
	messages: [{ role: "user", content: "Tell me of tolls." }],
};

export function send(url: string, call: TestCall = {}): Promise<Response> {
	const { path = "/v1/messages", method = "POST", body = {} } = call;
	return fetch(url + path, {
		method,
		signal: call.signal ?? null,
		headers: {
			"anthropic-version": "2023-06-01",
			"content-type": "application/json",
			...(call.script && { "x-simulator-script": JSON.stringify(call.script) }),
			...call.headers,
		},
		body:
			typeof body === "string" || body === null
				? body
				: JSON.stringify({ ...smallBody, ...body }),
	});
}

/** Reads the reply to its end, which may be missing; resolves with what came. */
export async function readAll(reply: Response): Promise<string> {
	const decoder = new TextDecoder();
	let text = "";
	try {
		for await (const chunk of reply.body ?? []) {
			text += decoder.decode(chunk, { stream: true });
		}
	} catch {
		// It was cut off.
	}
	return text;
}
