/** Calls whose end nobody saw, because the process ended first: what their holds say becomes their Entries. */
import type { Entry } from "../domain/entry.ts";
import type { HoldAmount } from "../domain/hold-amount.ts";
import { toNanos } from "../domain/nanos.ts";
import type { Catalog } from "../pricing/catalog.ts";
import type { HeldCall } from "../store/book.ts";
import { heldInput } from "./charge.ts";
import { emptyEntry, toSumModel } from "./entry.ts";
import type { Opening } from "./opening.ts";

/** In the order in which a hold has them: a list is half as long as an object, and every call writes one. */
const members = [
	"family",
	"method",
	"path",
	"payer",
	"keyId",
	"userId",
	"teamId",
	"endUser",
	"sessionId",
	"agentId",
	"parentAgentId",
	"tags",
	"metadata",
	"clientAddress",
	"userAgent",
	"requestedModel",
] as const satisfies readonly (keyof Opening)[];

/** JSON. Spelled out, because going through `members` would take twice the memory (0.4 KB a call). */
export const toHoldDetail = (opening: Opening, hold: HoldAmount): string =>
	JSON.stringify([
		String(hold.inputNanos),
		opening.family,
		opening.method,
		opening.path,
		opening.payer,
		opening.keyId,
		opening.userId,
		opening.teamId,
		opening.endUser,
		opening.sessionId,
		opening.agentId,
		opening.parentAgentId,
		opening.tags,
		opening.metadata,
		opening.clientAddress,
		opening.userAgent,
		opening.requestedModel,
	]);

/** The way back from `toHoldDetail`. */
export function fromHoldDetail(detail: string) {
	const [inputNanos, ...values] = JSON.parse(detail) as [string, ...unknown[]];
	const opening = Object.fromEntries(
		members.map((name, at) => [name, values[at]]),
	) as unknown as Opening;
	return { inputNanos: toNanos(BigInt(inputNanos)), opening };
}

/** Its prompt was read, and how much was written nobody knows: charged for the prompt, as an estimate. */
export function toOrphan(
	{ id, startedMs, nanos, detail }: HeldCall,
	catalog: Catalog,
): { entry: Entry; model: string } {
	const { inputNanos, opening } = fromHoldDetail(detail);
	const entry: Entry = {
		...emptyEntry,
		...opening,
		id,
		startedMs,
		state: "estimated",
		end: "process_ended",
		cost: inputNanos,
		held: nanos,
		price: heldInput,
		catalog: catalog.version,
	};
	return { entry, model: toSumModel(entry, catalog) };
}
