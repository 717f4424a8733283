import type { Entry } from "../../domain/entry.ts";
import type { Batch } from "../../store/batches.ts";
import { StoreError } from "../../store/engine.ts";
import { toSumModel } from "../entry.ts";
import type { Gateway } from "../pipeline.ts";
import { type BatchEnd, toBatchEntries } from "./entries.ts";

/**
 * Puts what a batch came to on the ledger, once, whoever does it and however often: its Entries have ids of their own, and
 * an id is unique there. Whoever was stopped in the middle, or was too slow and lost the batch to another process, finds
 * them and leaves them. Rejects with StoreError; can be done again.
 */
export async function settleBatch(
	batch: Batch,
	gateway: Gateway,
	end: BatchEnd,
): Promise<void> {
	const catalog = gateway.catalog();
	const sums = await gateway.batches.sums(batch.id);
	// What was recorded before this process began is in the database; what it has recorded itself may not be yet.
	await gateway.ledger.flush();
	for (const entry of toBatchEntries(batch, sums, catalog, end)) {
		if (await gateway.batches.isRecorded(entry.id)) continue;
		const isOurs = await record(entry, gateway);
		if (isOurs) count(entry, gateway);
	}
	// They must be there before anybody is told that it is over.
	await gateway.ledger.flush();
}

/** False: another process was quicker. */
async function record(entry: Entry, gateway: Gateway): Promise<boolean> {
	try {
		await gateway.ledger.settle(entry, toSumModel(entry, gateway.catalog()));
		return true;
	} catch (error) {
		const isThere = error instanceof StoreError && error.fault === "conflict";
		if (isThere) return false;
		throw error;
	}
}

function count(entry: Entry, gateway: Gateway): void {
	gateway.totals.add(entry);
	if (entry.metadata?.includes('"unknown_model"')) {
		gateway.onUnknownModel(entry.servedModel ?? "", entry);
	}
}
