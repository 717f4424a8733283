import type { Subject } from "../domain/subject.ts";
import { slackMs, toIdStart } from "./read-entries.ts";
import type { Store } from "./store.ts";

const hourMs = 3_600_000;

/**
 * What the operator has paid for a key since a moment, everything included that is settled by now: whole hours by the sums,
 * what lies before the first of them by the ledger itself. Rejects with StoreError.
 */
export async function readSpent(
	{ engine, queries, statements, ledger }: Store,
	{ kind, id }: Subject,
	sinceMs: number,
): Promise<bigint> {
	await ledger.flush();
	const hour = Math.ceil(sinceMs / hourMs);
	const sum = { sql: statements.sumCost, values: [kind, id, hour] };
	const [[whole] = []] = await engine.readInOrder(sum);
	if (hour * hourMs === sinceMs) return BigInt(whole ?? 0);
	const part = queries.reports.spentByKey({
		low: toIdStart(sinceMs - slackMs),
		high: toIdStart(hour * hourMs + slackMs),
		fromMs: sinceMs,
		untilMs: hour * hourMs,
		id,
	});
	const [[before] = []] = await engine.readInOrder(part);
	return BigInt(whole ?? 0) + BigInt(before ?? 0);
}
