/** Reads the results of a batch to their end and writes down what each request came to; nothing of them is kept in memory. */
import type { Batch, BatchItem, Lease } from "../../store/batches.ts";
import type { Gateway } from "../pipeline.ts";
import { askResults } from "./ask-upstream.ts";
import { openLines } from "./lines.ts";
import { priceLine } from "./price-line.ts";

/** Requests in a transaction. */
const groupItems = 500;
/** Longer than this nothing is kept back: with what is written, the lease is renewed. */
const writeEveryMs = 10_000;

export interface ReadingOptions {
	readonly signal: AbortSignal;
	/** A lease from now on. */
	readonly toLease: () => Lease;
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
	{ signal, toLease, onProgress }: ReadingOptions,
): Promise<void> {
	const { batches, clock, releaseChunk } = gateway;
	const catalog = gateway.catalog();
	let items: BatchItem[] = [];
	let writtenMs = clock.monotonic();
	const write = async () => {
		await batches.addItems(batch.id, items, toLease());
		items = [];
		writtenMs = clock.monotonic();
	};
	const take = async (lines: readonly Uint8Array[]) => {
		for (const line of lines) {
			const item = priceLine(line, catalog, batch.createdMs);
			if (item !== null) items.push(item);
			if (items.length >= groupItems) await write();
		}
		if (clock.monotonic() - writtenMs >= writeEveryMs) await write();
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
