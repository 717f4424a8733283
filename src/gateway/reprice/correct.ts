/** Whether an Entry costs something else by the prices of now, and the row that says so. */
import {
	type Correction,
	toCorrectionText,
	toWorth,
	type Worth,
} from "../../domain/correction.ts";
import type { Entry, TruthState } from "../../domain/entry.ts";
import { noNanos, toNanos } from "../../domain/nanos.ts";
import type { Charged } from "../../store/charged.ts";
import { maxCorrections, toCorrectionId } from "../../store/correction-id.ts";
import { emptyEntry } from "../entry.ts";
import type { ChargedAgain, KeptWhy, PricedAgain } from "../recharge.ts";

/** An Entry that is to be corrected. */
export interface Change {
	readonly entry: Entry;
	readonly correction: Correction;
	readonly cost: PricedAgain;
}

/** Null: it costs what it did. */
export type Judged =
	| { readonly change: Change | null; readonly why?: never }
	| { readonly change?: never; readonly why: KeptWhy };

/** From the best known to the least. */
const states: readonly TruthState[] = [
	"exact",
	"partial",
	"estimated",
	"unpriced",
];
const toRank = ({ state }: Pick<Worth, "state">) => states.indexOf(state);

export function judge(
	{ entry, corrections }: Charged,
	{ cost, why }: ChargedAgain,
): Judged {
	if (cost === undefined) return { why };
	const was = toWorth(entry, corrections);
	const { nanos, state } = cost;
	if (nanos === null) return { why: "no_price" };
	// What was exact does not become a guess because a model has left the list.
	if (toRank(cost) > toRank(was)) return { why: "less_certain" };
	if (was.nanos === nanos && was.state === state) return { change: null };
	const number = corrections.length + 1;
	if (number > maxCorrections) return { why: "too_often" };
	const correction = { number, was, is: { state, nanos } };
	return { change: { entry, correction, cost } };
}

/** What the Entry is summed under. */
export interface SumNames {
	readonly endUser: string | null;
	readonly tags: readonly string[];
}

/** The difference, on the day of the call and under all that it is booked to. */
export function toCorrectionEntry(
	{ entry, correction, cost }: Change,
	{ endUser, tags }: SumNames,
	catalog: string,
): Entry {
	const { number, was, is } = correction;
	return {
		...emptyEntry,
		id: toCorrectionId(entry, number),
		kind: "correction",
		state: is.state,
		payer: entry.payer,
		startedMs: entry.startedMs,
		family: entry.family,
		method: entry.method,
		path: entry.path,
		status: entry.status,
		keyId: entry.keyId,
		userId: entry.userId,
		teamId: entry.teamId,
		endUser,
		sessionId: entry.sessionId,
		agentId: entry.agentId,
		parentAgentId: entry.parentAgentId,
		tags,
		metadata: toCorrectionText(correction),
		requestedModel: entry.requestedModel,
		servedModel: entry.servedModel,
		cost: toNanos((is.nanos ?? noNanos) - (was.nanos ?? noNanos)),
		price: cost.price,
		catalog,
		corrects: entry.id,
	};
}
