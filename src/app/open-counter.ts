/** Who counts: this process alone, or all that share the database. */
import { getLogger } from "@logtape/logtape";
import type { Counter, ReadSpent } from "../limits/counter.ts";
import { openMemoryCounter } from "../limits/memory.ts";
import { openPostgresCounter } from "../limits/postgres.ts";
import type { Clock } from "../platform/contract.ts";
import { readSpent as readSpentOf } from "../store/read-spent.ts";
import type { Store } from "../store/store.ts";

export function openCounter(store: Store, clock: Clock): Counter {
	const readSpent: ReadSpent = ({ subject }, sinceMs) =>
		readSpentOf(store, subject, sinceMs);
	const { openCounts } = store;
	if (openCounts === null) return openMemoryCounter({ clock, readSpent });
	return openPostgresCounter({ openCounts, clock, readSpent, onFault });
}

const onFault = (error: unknown) =>
	getLogger(["tollway", "limits"]).error(
		"What a call used could not be counted toward its limits: {error}",
		{ error },
	);
