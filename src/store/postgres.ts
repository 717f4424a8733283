import postgres from "postgres";
import type { SqlValue } from "../platform/contract.ts";
import { type Engine, type Question, StoreError } from "./engine.ts";
import { toPostgresFault } from "./postgres-fault.ts";

export interface PostgresOptions {
	readonly host: string;
	readonly port: number;
	readonly database: string;
	readonly user: string;
	readonly password: string | null;
	/** As postgres.js takes it: off, or how far the server's certificate is checked. */
	readonly tls: false | "require" | "prefer" | "verify-full";
	/** Of all connections, of which one writes. */
	readonly maxConnections: number;
	/** False behind a pooler that hands a connection on after each transaction. */
	readonly prepare: boolean;
}

const connectTimeoutSeconds = 5;
const statementTimeoutMs = 10_000;
const idleSeconds = 60;

/** Opens a PostgreSQL database. One connection commits, so that commits keep their order; the others read. */
export async function openPostgres(options: PostgresOptions): Promise<Engine> {
	const writer = connect(options, 1);
	const readers = connect(options, Math.max(1, options.maxConnections - 1));
	const read = async (sql: postgres.Sql, { sql: text, values }: Question) => {
		try {
			const rows = await sql.unsafe(text, [...values]).values();
			return rows as unknown as SqlValue[][];
		} catch (error) {
			throw toStoreError(error);
		}
	};
	await read(writer, { sql: "SELECT 1", values: [] });
	return {
		kind: "postgres",
		commit: async (statements, synced) => {
			try {
				await writer.begin((transaction) =>
					// All sent at once; the server keeps their order.
					Promise.all([
						transaction.unsafe(
							`SET LOCAL synchronous_commit = ${synced ? "on" : "off"}`,
						),
						...statements.map(({ sql, values }) => {
							const list =
								typeof values === "string" ? JSON.parse(values) : values;
							return transaction.unsafe(sql, [...list], {
								prepare: options.prepare && list.length > 0,
							});
						}),
					]),
				);
			} catch (error) {
				throw toStoreError(error);
			}
		},
		read: (statement) => read(readers, statement),
		readInOrder: (statement) => read(writer, statement),
		close: async () => {
			await Promise.all([writer.end(), readers.end()]);
		},
	};
}

const int8 = 20;

const connect = (options: PostgresOptions, max: number): postgres.Sql =>
	postgres({
		host: options.host,
		port: options.port,
		database: options.database,
		username: options.user,
		password: options.password ?? undefined,
		ssl: options.tls,
		max,
		prepare: options.prepare,
		connect_timeout: connectTimeoutSeconds,
		idle_timeout: idleSeconds,
		connection: {
			application_name: "tollway",
			statement_timeout: statementTimeoutMs,
		},
		// Every whole number that a column holds is below 2^53; a sum comes as text and is mapped where it is asked for.
		types: {
			whole: { to: int8, from: [int8], serialize: String, parse: Number },
		},
		onnotice: () => {},
	}) as postgres.Sql;

const toStoreError = (error: unknown): StoreError =>
	error instanceof StoreError
		? error
		: new StoreError(toPostgresFault(error), (error as Error).message, {
				cause: error,
			});
