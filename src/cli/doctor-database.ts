/** What can be said of the database without changing anything in it. */
import {
	accessSync,
	closeSync,
	constants,
	existsSync,
	openSync,
	readFileSync,
	readSync,
	statSync,
} from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { openDatabase } from "#platform";
import { type SqliteDatabase, toDatabaseText } from "../store/database-url.ts";
import type { PostgresDatabase } from "../store/postgres-url.ts";
import { toSqliteFault } from "../store/sqlite-fault.ts";
import type { Config } from "./config.ts";
import {
	type Check,
	type DoctorRow,
	findExisting,
	isGateway,
} from "./doctor-checks.ts";
import { escapeControls } from "./safe-text.ts";
import type { World } from "./world.ts";

const row = (status: DoctorRow["status"], message: string) => [
	{ check: "database", status, message: escapeControls(message) },
];

export const checkDatabase: Check = (config, world) => {
	const { database } = config;
	return database.kind === "sqlite"
		? checkFile(database, config, world)
		: checkServer(database);
};

async function checkFile(
	{ path }: SqliteDatabase,
	config: Config,
	world: World,
): Promise<readonly DoctorRow[]> {
	try {
		const folder = findExisting(dirname(path));
		if (!statSync(folder).isDirectory()) {
			return row("failed", `${path}: ${folder} is not a folder`);
		}
		accessSync(folder, constants.W_OK | constants.X_OK);
		if (!existsSync(path)) return row("ok", `${path} will be created`);
		if (!statSync(path).isFile()) return row("failed", `${path} is not a file`);
		accessSync(path, constants.R_OK | constants.W_OK);
		if (!isSqlite(path)) {
			return row("failed", `${path} is not an SQLite database`);
		}
		const holder = findHolder(path);
		if (holder === null) return row("ok", `${path} is readable and writable`);
		return (await isGateway(config, world))
			? row("ok", `${path} is in use by the running gateway`)
			: row("failed", `${path} is in use by process ${holder}`);
	} catch (error) {
		const { code } = error as { code?: unknown };
		return row("failed", `${path} cannot be used (${String(code)})`);
	}
}

/** What every SQLite database begins with (sqlite.org/fileformat.html); one that was never written is empty. */
const magic = "SQLite format 3\0";

function isSqlite(path: string): boolean {
	const start = new Uint8Array(magic.length);
	const file = openSync(path, "r");
	try {
		const length = readSync(file, start);
		return length === 0 || new TextDecoder().decode(start) === magic;
	} finally {
		closeSync(file);
	}
}

/** The process that holds the lock, or null. The lock is tried only where somebody left a name, or a start might fail by it. */
function findHolder(path: string): string | null {
	const [lockPath, ownerPath] = [`${path}.lock`, `${path}.owner`];
	if (!existsSync(lockPath) || !existsSync(ownerPath)) return null;
	const owner = readFileSync(ownerPath, "utf8");
	const lock = openDatabase(lockPath);
	try {
		lock.exec("PRAGMA busy_timeout = 0");
		lock.get("SELECT count(*) FROM sqlite_schema");
		return null;
	} catch (error) {
		if (toSqliteFault(error) === "busy") return owner;
		throw error;
	} finally {
		lock.close();
	}
}

/** SSLRequest of the PostgreSQL protocol: any server answers it with one letter before it asks who is there. */
const sslRequest = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47);
const answerTimeoutMs = 5_000;

/** Resolves with the answer, which is one letter, or "" when there is none; rejects with the system's error. */
function askServer({ host, port }: PostgresDatabase): Promise<string> {
	const place = host.startsWith("/")
		? { path: `${host}/.s.PGSQL.${port}` }
		: { host, port };
	return new Promise((resolve, reject) => {
		const socket = connect(place);
		socket.setTimeout(answerTimeoutMs, () =>
			socket.destroy(Object.assign(new Error(), { code: "ETIMEDOUT" })),
		);
		socket.once("connect", () => socket.write(sslRequest));
		socket.once("data", (bytes) => {
			socket.destroy();
			resolve(bytes.toString());
		});
		socket.once("error", reject);
		socket.once("close", () => resolve(""));
	});
}

const failures: Readonly<Record<string, string>> = {
	ENOTFOUND: "its name is unknown (DNS)",
	EAI_AGAIN: "its name cannot be looked up now (DNS)",
	ECONNREFUSED: "nothing listens there",
	ECONNRESET: "it broke the connection off",
	ENOENT: "there is no such socket",
	EACCES: "this user may not",
	ETIMEDOUT: `no answer in ${answerTimeoutMs / 1000} s`,
};

async function checkServer(
	database: PostgresDatabase,
): Promise<readonly DoctorRow[]> {
	const name = toDatabaseText(database);
	const { mode } = database.tls;
	try {
		const answer = await askServer(database);
		if (answer === "S") return row("ok", `${name}: the server answers`);
		if (answer !== "N") {
			return row("failed", `${name}: what answers there is not PostgreSQL`);
		}
		return mode === "off" || mode === "prefer"
			? row("ok", `${name}: the server answers, without TLS`)
			: row("failed", `${name}: the server has no TLS, which is asked for`);
	} catch (error) {
		const code = String((error as { code?: unknown }).code);
		return row("failed", `${name} is not reached: ${failures[code] ?? code}`);
	}
}
