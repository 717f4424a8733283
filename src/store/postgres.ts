import postgres from "postgres";
import type { SqlValue } from "../platform/contract.ts";
import type { Engine, Question, Statement } from "./engine.ts";
import { toDriverAddress } from "./postgres-driver.ts";
import { openPool, type Pool } from "./postgres-pool.ts";
import type { PostgresDatabase } from "./postgres-url.ts";

export interface PostgresOptions {
	/** For certificates. @throws the system's error */
	readonly readFile: (path: string) => string;
	/** Without it, a statement that takes longer than a call can wait for is given up. */
	readonly unhurried?: boolean;
}

const connectTimeoutSeconds = 3;
const idleSeconds = 60;
/** postgres.js would wait longer after every failure, up to 20 s; calls are to run again as soon as the server is back. */
const reconnectAfterSeconds = 0.05;

/** The server gives up first, and says what for; the client only when it hears nothing any more. */
interface Limits {
	readonly statementMs: number;
	readonly answerMs: number;
}

/** A reply waits five seconds for its commit. */
const writing: Limits = { statementMs: 3_000, answerMs: 4_000 };
const reading: Limits = { statementMs: 10_000, answerMs: 12_000 };
const endless: Limits = { statementMs: 0, answerMs: 0 };

/** A process that is frozen within its transaction must not keep the rows from all others. */
const idleInTransactionMs = 5_000;

/**
 * Opens a PostgreSQL database. One connection commits, so that commits keep their order; the others read. Rejects with
 * StoreError, or with the system's error for its certificates; then nothing is left open.
 */
export async function openPostgres(
	database: PostgresDatabase,
	options: PostgresOptions,
): Promise<Engine> {
	const address = toDriverAddress(database, options.readFile);
	const open = (max: number, limits: Limits): Pool =>
		openPool(
			() => connect(database, { address, max, limits }),
			limits.answerMs,
		);
	const writer = open(1, options.unhurried ? endless : writing);
	const others = database.maxConnections - 1;
	const readers = others > 0 ? open(others, reading) : writer;
	const close = async () => {
		await Promise.all([writer.close(), readers.close()]);
	};
	try {
		await read(writer, { sql: "SELECT 1", values: [] });
	} catch (error) {
		await close();
		throw error;
	}
	return {
		kind: "postgres",
		commit: async (statements, synced) => {
			await writer.run((sql) =>
				sql.begin((transaction) =>
					// All sent at once; the server keeps their order.
					Promise.all([
						transaction.unsafe(
							`SET LOCAL synchronous_commit = ${synced ? "on" : "off"}`,
						),
						...statements.map((statement) =>
							add(transaction, statement, database.prepare),
						),
					]),
				),
			);
		},
		read: (question) => read(readers, question),
		readInOrder: (question) => read(writer, question),
		close,
	};
}

function add(
	transaction: postgres.TransactionSql,
	{ sql, values, last }: Statement,
	prepare: boolean,
) {
	const list: SqlValue[] =
		typeof values === "string" ? JSON.parse(values) : [...values];
	if (last !== undefined) list[list.length - 1] = last;
	return transaction.unsafe(sql, list, { prepare: prepare && list.length > 0 });
}

const read = (
	pool: Pool,
	{ sql: text, values }: Question,
): Promise<SqlValue[][]> =>
	pool.run(async (sql) => {
		const rows = await sql.unsafe(text, [...values]).values();
		return rows as unknown as SqlValue[][];
	});

const int8 = 20;

interface Connecting {
	readonly address: ReturnType<typeof toDriverAddress>;
	readonly max: number;
	readonly limits: Limits;
}

const connect = (
	{ database, user, password, prepare }: PostgresDatabase,
	{ address, max, limits }: Connecting,
): postgres.Sql =>
	postgres({
		...address,
		database,
		username: user,
		// A text that is empty would be replaced by libpq's variable, which is another program's.
		password: () => password ?? "",
		max,
		prepare,
		connect_timeout: connectTimeoutSeconds,
		idle_timeout: idleSeconds,
		backoff: () => reconnectAfterSeconds,
		fetch_types: false,
		connection: {
			application_name: "tollway",
			// A pooler that hands a connection on after each transaction refuses settings of it (PgBouncer: "unsupported
			// startup parameter").
			...(prepare && {
				statement_timeout: limits.statementMs,
				idle_in_transaction_session_timeout: idleInTransactionMs,
			}),
		},
		// Every whole number that a column holds is below 2^53; a sum comes as text and is mapped where it is asked for.
		types: {
			whole: { to: int8, from: [int8], serialize: String, parse: Number },
		},
		onnotice: () => {},
	}) as postgres.Sql;
