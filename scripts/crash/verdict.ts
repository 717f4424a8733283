/** What the ledger says, against what was seen outside. */

import type { Catalog } from "../../src/pricing/catalog.ts";
import type { StoredEntry } from "../../src/store/entry-row.ts";
import { type Figure, toNone } from "../soak/figure.ts";
import { type Wrong, wrongs } from "./audit.ts";
import type { SeenEnd } from "./load.ts";
import type { CallPlan } from "./plan.ts";
import { toNanosOf, toPromptNanos } from "./truth.ts";

export const faults = {
	...wrongs,
	missing: "ends seen that are not on the ledger",
	cost: "ends seen with another cost",
	unheld: "calls upstream had that are not on the ledger",
	repeated: "calls on the ledger twice",
	cheap: "costs below that of the prompt",
	unknown: "Entries that nobody asked for",
	odd: "answers that nobody asked for",
} as const satisfies Record<string, string> & Record<Wrong, string>;

export type Fault = keyof typeof faults;

export interface Blame {
	blame(what: Fault, detail: string): void;
	/** One figure for each fault, of which there must be none. */
	toFigures(): Figure[];
}

const maxDetails = 5;

/** @param say told of the first few of each kind */
export function openBlame(say: (text: string) => void): Blame {
	const counts = new Map<Fault, number>();
	return {
		blame: (what, detail) => {
			const count = (counts.get(what) ?? 0) + 1;
			counts.set(what, count);
			if (count <= maxDetails) say(`${faults[what]}: ${detail}`);
		},
		toFigures: () =>
			Object.entries(faults).map(([what, name]) =>
				toNone(name, counts.get(what as Fault) ?? 0),
			),
	};
}

export interface Known {
	readonly plans: ReadonlyMap<string, CallPlan>;
	readonly catalog: Catalog;
	readonly blame: Blame["blame"];
}

/** The Entries so far, by their call. */
export interface Shelf {
	readonly byId: Map<string, StoredEntry>;
	readonly byLabel: Map<string, StoredEntry>;
}

export const openShelf = (): Shelf => ({ byId: new Map(), byLabel: new Map() });

/** Takes Entries that are new, and judges what can be judged of each alone. */
export function shelve(
	entries: readonly StoredEntry[],
	{ byId, byLabel }: Shelf,
	{ plans, catalog, blame }: Known,
): void {
	for (const entry of entries) {
		byId.set(entry.id, entry);
		const label = entry.sessionId ?? "";
		if (byLabel.has(label)) blame("repeated", label);
		byLabel.set(label, entry);
		const plan = plans.get(label);
		if (plan === undefined) {
			blame("unknown", `${entry.id} ${label}`);
			continue;
		}
		// What never reached upstream, or failed there, costs nothing.
		if (entry.state !== "estimated") continue;
		const floor = toPromptNanos(plan, catalog, entry.startedMs);
		if ((entry.cost ?? -1n) >= floor) continue;
		blame("cheap", `${label}: ${entry.cost} of ${floor} (${entry.end})`);
	}
}

/** Whether a client's bill is what the ledger has. */
export function judgeSeen(
	seen: Iterable<SeenEnd>,
	{ byId }: Shelf,
	{ catalog, blame }: Known,
): void {
	for (const { id, plan, told } of seen) {
		const entry = byId.get(id);
		if (entry === undefined || entry.sessionId !== plan.label) {
			blame("missing", `${plan.label} ${id}`);
			continue;
		}
		if (told === "some") continue;
		const wanted =
			told === "free" ? 0n : toNanosOf(told, catalog, entry.startedMs);
		if (entry.cost === wanted && entry.state === "exact") continue;
		blame("cost", `${plan.label}: ${entry.cost} ${entry.state}, not ${wanted}`);
	}
}
