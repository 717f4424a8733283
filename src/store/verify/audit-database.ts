/** The database of a ledger, opened only to be read, beside the gateways that write to it. */
import { readFileSync } from "node:fs";
import type { Database, SqlValue } from "../../platform/contract.ts";
import type { Asked } from "../compile-query.ts";
import { StoreError } from "../engine.ts";
import { openPostgres } from "../postgres.ts";
import { toServerError } from "../postgres-start.ts";
import type { PostgresDatabase } from "../postgres-url.ts";
import { toSqliteFault } from "../sqlite-fault.ts";

export type Read = (asked: Asked) => Promise<SqlValue[][]>;

export interface AuditDatabase {
	readonly kind: "sqlite" | "postgres";
	/** What is committed. Rejects with StoreError. */
	readonly read: Read;
	/** All that `use` reads is of one moment. Short: it keeps a file's log from being folded. */
	snapshot<T>(use: (read: Read) => Promise<T>): Promise<T>;
	close(): Promise<void>;
}

/** The file is never written to: what it needs of the log's index, SQLite makes beside it. @throws StoreError */
export function openAuditFile(
	path: string,
	openReadOnly: (path: string) => Database,
): AuditDatabase {
	const attempt = <T>(act: () => T): T => {
		try {
			return act();
		} catch (error) {
			throw new StoreError(toSqliteFault(error), (error as Error).message, {
				cause: error,
			});
		}
	};
	const database = attempt(() => openReadOnly(path));
	attempt(() => database.exec("PRAGMA busy_timeout = 5000"));
	const statements = new Map<string, ReturnType<Database["prepare"]>>();
	const read: Read = async ({ sql, values }) =>
		attempt(() => {
			const statement = statements.get(sql) ?? database.prepare(sql);
			statements.set(sql, statement);
			return statement.rows(values);
		});
	return {
		kind: "sqlite",
		read,
		snapshot: async (use) => {
			attempt(() => database.exec("BEGIN"));
			try {
				return await use(read);
			} finally {
				attempt(() => database.exec("COMMIT"));
			}
		},
		close: async () => {
			for (const statement of statements.values()) statement.finalize();
			database.close();
		},
	};
}

/** Rejects with StoreError, whose message is a sentence for the operator. */
export async function openAuditServer(
	database: PostgresDatabase,
): Promise<AuditDatabase> {
	try {
		const engine = await openPostgres(
			// One connection, which waits as long as it takes.
			{ ...database, maxConnections: 1 },
			{ readFile: (path) => readFileSync(path, "utf8"), unhurried: true },
		);
		return {
			kind: "postgres",
			read: engine.read,
			snapshot: (use) =>
				engine.transact(async (ask) => {
					await ask({ sql: oneMoment, values: [] });
					return use(ask);
				}, false),
			close: engine.close,
		};
	} catch (error) {
		throw toServerError(database, error);
	}
}

const oneMoment = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
