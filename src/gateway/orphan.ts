/** Calls whose end nobody saw, because the process ended first: what their holds say becomes their Entries. */
import type { Entry } from "../domain/entry.ts";
import type { HoldAmount } from "../domain/hold-amount.ts";
import { toNanos } from "../domain/nanos.ts";
import type { Catalog } from "../pricing/catalog.ts";
import type { HeldCall } from "../store/book.ts";
import { heldInput } from "./charge.ts";
import { emptyEntry, toSumModel } from "./entry.ts";
import type { Opening } from "./opening.ts";

interface Detail {
	readonly inputNanos: string;
	readonly opening: Partial<Opening>;
}

/** Without the members that say nothing. */
export function toHoldDetail(opening: Opening, hold: HoldAmount): string {
	const said = JSON.stringify(opening, (_name, value) => value ?? undefined);
	return `{"inputNanos":"${hold.inputNanos}","opening":${said}}`;
}

/** Its prompt was read, and how much was written nobody knows: charged for the prompt, as an estimate. */
export function toOrphan(
	{ id, startedMs, nanos, detail }: HeldCall,
	catalog: Catalog,
): { entry: Entry; model: string } {
	const { inputNanos, opening } = JSON.parse(detail) as Detail;
	const entry: Entry = {
		...emptyEntry,
		...opening,
		id,
		startedMs,
		state: "estimated",
		end: "process_ended",
		cost: toNanos(BigInt(inputNanos)),
		held: nanos,
		price: heldInput,
		catalog: catalog.version,
	};
	return { entry, model: toSumModel(entry, catalog) };
}
