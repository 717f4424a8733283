import type { Limit } from "../domain/limit.ts";
import { allowsModel } from "../domain/virtual-key.ts";
import type { SqlValue } from "../platform/contract.ts";
import { slackMs, toIdStart } from "./read-entries.ts";
import type { Store } from "./store.ts";

const hourMs = 3_600_000;
/** No call begins later. */
const lastHour = 2_000_000_000;

/** What reads sums and ledger. */
export type SpentSource = Pick<Store, "engine" | "queries"> & {
	readonly ledger: Pick<Store["ledger"], "flush">;
};

/**
 * What the operator has paid for a subject since a moment, everything included that is settled by now: whole hours by the
 * sums, what lies before the first of them by the ledger itself. Of one model, where the limit is for one: the model that
 * served. Nano-dollars. Rejects with StoreError.
 */
export async function readSpent(
	{ engine, queries, ledger }: SpentSource,
	{ subject, model }: Pick<Limit, "subject" | "model">,
	sinceMs: number,
): Promise<bigint> {
	await ledger.flush();
	const { kind, id } = subject;
	const hour = Math.ceil(sinceMs / hourMs);
	const hours = { from: hour, until: lastHour };
	const whole = queries.reports.costByModel({ ...hours, dimension: kind, id });
	const sum = toSum(await engine.readInOrder(whole), model);
	if (hour * hourMs === sinceMs) return sum;
	const part = queries.reports.spentWithin[kind]({
		low: toIdStart(sinceMs - slackMs),
		high: toIdStart(hour * hourMs + slackMs),
		fromMs: sinceMs,
		untilMs: hour * hourMs,
		id: kind === "tag" ? JSON.stringify(id) : id,
	});
	return sum + toSum(await engine.readInOrder(part), model);
}

const toSum = (
	rows: readonly (readonly SqlValue[])[],
	model: string | null,
): bigint =>
	rows
		.filter(
			([served]) =>
				model === null || allowsModel([model], String(served ?? "")),
		)
		.reduce((sum, [, cost]) => sum + BigInt(cost ?? 0), 0n);
