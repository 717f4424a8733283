/** Who counts: this process alone, or all that share the database. */
import { getLogger } from "@logtape/logtape";
import type { Directory } from "../domain/directory.ts";
import type { Counter, ReadSpent } from "../limits/counter.ts";
import { openMemoryCounter } from "../limits/memory.ts";
import { openPostgresCounter } from "../limits/postgres.ts";
import { withResets } from "../limits/spent.ts";
import type { Clock } from "../platform/contract.ts";
import { readSpent as readSpentOf } from "../store/read-spent.ts";
import type { Store } from "../store/store.ts";
import { tellBudget } from "./budget-news.ts";

/** What the ledger says was spent, unless the operator has said otherwise since. */
export const openReadSpent = (store: Store, directory: Directory): ReadSpent =>
	withResets((limit, sinceMs) => readSpentOf(store, limit, sinceMs), directory);

export function openCounter(
	store: Store,
	clock: Clock,
	readSpent: ReadSpent,
): Counter {
	const { openCounts } = store;
	const options = { clock, readSpent, onSpent: tellBudget };
	return openCounts === null
		? openMemoryCounter(options)
		: openPostgresCounter({ ...options, openCounts, onFault });
}

const onFault = (error: unknown) =>
	getLogger(["tollway", "limits"]).error(
		"What a call used could not be counted toward its limits: {error}",
		{ error },
	);
