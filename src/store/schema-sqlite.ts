import { columns } from "./columns-sqlite.ts";
import { defineTables } from "./tables.ts";

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
} = defineTables(columns);
