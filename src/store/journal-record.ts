/** What stands in the journal: holds, and the Entries that end them. */

import { toNanos } from "../domain/nanos.ts";
import type { SqlValue } from "../platform/contract.ts";
import type { HeldCall, Settled } from "./book.ts";
import { toEntry } from "./entry-row.ts";
import type { JournalRecord, Mark } from "./journal.ts";
import type { Payload } from "./journal-lines.ts";

export const toHoldPayload = (held: HeldCall): Payload => ({
	head: `H[${JSON.stringify(held.id)},${held.startedMs},"${held.nanos}"],`,
	body: held.detail,
});

export const toEntryPayload = ({ model, columns }: Settled): Payload => ({
	head: `E${JSON.stringify(model)},`,
	body: columns,
});

/** An Entry and where it stands. */
export interface Journaled {
	readonly settled: Settled;
	readonly mark: Mark;
}

export interface Left {
	/** All Entries, in their order. */
	readonly entries: readonly Journaled[];
	/** Holds that no Entry has ended. */
	readonly open: readonly HeldCall[];
}

/** What the records of a process that is gone say. */
export function readLeft(records: readonly JournalRecord[]): Left {
	const open = new Map<string, HeldCall>();
	const entries: Journaled[] = [];
	for (const { payload, mark } of records) {
		if (payload.startsWith("H")) {
			const held = readHold(payload);
			open.set(held.id, held);
		} else {
			const settled = readEntry(payload);
			open.delete(settled.entry.id);
			entries.push({ settled, mark });
		}
	}
	return { entries, open: withoutOld([...open.values()]) };
}

const dayMs = 86_400_000;

/** A hold stands here long after its call, whose Entry may have been removed since; no call runs for a day. */
function withoutOld(open: readonly HeldCall[]): readonly HeldCall[] {
	const newestMs = Math.max(...open.map(({ startedMs }) => startedMs));
	return open.filter(({ startedMs }) => startedMs > newestMs - dayMs);
}

function readHold(payload: string): HeldCall {
	const [[id, startedMs, nanos], detail] = JSON.parse(
		`[${payload.slice(1)}]`,
	) as [[string, number, string], unknown];
	return {
		id,
		kind: "call",
		startedMs,
		nanos: toNanos(BigInt(nanos)),
		detail: JSON.stringify(detail),
	};
}

function readEntry(payload: string): Settled {
	const [model, columns] = JSON.parse(`[${payload.slice(1)}]`) as [
		string,
		SqlValue[],
	];
	return { entry: toEntry(columns), model, columns: JSON.stringify(columns) };
}
