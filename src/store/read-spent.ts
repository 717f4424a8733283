import type { Limit } from "../domain/limit.ts";
import type { SqlValue } from "../platform/contract.ts";
import { slackMs, toIdStart } from "./read-entries.ts";
import { otherName } from "./rollup-names.ts";
import type { Store } from "./store.ts";

const hourMs = 3_600_000;
/** No call begins later. */
const lastHour = 2_000_000_000;

/** What reads sums and ledger. */
export type SpentSource = Pick<Store, "engine" | "queries"> & {
	readonly ledger: Pick<Store["ledger"], "flush">;
	/** Which model a limit is about, and what the sums call one. */
	readonly models: {
		toSumModel(model: string): string;
		isFor(pattern: string, model: string): boolean;
	};
};

export interface Span {
	readonly sinceMs: number;
	/** The first moment that no longer counts; undefined: all that is yet to come does. */
	readonly untilMs?: number | undefined;
}

type Of = Pick<Limit, "subject" | "model">;

/**
 * What the operator has paid for a subject in a time, everything included that is settled by now: whole hours by the sums,
 * what lies before the first of them and behind the last by the ledger itself. Of one model, where the limit is for one: the
 * model that served. Nano-dollars. Rejects with StoreError.
 */
export async function readSpent(
	source: SpentSource,
	of: Of,
	{ sinceMs, untilMs = lastHour * hourMs }: Span,
): Promise<bigint> {
	await source.ledger.flush();
	const sum = await readAll(source, of, { sinceMs, untilMs });
	// A correction may stand where its Entry does not, if the price list has renamed a model meanwhile.
	return sum < 0n ? 0n : sum;
}

async function readAll(
	source: SpentSource,
	of: Of,
	{ sinceMs, untilMs }: Span & { readonly untilMs: number },
): Promise<bigint> {
	const { kind, id } = of.subject;
	// Only the sums know who is one of them: the hours are taken whole.
	const isOther = kind === "customer" && id === otherName;
	const [up, down] = isOther
		? [Math.floor, Math.ceil]
		: [Math.ceil, Math.floor];
	const from = up(sinceMs / hourMs);
	const until = Math.min(down(untilMs / hourMs), lastHour);
	if (until < from) return readPart(source, of, sinceMs, untilMs);
	let sum = await readHours(source, of, { from, until });
	if (isOther) return sum;
	if (sinceMs < from * hourMs) {
		sum += await readPart(source, of, sinceMs, from * hourMs);
	}
	if (until < lastHour && until * hourMs < untilMs) {
		sum += await readPart(source, of, until * hourMs, untilMs);
	}
	return sum;
}

async function readHours(
	{ engine, queries, models }: SpentSource,
	{ subject: { kind: dimension, id }, model }: Of,
	hours: { readonly from: number; readonly until: number },
): Promise<bigint> {
	const whole = queries.reports.costByModel({ ...hours, dimension, id });
	return toSum(await engine.readInOrder(whole), (name) =>
		model === null ? true : models.isFor(model, name),
	);
}

async function readPart(
	{ engine, queries, models }: SpentSource,
	{ subject: { kind, id }, model }: Of,
	fromMs: number,
	untilMs: number,
): Promise<bigint> {
	const part = queries.reports.spentWithin[kind]({
		low: toIdStart(fromMs - slackMs),
		high: toIdStart(untilMs + slackMs),
		fromMs,
		untilMs,
		id: kind === "tag" ? JSON.stringify(id) : id,
	});
	return toSum(await engine.readInOrder(part), (name) =>
		model === null ? true : models.isFor(model, models.toSumModel(name)),
	);
}

const toSum = (
	rows: readonly (readonly SqlValue[])[],
	isAbout: (model: string) => boolean,
): bigint =>
	rows
		.filter(([model]) => isAbout(String(model ?? "")))
		.reduce((sum, [, cost]) => sum + BigInt(cost ?? 0), 0n);
