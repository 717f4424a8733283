/**
 * A PostgreSQL of the tests' own, gone when the process that opened it is, however that ends:
 *
 *     const postgres = needs.postgres() && (await sharePostgres());
 *     test.skipIf(!postgres)("keeps rows", async () => {
 *         const url = await postgres?.createDatabase("rows");
 */
import { randomBytes } from "node:crypto";
import {
	chownSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs, type PostgresPrograms } from "./needs.ts";
import { openServer, type Server } from "./postgres-server.ts";

export interface PostgresOptions {
	/** Whether a commit waits for the disk. Default false: a crash loses nothing by it, only a power cut does. */
	readonly fsync?: boolean;
	/** What a TCP connection must show. Default scram, a password: trust lets in every user of this machine. */
	readonly auth?: "scram" | "trust";
	/** Further settings, as in postgresql.conf. */
	readonly settings?: Readonly<Record<string, string>>;
}

/** What several test files can use at a time, each with databases of its own. */
export interface SharedPostgres {
	readonly host: string;
	readonly port: number;
	/** An ordinary role, which owns the databases made here. */
	readonly user: string;
	/** `""` with trust. */
	readonly password: string;
	/** Where its Unix socket is, which asks for no password. */
	readonly socketFolder: string;
	/** For a client with that role. */
	url(database: string): string;
	/** Makes an empty database, in place of the one of that name if there is one; resolves to its URL. */
	createDatabase(name: string): Promise<string>;
	/** Runs SQL as superuser; resolves to the rows as lines, their columns separated by `|`. Rejects with psql's words. */
	psql(sql: string, database?: string): Promise<string>;
}

export interface Postgres extends SharedPostgres {
	/** Freezes every process: connections stay open, nothing is answered. */
	pause(): void;
	resume(): void;
	/** A crash of every process. What was committed is there after `start`. */
	kill(): Promise<void>;
	/** Again, on the same port. */
	start(): Promise<void>;
	/** Ends it and removes its folder. */
	stop(): Promise<void>;
}

const host = "127.0.0.1";
const user = "tollway";
const queryLimitMs = 30_000;
const portAttempts = 5;

/** A server for one user, who stops it. Takes about a second. Rejects with its log when it cannot start. */
export function openPostgres(options: PostgresOptions = {}): Promise<Postgres> {
	return openIn(mkdtempSync(join(tmpdir(), "tollway-postgres-")), options);
}

/** The server that the test files of this process share; it ends with the process. */
export async function sharePostgres(): Promise<SharedPostgres> {
	// A worker of `bun test` runs many files and shares no memory between them, not even its environment (Bun 1.4.5).
	const folder = join(tmpdir(), `tollway-postgres-of-${process.pid}`);
	const note = join(folder, "cluster.json");
	if (existsSync(folder)) {
		const { uid = process.getuid?.() } = toPrograms().owner;
		if (statSync(folder).uid !== uid)
			throw new Error(`${folder} belongs to somebody else`);
		const known = toShared(JSON.parse(readFileSync(note, "utf8")));
		await known.psql("SELECT 1");
		return known;
	}
	mkdirSync(folder, { mode: 0o700 });
	const postgres = await openIn(folder, {});
	const { port, password } = postgres;
	writeFileSync(note, JSON.stringify({ folder, port, password }));
	return postgres;
}

function toPrograms(): PostgresPrograms {
	const programs = needs.postgres();
	if (programs === null) throw new Error("PostgreSQL is not installed");
	return programs;
}

async function openIn(
	folder: string,
	{ auth = "scram", fsync = false, settings }: PostgresOptions,
): Promise<Postgres> {
	const programs = toPrograms();
	const { uid, gid } = programs.owner;
	if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
	const password = auth === "scram" ? randomBytes(18).toString("hex") : "";
	const server = openServer({
		programs,
		folder,
		auth: auth === "scram" ? "scram-sha-256" : "trust",
		settings: {
			listen_addresses: host,
			unix_socket_directories: folder,
			fsync: String(fsync),
			shared_buffers: "32MB",
			...settings,
		},
	});
	try {
		const port = await startOnFreePort(server);
		const shared = toShared({ folder, port, password });
		const secret = password === "" ? "" : ` PASSWORD '${password}'`;
		await shared.psql(`CREATE ROLE ${user} LOGIN${secret}`);
		return {
			...shared,
			pause: server.pause,
			resume: server.resume,
			kill: server.kill,
			start: () => server.start(port),
			stop: server.close,
		};
	} catch (error) {
		await server.close();
		throw error;
	}
}

/** PostgreSQL does not take port 0, and between our asking for a free one and its binding somebody else may take it. */
async function startOnFreePort(server: Server): Promise<number> {
	for (let attempt = 1; ; attempt++) {
		const port = await findFreePort();
		try {
			await server.start(port);
			return port;
		} catch (error) {
			const taken = String(error).includes("Address already in use");
			if (!taken || attempt === portAttempts) throw error;
		}
	}
}

function findFreePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const probe = createServer().once("error", reject);
		probe.listen({ host, port: 0 }, () => {
			const { port } = probe.address() as AddressInfo;
			probe.close(() => resolve(port));
		});
	});
}

interface Cluster {
	readonly folder: string;
	readonly port: number;
	readonly password: string;
}

function toShared({ folder, port, password }: Cluster): SharedPostgres {
	const url = (database: string) => {
		const secret = password === "" ? "" : `:${password}`;
		return `postgresql://${user}${secret}@${host}:${port}/${database}`;
	};
	const psql = (sql: string, database = "postgres") =>
		runPsql(sql, ["-h", folder, "-p", String(port), "-d", database]);
	return {
		...{ host, port, user, password, socketFolder: folder },
		url,
		psql,
		createDatabase: async (name) => {
			if (!/^[a-z][a-z0-9_]{0,62}$/.test(name))
				throw new Error(`${name} is no name for a test's database`);
			await psql(
				`DROP DATABASE IF EXISTS ${name} WITH (FORCE); CREATE DATABASE ${name} OWNER ${user};`,
			);
			return url(name);
		},
	};
}

async function runPsql(sql: string, where: readonly string[]): Promise<string> {
	const child = Bun.spawn({
		cmd: [
			join(toPrograms().bin, "psql"),
			...["-XqAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres"],
			...where,
		],
		env: { PATH: process.env.PATH },
		stdin: new TextEncoder().encode(sql),
		stdout: "pipe",
		stderr: "pipe",
		timeout: queryLimitMs,
	});
	const [out, problem, code] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
		child.exited,
	]);
	// Notices, such as that there was nothing to drop, come on stderr too.
	if (code !== 0) throw new Error(`psql: ${problem.trim() || `exit ${code}`}`);
	return out.trimEnd();
}
