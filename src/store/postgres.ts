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
	/** A process that is frozen within its transaction must not keep the rows from all others. */
	readonly idleInTransactionMs: number;
}

const idleInTransactionMs = 5_000;

/** A reply waits five seconds for its commit. */
const writing: Limits = {
	statementMs: 3_000,
	answerMs: 4_000,
	idleInTransactionMs,
};
const reading: Limits = {
	statementMs: 10_000,
	answerMs: 12_000,
	idleInTransactionMs,
};
/** Whoever waits for the rows of a frozen process gets them before he gives up. */
const transacting: Limits = {
	statementMs: 3_000,
	answerMs: 4_000,
	idleInTransactionMs: 1_000,
};
const endless: Limits = { statementMs: 0, answerMs: 0, idleInTransactionMs };

/** Asks within a transaction; what is asked without waiting for the answer before it is sent at once. */
export type Ask = (question: Question) => Promise<SqlValue[][]>;

export interface PostgresEngine extends Engine {
	/**
	 * A transaction that decides by what it reads. On a connection of its own, if there are three or more: whoever waits
	 * there for the locks of another process keeps no commit waiting. One at a time. Rejects with StoreError.
	 */
	transact<T>(use: (ask: Ask) => Promise<T>, synced: boolean): Promise<T>;
}

/** One that commits, one that transacts, one that reads. */
const minForTransacting = 3;

/**
 * Opens a PostgreSQL database. One connection commits, so that commits keep their order; the others read. Rejects with
 * StoreError, or with the system's error for its certificates; then nothing is left open.
 */
export async function openPostgres(
	database: PostgresDatabase,
	options: PostgresOptions,
): Promise<PostgresEngine> {
	const address = toDriverAddress(database, options.readFile);
	const open = (max: number, limits: Limits): Pool =>
		openPool(
			() => connect(database, { address, max, limits }),
			limits.answerMs,
		);
	const writer = open(1, options.unhurried ? endless : writing);
	const hasMany = database.maxConnections >= minForTransacting;
	const transactor = hasMany ? open(1, transacting) : writer;
	const others = database.maxConnections - (hasMany ? 2 : 1);
	const readers = others > 0 ? open(others, reading) : writer;
	const close = async () => {
		await Promise.all([writer.close(), transactor.close(), readers.close()]);
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
						transaction.unsafe(toSetting(synced)),
						...statements.map((statement) =>
							add(transaction, statement, database.prepare),
						),
					]),
				),
			);
		},
		transact: (use, synced) =>
			transactor
				.run((sql) =>
					sql.begin(async (transaction) => {
						const ask: Ask = async (question) => {
							const rows = await add(
								transaction,
								question,
								database.prepare,
							).values();
							return rows as unknown as SqlValue[][];
						};
						const setting = transaction.unsafe(toSetting(synced));
						const [done] = await Promise.all([use(ask), setting]);
						return { done };
					}),
				)
				.then(({ done }) => done),
		read: (question) => read(readers, question),
		readInOrder: (question) => read(writer, question),
		close,
	};
}

const toSetting = (synced: boolean): string =>
	`SET LOCAL synchronous_commit = ${synced ? "on" : "off"}`;

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
				idle_in_transaction_session_timeout: limits.idleInTransactionMs,
			}),
		},
		// Every whole number that a column holds is below 2^53; a sum comes as text and is mapped where it is asked for.
		types: {
			whole: { to: int8, from: [int8], serialize: String, parse: Number },
		},
		onnotice: () => {},
	}) as postgres.Sql;
