import type { Entry } from "../../domain/entry.ts";
import type { Batch } from "../../store/batches.ts";
import { StoreError } from "../../store/engine.ts";
import { toSumModel } from "../entry.ts";
import type { Gateway } from "../pipeline.ts";
import { type BatchEnd, toBatchEntries } from "./entries.ts";
import { endBatchHold } from "./hold.ts";

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
	const recorded: Entry[] = [];
	const entries = toBatchEntries(batch, sums, catalog, end);
	for (const entry of entries) {
		if (await gateway.batches.isRecorded(entry.id)) continue;
		if (!(await record(entry, gateway))) continue;
		recorded.push(entry);
		count(entry, gateway);
	}
	// They must be there before anybody is told that it is over.
	await gateway.ledger.flush();
	// Where this process alone counts, it has counted what was recorded before it began when it read the ledger. Shared
	// counts have what was held until somebody ends it: who records the last Entry, or who finds what that one left.
	const counted = gateway.sharesCounts ? entries : recorded;
	const isLeft = recorded.length === 0 && entries.length > 0;
	if (!gateway.sharesCounts || !isLeft) {
		await endBatchHold(batch, counted, gateway);
	}
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
