import { type ActivityQueries, compileActivity } from "./activity-queries.ts";
import {
	type AgentSessionQueries,
	compileAgentSessions,
} from "./agent-session-queries.ts";
import { type BatchQueries, compileBatches } from "./batch-queries.ts";
import { type ChargedQueries, compileCharged } from "./charged-queries.ts";
import { compileDays, type DayQueries } from "./day-queries.ts";
import { openLazy } from "./lazy.ts";
import { compileObjects, type ObjectQueries } from "./object-queries.ts";
import { compileOwners, type OwnerQueries } from "./owner-queries.ts";
import {
	compileReferences,
	type ReferenceQueries,
} from "./reference-queries.ts";
import { compileReports, type Reports } from "./reports.ts";
import {
	compileRetention,
	type RetentionQueries,
} from "./retention-queries.ts";
import { compileSearch, type SearchQueries } from "./search-queries.ts";
import type { Builder } from "./statements.ts";
import type { Tables } from "./tables.ts";

export interface Queries {
	readonly reports: Reports;
	readonly references: ReferenceQueries;
	readonly objects: ObjectQueries;
	readonly activity: ActivityQueries;
	readonly search: SearchQueries;
	readonly batches: BatchQueries;
	readonly charged: ChargedQueries;
	readonly agentSessions: AgentSessionQueries;
	readonly retention: RetentionQueries;
	readonly owners: OwnerQueries;
	readonly days: DayQueries;
}

/** Each kind is built when it is first asked for: all at the start would be a tenth of it. */
export function compileQueries(builder: Builder, tables: Tables): Queries {
	const toReports = openLazy(() => compileReports(builder, tables));
	const toReferences = openLazy(() => compileReferences(builder, tables));
	const toObjects = openLazy(() => compileObjects(builder, tables));
	const toActivity = openLazy(() => compileActivity(builder, tables));
	const toSearch = openLazy(() => compileSearch(builder, tables));
	const toCharged = openLazy(() => compileCharged(builder, tables));
	const toBatches = openLazy(() => compileBatches(builder, tables));
	const toSessions = openLazy(() => compileAgentSessions(builder, tables));
	const toRetention = openLazy(() => compileRetention(builder, tables));
	const toOwners = openLazy(() => compileOwners(builder, tables));
	const toDays = openLazy(() => compileDays(builder, tables));
	return {
		get retention() {
			return toRetention();
		},
		get reports() {
			return toReports();
		},
		get references() {
			return toReferences();
		},
		get objects() {
			return toObjects();
		},
		get activity() {
			return toActivity();
		},
		get search() {
			return toSearch();
		},
		get batches() {
			return toBatches();
		},
		get charged() {
			return toCharged();
		},
		get agentSessions() {
			return toSessions();
		},
		get owners() {
			return toOwners();
		},
		get days() {
			return toDays();
		},
	};
}
