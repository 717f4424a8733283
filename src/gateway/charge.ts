/** What a call costs, and how well that is known. */
import type { TruthState } from "../domain/entry.ts";
import { noHoldAmount } from "../domain/hold-amount.ts";
import { type Nanos, noNanos } from "../domain/nanos.ts";
import type { Usage } from "../domain/usage.ts";
import { type Cost, toCost } from "../pricing/cost.ts";
import type { Reading } from "./meter/reading.ts";
import type { OpenCall } from "./open-call.ts";
import { findingsOf } from "./scan/finding.ts";

export interface Charge {
	readonly state: TruthState;
	/** Null: unpriced. */
	readonly cost: Nanos | null;
	/** As in Entry. */
	readonly price: string | null;
	readonly catalog: string | null;
	/** Null where nothing was computed. */
	readonly bill: Cost | null;
}

/** Instead of a price, where the cost is the part of the hold that was for the prompt. */
export const heldInput = "held:input";

const nothing = { price: null, catalog: null, bill: null } as const;
const free: Charge = { ...nothing, state: "exact", cost: noNanos };
const unpriced: Charge = { ...nothing, state: "unpriced", cost: null };

/** @param usage what is to be charged for, of the reading */
export function toCharge(
	call: OpenCall,
	usage: Usage,
	reading: Reading | null,
): Charge {
	const { meter } = call.route.family;
	if (meter === null || call.request.method !== "POST")
		return toUnmetered(call);
	// Failed requests are not billed (anthropic-api: 4xx and 5xx), nor is what never reached upstream.
	if (!call.sent || call.unreached) return free;
	if (call.upstreamStatus !== null && call.upstreamStatus >= 400) return free;
	if (reading === null || reading.known === "nothing")
		return toPromptOnly(call);
	if (call.catalog === null) return unpriced;
	const bill = toCost(usage, call.catalog, {
		atMs: call.startedAtMs,
		requestedModel: call.model,
		ranServerTools: call.ranServerTools,
		isCodeFree: usage.codeExecutions > 0 && isCodeFree(call),
		isUnfinished: reading.known !== "all" || reading.malformed,
	});
	// Counts that could not be read are 0 here; the prompt was paid for all the same.
	if (reading.malformed && bill.nanos === noNanos) return toPromptOnly(call);
	const { state, nanos: cost, price, catalog } = bill;
	return { state, cost, price, catalog, bill };
}

const readers: ReadonlySet<string> = new Set(["GET", "HEAD"]);

function toUnmetered({ route, request, upstreamStatus }: OpenCall): Charge {
	const started = upstreamStatus !== null && upstreamStatus < 400;
	const isWrite = !readers.has(request.method);
	return route.family.unpriced && isWrite && started ? unpriced : free;
}

/** Upstream has the request, and never said what became of it. */
function toPromptOnly({ hold, catalog }: OpenCall): Charge {
	if (hold === noHoldAmount || catalog === null) return unpriced;
	return {
		state: "estimated",
		cost: hold.inputNanos,
		price: heldInput,
		catalog: catalog.version,
		bill: null,
	};
}

/** With these search and fetch tools, or later ones, code execution costs nothing. */
const freeCodeFrom = 20_260_209;

const isCodeFree = ({ scan }: OpenCall): boolean =>
	scan !== null &&
	findingsOf(scan, "tool.type").some(({ value }) => {
		const day = /^web_(?:search|fetch)_(\d{8})$/.exec(value)?.[1];
		return Number(day) >= freeCodeFrom;
	});
