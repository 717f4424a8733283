import type { SqlValue } from "../platform/contract.ts";
import { type Engine, type Statement, StoreError } from "./engine.ts";
import { type Answer, type Ask, done, type Port } from "./sqlite-protocol.ts";
import type { Role } from "./sqlite-worker.ts";

export interface WorkerPort extends Port {
	onerror: ((event: { message: string }) => void) | null;
	terminate(): void;
}

export type OpenWorker = (role: Role) => WorkerPort;

/** Opens the embedded database: one worker writes, another, started by the first question, reads. */
export async function openSqlite(
	path: string,
	openWorker: OpenWorker,
): Promise<Engine> {
	const writer = openLink(openWorker("writer"));
	await writer.ask({ open: path });
	let reader: Promise<Link> | null = null;
	const openReader = async () => {
		const link = openLink(openWorker("reader"));
		await link.ask({ open: path });
		return link;
	};
	const toCommit = openNumbering();
	return {
		kind: "sqlite",
		commit: async (statements, synced) => {
			await writer.say(toCommit(statements, synced));
		},
		read: async ({ sql, values }) => {
			reader ??= openReader();
			return (await reader).ask({ read: sql, values });
		},
		readInOrder: ({ sql, values }) => writer.ask({ read: sql, values }),
		close: async () => {
			// The reader first: the last connection to close folds the log into the database.
			if (reader !== null) await (await reader).close();
			await writer.close();
		},
	};
}

/** A commit as the text of a CommitAsk: most values come as JSON and need not be read to be passed on. */
function openNumbering() {
	const numbers = new Map<string, number>();
	return (statements: readonly Statement[], synced: boolean): string => {
		const added: [number, string][] = [];
		const toNumber = (sql: string) => {
			const known = numbers.get(sql);
			if (known !== undefined) return known;
			added.push([numbers.size, sql]);
			numbers.set(sql, numbers.size);
			return numbers.size - 1;
		};
		let commit = "";
		for (const { sql, values, last } of statements) {
			const json = typeof values === "string" ? values : JSON.stringify(values);
			const more = last === undefined ? "" : `,${JSON.stringify(last)}`;
			const comma = commit === "" ? "" : ",";
			commit += `${comma}[${toNumber(sql)},${json}${more}]`;
		}
		return `{"texts":${JSON.stringify(added)},"commit":[${commit}],"synced":${synced}}`;
	};
}

interface Link {
	/** The text of an Ask. */
	say(text: string): Promise<SqlValue[][]>;
	ask(ask: Ask): Promise<SqlValue[][]>;
	/** After what was asked before. */
	close(): Promise<void>;
}

interface Waiting {
	resolve(rows: SqlValue[][]): void;
	reject(error: StoreError): void;
}

/** Answers come in order, so a queue is all there is to match them. */
function openLink(port: WorkerPort): Link {
	const waiting: Waiting[] = [];
	let ended: StoreError | null = null;
	const end = (error: StoreError) => {
		ended ??= error;
		for (const { reject } of waiting.splice(0)) reject(ended);
	};
	port.onmessage = ({ data }) => {
		const first = waiting.shift();
		if (data === done) {
			first?.resolve([]);
			return;
		}
		const answer = JSON.parse(data) as Answer;
		if ("rows" in answer) first?.resolve(answer.rows);
		else first?.reject(new StoreError(answer.fault, answer.message));
	};
	port.onerror = ({ message }) =>
		end(new StoreError("broken", `the database's thread ended: ${message}`));
	const say = (text: string) =>
		new Promise<SqlValue[][]>((resolve, reject) => {
			if (ended) {
				reject(ended);
				return;
			}
			waiting.push({ resolve, reject });
			port.postMessage(text);
		});
	const ask = (what: Ask) => say(JSON.stringify(what));
	return {
		say,
		ask,
		close: async () => {
			try {
				await ask({ close: true });
			} finally {
				end(new StoreError("broken", "the database is closed"));
				port.terminate();
			}
		},
	};
}
