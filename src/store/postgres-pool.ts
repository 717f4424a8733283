import type postgres from "postgres";
import { StoreError } from "./engine.ts";
import { toPostgresFault } from "./postgres-fault.ts";

/** Connections to one server. */
export interface Pool {
	/** Rejects with StoreError; `unreachable` when no answer came in time. */
	run<T>(use: (sql: postgres.Sql) => PromiseLike<T>): Promise<T>;
	close(): Promise<void>;
}

const closeWithinSeconds = 5;

/**
 * A network that swallows packets lets a connection wait for a quarter of an hour (TCP's retransmissions). After
 * `answerWithinMs` its connections are given up, and what comes next gets new ones. 0: they may wait for ever.
 */
export function openPool(
	connect: () => postgres.Sql,
	answerWithinMs: number,
): Pool {
	let sql = connect();
	const giveUp = (used: postgres.Sql) => {
		if (used === sql) sql = connect();
		void used.end({ timeout: 0 });
		const seconds = answerWithinMs / 1_000;
		return new StoreError("unreachable", `no answer within ${seconds} s`);
	};
	return {
		run: async (use) => {
			const used = sql;
			let timer: ReturnType<typeof setTimeout> | undefined;
			const late = new Promise<never>((_resolve, reject) => {
				if (answerWithinMs === 0) return;
				timer = setTimeout(() => reject(giveUp(used)), answerWithinMs);
			});
			try {
				return await Promise.race([use(used), late]);
			} catch (error) {
				throw toStoreError(error);
			} finally {
				clearTimeout(timer);
			}
		},
		close: () => sql.end({ timeout: closeWithinSeconds }),
	};
}

const toStoreError = (error: unknown): StoreError =>
	error instanceof StoreError
		? error
		: new StoreError(toPostgresFault(error), (error as Error).message, {
				cause: error,
			});
