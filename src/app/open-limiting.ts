/** The limits of calls and what counts them, wired to the ledger, the directory and the prices. */
import { getLogger } from "@logtape/logtape";
import type { Config } from "../cli/config.ts";
import type { Directory } from "../domain/directory.ts";
import type { Subject } from "../domain/subject.ts";
import { type LimitFinder, openCallLimits } from "../limits/call-limits.ts";
import type { Counter, ReadSpent } from "../limits/counter.ts";
import { openMemoryCounter } from "../limits/memory.ts";
import { openPostgresCounter } from "../limits/postgres.ts";
import { findReset, withResets } from "../limits/spent.ts";
import type { Clock } from "../platform/contract.ts";
import type { Catalog } from "../pricing/catalog.ts";
import { openModelMatch } from "../pricing/model-match.ts";
import { readSpent as readLedger } from "../store/read-spent.ts";
import type { Store } from "../store/store.ts";
import { tellBudget } from "./budget-news.ts";

export interface LimitingOptions {
	readonly store: Store;
	readonly directory: Directory;
	readonly clock: Clock;
	readonly catalog: () => Catalog;
	/** All calls of the ledger began before. */
	readonly horizonMs: number;
}

export interface Limiting {
	readonly limits: LimitFinder;
	readonly counter: Counter;
	/** What counts as spent. */
	readonly readSpent: ReadSpent;
}

const shelves = { tag: "tags", customer: "customers" } as const;

export function openLimiting(
	{ limiting }: Pick<Config, "limiting">,
	{ store, directory, clock, catalog, horizonMs }: LimitingOptions,
): Limiting {
	const models = openModelMatch(catalog, clock.now);
	const { names } = store;
	names.manage((kind, id) => directory[shelves[kind]].byId(id) !== null);
	const readSpent = withResets(
		(limit, sinceMs, untilMs) =>
			readLedger({ ...store, models }, limit, { sinceMs, untilMs }),
		directory,
	);
	return {
		readSpent,
		limits: openCallLimits({
			...limiting,
			directory,
			clock,
			models,
			nameEndUser: (endUser, of) => names.toName("customer", endUser, of),
		}),
		counter: openCounter(),
	};

	/** This process alone counts, or all that share the database. */
	function openCounter(): Counter {
		const options = {
			clock,
			readSpent,
			findReset: (subject: Subject) =>
				findReset(subject, directory)?.atMs ?? null,
			models,
			horizonMs,
			onSpent: tellBudget,
		};
		const { openCounts } = store;
		if (openCounts !== null) {
			return openPostgresCounter({ ...options, openCounts, onFault });
		}
		return openMemoryCounter({ ...options, ...models });
	}
}

const onFault = (error: unknown) =>
	getLogger(["tollway", "limits"]).error(
		"What a call used could not be counted toward its limits: {error}",
		{ error },
	);
