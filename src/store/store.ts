import type { OpenSharedCounts } from "../domain/shared-counts.ts";
import type { Book } from "./book.ts";
import type { Engine } from "./engine.ts";
import type { Ledger } from "./ledger.ts";
import type { Queries } from "./queries.ts";
import type { HotStatements } from "./statements.ts";

/** The database, whichever it is, ready for calls. */
export interface Store {
	readonly engine: Engine;
	readonly statements: HotStatements;
	readonly queries: Queries;
	readonly ledger: Ledger;
	/** For what all processes of this database count together; null: there is only this one. */
	readonly openCounts: OpenSharedCounts | null;
	/** How those are called in the sums whose names clients invent. */
	readonly names: Book["names"];
	/** Resolves with what keeps the database from being written; null: nothing. Asks it once a second at most. */
	probe(): Promise<string | null>;
	/** What waits is written first. */
	close(): Promise<void>;
}
