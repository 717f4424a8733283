/** The end of the embedded database that runs in a Worker: no commit and no report ever blocks a stream. */
import type { Database, PreparedStatement } from "../platform/contract.ts";
import { toSqliteFault } from "./sqlite-fault.ts";
import {
	type Answer,
	type Ask,
	type CommitAsk,
	done,
	type Port,
	type ReadAsk,
} from "./sqlite-protocol.ts";

type OpenDatabase = (path: string) => Database;

/** `writer`: the one connection that changes anything. `reader`: cannot. */
export type Role = "writer" | "reader";

const pragmas: { readonly [R in Role]: readonly string[] } = {
	writer: [
		"journal_mode = WAL",
		"busy_timeout = 5000",
		"foreign_keys = ON",
		// Pages that change often are copied into the database once in 16 MB, not once in 4.
		"wal_autocheckpoint = 2000",
		// After a checkpoint the log is cut back to this, whatever a burst made of it.
		"journal_size_limit = 67108864",
		// On macOS only this makes the drive itself write; elsewhere it is not looked at.
		"fullfsync = ON",
	],
	reader: ["busy_timeout = 5000", "query_only = ON"],
};

/** Of a database that has no table yet. */
const newPragmas = [
	// First: the next one writes the first page, and from then on its size stays.
	// A tenth less for an Entry than with pages of 4 KB, which hold nine of them.
	"page_size = 8192",
	// Later releases shrink the file with it.
	"auto_vacuum = INCREMENTAL",
] as const;

/** Answers every ask of `port`, in order. */
export function serveSqlite(port: Port, role: Role, open: OpenDatabase): void {
	let path = "";
	let worker: Worker | null = null;
	const texts: string[] = [];
	const toWorker = () => {
		worker ??= openWorker(open(path), role);
		return worker;
	};
	const answer = (ask: Ask): string => {
		if ("open" in ask) {
			path = ask.open;
			toWorker();
			return done;
		}
		if ("close" in ask) {
			worker?.close();
			return done;
		}
		if ("read" in ask) {
			const answer: Answer = { rows: toWorker().read(ask) };
			return JSON.stringify(answer);
		}
		for (const [id, text] of ask.texts) texts[id] = text;
		toWorker().commit(ask, texts);
		return done;
	};
	port.onmessage = ({ data }) => {
		try {
			port.postMessage(answer(JSON.parse(data) as Ask));
		} catch (error) {
			const { message } = error as Error;
			const fault = toSqliteFault(error);
			// What a connection holds in memory after that may not be what the disk has (fsync fails only once).
			if (fault === "io") worker = abandon(worker);
			const answer: Answer = { fault, message };
			port.postMessage(JSON.stringify(answer));
		}
	};
}

/** The next ask opens another. */
function abandon(worker: Worker | null): null {
	try {
		worker?.close();
	} catch {
		// It failed before; that it cannot even be closed changes nothing.
	}
	return null;
}

interface Worker {
	/** @param texts of the statements, by their numbers */
	commit(ask: CommitAsk, texts: readonly string[]): void;
	read(ask: ReadAsk): ReturnType<PreparedStatement["rows"]>;
	close(): void;
}

function openWorker(database: Database, role: Role): Worker {
	// They take effect only before the first table, and each time they write.
	if (role === "writer" && isNew(database)) {
		for (const pragma of newPragmas) database.exec(`PRAGMA ${pragma}`);
	}
	for (const pragma of pragmas[role]) database.exec(`PRAGMA ${pragma}`);
	const statements: PreparedStatement[] = [];
	const toStatement = (id: number, texts: readonly string[]) => {
		// When it is first run: it may need a table that a statement before it makes.
		statements[id] ??= database.prepare(texts[id] as string);
		return statements[id];
	};
	const begin = database.prepare("BEGIN IMMEDIATE");
	const end = database.prepare("COMMIT");
	// What a connection begins with; changing it costs as much as a small statement, so only a change is told.
	let synced = true;
	const setSynced = (wanted: boolean) => {
		if (wanted === synced) return;
		database.exec(`PRAGMA synchronous = ${wanted ? "FULL" : "NORMAL"}`);
		synced = wanted;
	};
	database.exec("PRAGMA synchronous = FULL");
	return {
		commit(ask, texts) {
			setSynced(ask.synced);
			begin.run([]);
			try {
				for (const [id, values, last] of ask.commit) {
					if (last !== undefined) values[values.length - 1] = last;
					toStatement(id, texts).run(values);
				}
				end.run([]);
			} catch (error) {
				rollBack(database);
				throw error;
			}
		},
		read: ({ read, values }) => {
			const statement = database.prepare(read);
			try {
				return statement.rows(values);
			} finally {
				statement.finalize();
			}
		},
		close: () => {
			for (const statement of [begin, end, ...statements]) {
				statement?.finalize();
			}
			// Somebody else may read the file meanwhile; then closing it folds no log into it.
			if (role === "writer") database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
			database.close();
		},
	};
}

const isNew = (database: Database): boolean =>
	database.get<{ page_count: number }>("PRAGMA page_count")?.page_count === 0;

/** After some errors SQLite has rolled back by itself, and then says that there is nothing to roll back. */
function rollBack(database: Database): void {
	try {
		database.exec("ROLLBACK");
	} catch (error) {
		if (!String(error).includes("no transaction is active")) throw error;
	}
}
