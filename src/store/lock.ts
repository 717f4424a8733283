import {
	closeSync,
	openSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import type { Database } from "../platform/contract.ts";

/** Another process has this database open. */
export class StoreInUse extends Error {
	override name = "StoreInUse";
	/** `/data/tollway.db is in use by another Tollway (process 123)`, without what to do. */
	readonly fact: string;

	constructor(path: string, owner: string) {
		const fact = `${path} is in use by another Tollway (process ${owner})`;
		super(`${fact}. Stop that one, or set TOLLWAY_DATA_DIR to another folder.`);
		this.fact = fact;
	}
}

export interface LockOptions {
	readonly open: (path: string) => Database;
	readonly pid: number;
}

/**
 * Keeps a second process off the embedded database at `path`: an exclusive transaction, never committed, on a small
 * database beside it. The operating system drops it with the process, however that ends.
 * @throws StoreInUse naming the other process; the system's error when the place cannot be written
 */
export function takeLock(path: string, options: LockOptions): () => void {
	closeSync(openSync(`${path}.lock`, "a", 0o600));
	const lock = options.open(`${path}.lock`);
	const owner = `${path}.owner`;
	try {
		lock.exec("PRAGMA busy_timeout = 0");
		lock.exec("BEGIN EXCLUSIVE");
	} catch (error) {
		lock.close();
		if (!String((error as { code?: string }).code).startsWith("SQLITE_BUSY"))
			throw error;
		throw new StoreInUse(path, readOwner(owner));
	}
	writeFileSync(owner, String(options.pid), { mode: 0o600 });
	return () => {
		rmSync(owner, { force: true });
		lock.close();
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
