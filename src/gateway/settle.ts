import type { CallEnd } from "../domain/call.ts";
import type { Entry } from "../domain/entry.ts";
import { emptyUsage } from "../domain/usage.ts";
import { toCharge } from "./charge.ts";
import { toEntry, toSumModel } from "./entry.ts";
import { type Reading, toBillable } from "./meter/reading.ts";
import type { OpenCall } from "./open-call.ts";
import { toOpening } from "./opening.ts";
import { recordContainer } from "./owned/record-owner.ts";
import type { Gateway } from "./pipeline.ts";

/**
 * Puts the call on the ledger, once: what replaces its hold. Nothing, or a promise where the ledger takes a wait, which
 * rejects with StoreError when it could not be written; its Entry has then been saved by `onLost`.
 * @param reading what upstream said the call used; null: nothing
 */
export function settle(
	call: OpenCall,
	end: CallEnd,
	gateway: Gateway,
	reading: Reading | null,
): Promise<void> | undefined {
	if (call.entry !== null || call.grant === null) return undefined;
	const opening = call.opening ?? toOpening(call, gateway);
	const durationMs = gateway.clock.monotonic() - call.startMs;
	const usage = reading === null ? emptyUsage : toBillable(reading);
	const charge = toCharge(call, usage, reading);
	const ending = { end, reading, usage, charge, durationMs };
	const entry = toEntry(call, opening, ending);
	call.entry = entry;
	call.charge = charge;
	gateway.totals.add(entry);
	if (charge.bill?.notes.some((note) => unknownNotes.has(note))) {
		gateway.onUnknownModel(usage.model ?? call.model ?? "", entry);
	}
	const model = toSumModel(entry, call.catalog ?? gateway.catalog());
	call.sumModel = model;
	try {
		const settled = gateway.ledger
			.settle(entry, model, call.endUser)
			?.catch((error) => {
				lose(entry, error, gateway);
			});
		const containerId = reading?.containerId ?? null;
		if (containerId === null) return settled;
		const recorded = recordContainer(containerId, call, gateway);
		return settled === undefined ? recorded : recorded.then(() => settled);
	} catch (error) {
		lose(entry, error, gateway);
	}
}

const unknownNotes: ReadonlySet<string> = new Set([
	"unknown_model",
	"no_price",
]);

function lose(entry: Entry, error: unknown, gateway: Gateway): never {
	gateway.onLost(entry, error);
	throw error;
}
