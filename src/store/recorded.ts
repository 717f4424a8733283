/** What the database has of what stood in the journal. */
import type { Engine } from "./engine.ts";
import { type Mark, readMark } from "./journal.ts";
import type { HotStatements } from "./statements.ts";

export interface Recorded {
	readonly engine: Engine;
	readonly statements: HotStatements;
}

/** The name in the table `meta` of the place up to which the database has what the journal has. */
export const markName = "journal";

/** Up to where the database has the journal. Rejects with StoreError. */
export async function readRecordedMark(recorded: Recorded): Promise<Mark> {
	const { engine, statements } = recorded;
	const question = { sql: statements.readMeta, values: [markName] };
	const [row] = await engine.readInOrder(question);
	return readMark(String(row?.[0] ?? "0:0"));
}

/** Rejects with StoreError. */
export async function isRecorded(
	{ engine, statements }: Recorded,
	id: string,
): Promise<boolean> {
	const question = { sql: statements.findEntry, values: [id] };
	return (await engine.readInOrder(question)).length > 0;
}
