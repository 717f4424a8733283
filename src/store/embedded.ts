import {
	chmodSync,
	mkdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Database } from "../platform/contract.ts";

/** The embedded database, and the lock that keeps a second process off it. */
export interface Store {
	/** Throws when the database cannot be read any more. */
	check(): void;
	close(): void;
}

/** Another process has this database open. */
export class StoreInUse extends Error {
	override name = "StoreInUse";
}

export interface StoreOptions {
	readonly open: (path: string) => Database;
	readonly pid: number;
}

/**
 * Opens the database file, and makes it (readable by its owner only) where there is none.
 * @throws StoreInUse naming the other process; the system's error when the place cannot be written
 */
export function openStore(path: string, options: StoreOptions): Store {
	mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
	const lock = takeLock(path, options);
	let database: Database;
	try {
		database = openOwn(path, options);
		// Takes effect only before the first table; later releases shrink the file with it.
		database.exec("PRAGMA auto_vacuum = INCREMENTAL");
		database.exec("PRAGMA journal_mode = WAL");
		database.exec("PRAGMA synchronous = FULL");
		database.exec("PRAGMA busy_timeout = 5000");
		database.exec(
			"CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
		);
		database.exec("INSERT OR IGNORE INTO meta VALUES ('schema', '1')");
	} catch (error) {
		lock.close();
		throw error;
	}
	return {
		check: () => {
			database.get("SELECT value FROM meta WHERE name = 'schema'");
		},
		close: () => {
			database.close();
			lock.close();
		},
	};
}

function openOwn(path: string, options: StoreOptions): Database {
	const database = options.open(path);
	if (process.platform !== "win32") chmodSync(path, 0o600);
	return database;
}

/** An exclusive transaction that is never committed: the operating system drops it with the process, however that ends. */
function takeLock(path: string, options: StoreOptions): Database {
	const lock = openOwn(`${path}.lock`, options);
	const owner = `${path}.owner`;
	try {
		lock.exec("PRAGMA busy_timeout = 0");
		lock.exec("BEGIN EXCLUSIVE");
	} catch (error) {
		lock.close();
		if (!String((error as { code?: string }).code).startsWith("SQLITE_BUSY"))
			throw error;
		throw new StoreInUse(
			`${path} is in use by another Tollway (process ${readOwner(owner)}). Stop that one, or set TOLLWAY_DATA_DIR to another folder.`,
		);
	}
	writeFileSync(owner, String(options.pid), { mode: 0o600 });
	return {
		...lock,
		close: () => {
			rmSync(owner, { force: true });
			lock.close();
		},
	};
}

function readOwner(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		// It is starting or ending at this very moment.
		return "unknown";
	}
}
