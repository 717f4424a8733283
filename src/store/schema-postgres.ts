import { columns, schema } from "./columns-postgres.ts";
import { type Columns, defineTables } from "./tables.ts";

export const tollway = schema;

// The builders of both engines have the same methods; only their types know of each other's columns.
export const {
	meta,
	writers,
	entries,
	holds,
	rollups,
	references,
	referenceRuns,
	objects,
	changes,
	counts,
	stakes,
	batches,
	owners,
	batchItems,
	agentSessions,
	checkpoints,
	trimmed,
	cursors,
	leases,
} = defineTables(columns as unknown as Columns);
