/** What a repricing has come to, or would. */
import type { Entry } from "../../domain/entry.ts";
import { noNanos } from "../../domain/nanos.ts";
import { type KeptWhy, keptReasons } from "../recharge.ts";
import type { Change } from "./correct.ts";

/** Nano-dollars that the operator pays, of those that change. */
export interface RepriceSums {
	readonly changes: number;
	readonly before: bigint;
	readonly after: bigint;
}

export interface RepriceReport extends RepriceSums {
	/** Entries that were asked for and priced again, or not. */
	readonly looked: number;
	/** By the model that served, or else was asked for. */
	readonly models: ReadonlyMap<string, RepriceSums>;
	/** Those that keep their cost, by why. */
	readonly kept: readonly Kept[];
	/** The first of those that change. */
	readonly shown: readonly Change[];
	/** Where the next one goes on; null: all was looked at. */
	readonly next: string | null;
}

export interface Kept {
	readonly why: KeptWhy;
	/** For people, as it goes on behind a number of Entries. */
	readonly about: string;
	readonly entries: number;
}

const none: RepriceSums = { changes: 0, before: 0n, after: 0n };

/** Names come from clients: more of them are one. */
const maxModels = 1_000;
const otherModels = "other";

export function openReport(show: number) {
	let sums = none;
	let looked = 0;
	const models = new Map<string, RepriceSums>();
	const kept = new Map<KeptWhy, number>();
	const shown: Change[] = [];
	return {
		look: () => {
			looked += 1;
		},
		keep: (why: KeptWhy) => {
			kept.set(why, (kept.get(why) ?? 0) + 1);
		},
		change: (change: Change) => {
			const own = toModelName(change.entry);
			const isNew = !models.has(own) && models.size >= maxModels;
			const name = isNew ? otherModels : own;
			sums = add(sums, change);
			models.set(name, add(models.get(name) ?? none, change));
			if (shown.length < show) shown.push(change);
		},
		end: (next: string | null): RepriceReport => ({
			...sums,
			...{ looked, models, shown, next },
			kept: [...kept].map(([why, entries]) => ({
				why,
				about: keptReasons[why],
				entries,
			})),
		}),
	};
}

export const toModelName = ({ servedModel, requestedModel }: Entry): string =>
	servedModel ?? requestedModel ?? "unknown";

function add(sums: RepriceSums, { entry, correction }: Change): RepriceSums {
	const isOurs = entry.payer === "operator";
	const { was, is } = correction;
	return {
		changes: sums.changes + 1,
		before: sums.before + (isOurs ? (was.nanos ?? noNanos) : noNanos),
		after: sums.after + (isOurs ? (is.nanos ?? noNanos) : noNanos),
	};
}
