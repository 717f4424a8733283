/** Sessions of managed agents, and how much of their cost is on the ledger. */
import { type Nanos, noNanos, toNanos } from "../domain/nanos.ts";
import type { SqlValue } from "../platform/contract.ts";
import type { Engine } from "./engine.ts";
import { type StoredEntry, toColumn, toStoredEntry } from "./entry-row.ts";
import type { Queries } from "./queries.ts";

export interface AgentSession {
	/** Upstream's. */
	readonly id: string;
	/** Null: nobody here saw it made. */
	readonly callId: string | null;
	/** Since 1970: when it was made, or first seen. */
	readonly createdMs: number;
	/** How many Entries it has, and the cost that they come to together. */
	readonly entries: number;
	readonly seen: Nanos;
	/** JSON, as of a hold. */
	readonly detail: string;
}

export type NewAgentSession = Pick<
	AgentSession,
	"id" | "callId" | "createdMs" | "detail"
>;

/** All of it rejects with StoreError. */
export interface AgentSessions {
	/** Nothing happens if it is there, but that it gets an owner where it had none. */
	add(session: NewAgentSession): Promise<void>;
	/** Null: it was never heard of. */
	find(id: string): Promise<AgentSession | null>;
	/** It has one Entry more, and they come to so much; nothing happens if it has it already. */
	advance(session: AgentSession, seen: Nanos): Promise<void>;
	/** Null: the ledger has no such Entry. */
	findEntry(id: string): Promise<StoredEntry | null>;
}

export interface AgentSessionsOptions {
	readonly engine: Engine;
	readonly queries: Pick<Queries, "agentSessions" | "reports">;
	/** Whether a commit waits for the disk. */
	readonly synced: boolean;
}

export const openAgentSessions = ({
	engine,
	queries: { agentSessions: queries, reports },
	synced,
}: AgentSessionsOptions): AgentSessions => ({
	add: ({ id, callId, createdMs: createdAt, detail }) => {
		const nothing = { entries: 0, seen: toColumn(noNanos) };
		const row = { id, callId, createdAt, detail };
		const own = callId === null ? [] : [queries.own(row)];
		return engine.commit([queries.add({ ...row, ...nothing }), ...own], synced);
	},
	find: async (id) => {
		const [row] = await engine.readInOrder(queries.read({ id }));
		return row === undefined ? null : toSession(row);
	},
	advance: ({ id, entries }, seen) =>
		engine.commit(
			[
				queries.advance({
					id,
					entries: entries + 1,
					seen: toColumn(seen),
					before: entries,
				}),
			],
			false,
		),
	findEntry: async (id) => {
		const [row] = await engine.readInOrder(reports.entryById({ id }));
		return row === undefined ? null : toStoredEntry(row);
	},
});

const toSession = (row: readonly SqlValue[]): AgentSession => ({
	id: String(row[0]),
	callId: row[1] === null ? null : String(row[1]),
	createdMs: Number(row[2]),
	entries: Number(row[3]),
	seen: toNanos(BigInt(row[4] ?? 0)),
	detail: String(row[5]),
});
