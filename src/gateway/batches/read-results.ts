/** Reads the results of a batch to their end and writes down what each request came to; nothing of them is kept in memory. */
import type { Batch, BatchItem } from "../../store/batches.ts";
import type { Gateway } from "../pipeline.ts";
import { askResults } from "./ask-upstream.ts";
import { openLines } from "./lines.ts";
import { priceLine } from "./price-line.ts";

/** Requests in a transaction. */
const groupItems = 500;

export interface ReadingOptions {
	readonly signal: AbortSignal;
	/** Upstream goes on sending. */
	readonly onProgress: () => void;
}

/**
 * Can be done again, and then counts nothing twice: after a failure it is what continues the work. Rejects with
 * BatchMissing, StoreError, or with the runtime's own error when upstream breaks off.
 */
export async function readResults(
	batch: Batch,
	gateway: Gateway,
	{ signal, onProgress }: ReadingOptions,
): Promise<void> {
	const { batches, releaseChunk } = gateway;
	const catalog = gateway.catalog();
	let items: BatchItem[] = [];
	const write = async () => {
		if (items.length > 0) await batches.addItems(batch.id, items);
		items = [];
	};
	const take = async (lines: readonly Uint8Array[]) => {
		for (const line of lines) {
			const item = priceLine(line, catalog, batch.createdMs);
			if (item !== null) items.push(item);
			if (items.length >= groupItems) await write();
		}
	};
	const lines = openLines();
	const reader = (await askResults(batch.id, gateway, signal)).getReader();
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) break;
			onProgress();
			const complete = lines.push(value);
			releaseChunk(value);
			await take(complete);
		}
	} finally {
		reader.releaseLock();
	}
	await take(lines.end());
	await write();
}
