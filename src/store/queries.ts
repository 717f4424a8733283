import { type ActivityQueries, compileActivity } from "./activity-queries.ts";
import { type BatchQueries, compileBatches } from "./batch-queries.ts";
import { compileDays, type DayQueries } from "./day-queries.ts";
import { openLazy } from "./lazy.ts";
import { compileObjects, type ObjectQueries } from "./object-queries.ts";
import {
	compileReferences,
	type ReferenceQueries,
} from "./reference-queries.ts";
import { compileReports, type Reports } from "./reports.ts";
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
	readonly days: DayQueries;
}

/** Each kind is built when it is first asked for: all at the start would be a tenth of it. */
export function compileQueries(builder: Builder, tables: Tables): Queries {
	const toReports = openLazy(() => compileReports(builder, tables));
	const toReferences = openLazy(() => compileReferences(builder, tables));
	const toObjects = openLazy(() => compileObjects(builder, tables));
	const toActivity = openLazy(() => compileActivity(builder, tables));
	const toSearch = openLazy(() => compileSearch(builder, tables));
	const toBatches = openLazy(() => compileBatches(builder, tables));
	const toDays = openLazy(() => compileDays(builder, tables));
	return {
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
		get days() {
			return toDays();
		},
	};
}
