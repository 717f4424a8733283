import type { Engine } from "./engine.ts";
import type { HotStatements } from "./statements.ts";

export interface ClaimOptions {
	readonly statements: HotStatements;
	/** For people: host and process. */
	readonly name: string;
	readonly nowMs: number;
	/** Until when nobody else may take it over. */
	readonly leaseUntilMs: number;
}

/**
 * The number under which this process writes the ledger. The embedded database has one process, which goes on with the
 * chain of the one before it.
 */
export async function claimOnlyWriter(
	engine: Engine,
	{ statements, name, nowMs, leaseUntilMs }: ClaimOptions,
): Promise<number> {
	const values = [onlyWriter, name, nowMs, leaseUntilMs, nowMs];
	await engine.commit([{ sql: statements.claimWriter, values }], true);
	return onlyWriter;
}

export const onlyWriter = 1;
