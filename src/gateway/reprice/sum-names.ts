/** Under which names an Entry was summed: its corrections must move the very same sums. */
import type { Entry } from "../../domain/entry.ts";
import type { Catalog } from "../../pricing/catalog.ts";
import { otherModel } from "../../pricing/model-match.ts";
import { otherName } from "../../store/rollup-names.ts";
import { toSumModel } from "../entry.ts";
import { readNotes } from "../recharge.ts";
import type { SumNames } from "./correct.ts";

/** Models under which a subject has sums in the hour of a moment. Rejects with StoreError. */
export type ReadSumModels = (of: {
	readonly atMs: number;
	readonly dimension: "global" | "tag" | "customer";
	readonly id: string;
}) => Promise<readonly string[]>;

export interface FoundNames extends SumNames {
	readonly model: string;
}

/** Rejects with StoreError. */
export async function findSumNames(
	entry: Entry,
	catalog: Catalog,
	read: ReadSumModels,
): Promise<FoundNames> {
	const { startedMs: atMs, endUser, tags } = entry;
	const toOwn = async (dimension: "tag" | "customer", id: string) => {
		const models = await read({ atMs, dimension, id });
		return models.length > 0 ? id : otherName;
	};
	const named: string[] = [];
	for (const tag of tags) named.push(await toOwn("tag", tag));
	return {
		endUser: endUser === null ? null : await toOwn("customer", endUser),
		tags: [...new Set(named)],
		model: toModel(entry, catalog, await read({ atMs, ...everything })),
	};
}

const everything = { dimension: "global", id: "" } as const;

/** The price list of its time may have called it otherwise, or not have known it. */
function toModel(
	entry: Entry,
	catalog: Catalog,
	summed: readonly string[],
): string {
	const now = toSumModel(entry, catalog);
	const notes = readNotes(entry);
	const wasUnknown = notes.has("unknown_model") || notes.has("no_price");
	const charged = (entry.price ?? "").split(" ").map(toName);
	const likely = wasUnknown ? [otherModel, now] : [now, ...charged, otherModel];
	return likely.find((name) => summed.includes(name)) ?? now;
}

/** Of `claude-opus-5-5@2026-09-22*fast`. */
const toName = (price: string): string => price.replace(/[@*].*$/s, "");
