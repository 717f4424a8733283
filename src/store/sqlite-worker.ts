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
		// Takes effect only before the first table; later releases shrink the file with it.
		"auto_vacuum = INCREMENTAL",
		"journal_mode = WAL",
		"busy_timeout = 5000",
		"foreign_keys = ON",
		// After a checkpoint the log is cut back to this, whatever a burst made of it.
		"journal_size_limit = 67108864",
		// On macOS only this makes the drive itself write; elsewhere it is not looked at.
		"fullfsync = ON",
	],
	reader: ["busy_timeout = 5000", "query_only = ON"],
};

/** Answers every ask of `port`, in order. */
export function serveSqlite(port: Port, role: Role, open: OpenDatabase): void {
	let worker: Worker | null = null;
	port.onmessage = ({ data }) => {
		const ask = JSON.parse(data) as Ask;
		try {
			if ("open" in ask) worker = openWorker(open(ask.open), role);
			else if (worker === null) throw new Error("asked before it was opened");
			else if ("commit" in ask) worker.commit(ask);
			else if ("close" in ask) worker.close();
			else {
				const answer: Answer = { rows: worker.read(ask) };
				port.postMessage(JSON.stringify(answer));
				return;
			}
			port.postMessage(done);
		} catch (error) {
			const { message } = error as Error;
			const answer: Answer = { fault: toSqliteFault(error), message };
			port.postMessage(JSON.stringify(answer));
		}
	};
}

interface Worker {
	commit(ask: CommitAsk): void;
	read(ask: ReadAsk): ReturnType<PreparedStatement["rows"]>;
	close(): void;
}

function openWorker(database: Database, role: Role): Worker {
	for (const pragma of pragmas[role]) database.exec(`PRAGMA ${pragma}`);
	const texts: string[] = [];
	const statements: PreparedStatement[] = [];
	const toStatement = (id: number): PreparedStatement => {
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
		commit(ask) {
			for (const [id, text] of ask.texts) texts[id] = text;
			setSynced(ask.synced);
			begin.run([]);
			try {
				for (const [id, ...values] of ask.commit) {
					toStatement(id).run(values);
				}
				end.run([]);
			} catch (error) {
				rollBack(database);
				throw error;
			}
		},
		read: ({ read, values }) => database.prepare(read).rows(values),
		close: () => database.close(),
	};
}

/** After some errors SQLite has rolled back by itself, and then says that there is nothing to roll back. */
function rollBack(database: Database): void {
	try {
		database.exec("ROLLBACK");
	} catch (error) {
		if (!String(error).includes("no transaction is active")) throw error;
	}
}
