/** Stored calls priced again, with the prices that are in force now for their day. */
import { z } from "zod";
import type { Worth } from "../domain/correction.ts";
import type { Entry } from "../domain/entry.ts";
import { noNanos, toDollarText, toNanos } from "../domain/nanos.ts";
import { day, refuseField, text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import { toDollars, toTime } from "./spend-row.ts";
import { dayMs, lastMs } from "./spend-span.ts";

interface Sums {
	readonly changes: number;
	readonly before: bigint;
	readonly after: bigint;
}

interface Change {
	readonly entry: Entry;
	readonly correction: {
		readonly number: number;
		readonly was: Worth;
		readonly is: Worth;
	};
	readonly cost: { readonly price: string | null };
}

export interface RepriceState {
	/** The gateway's own. Rejects with StoreError, or GatewayError `busy`. */
	reprice(asked: {
		readonly fromMs: number;
		readonly untilMs: number;
		readonly model: string | null;
		readonly ids: readonly string[] | null;
		readonly after: string | null;
		readonly dryRun: boolean;
		readonly show: number;
	}): Promise<
		Sums & {
			readonly looked: number;
			readonly models: ReadonlyMap<string, Sums>;
			readonly kept: readonly {
				readonly why: string;
				readonly about: string;
				readonly entries: number;
			}[];
			readonly shown: readonly Change[];
			readonly next: string | null;
		}
	>;
}

const maxIds = 500;
const maxShown = 100;
const usualShown = 10;

export const repriceBody = z.strictObject({
	since: day.optional(),
	until: day.optional(),
	model: text.optional(),
	ids: z
		.array(text, "must be a list")
		.min(1, "must not be empty")
		.max(maxIds, `must have at most ${maxIds} ids`)
		.optional(),
	dry_run: z.boolean("must be true or false").default(true),
	show: z
		.number("must be a whole number")
		.int("must be a whole number")
		.min(0, "must be at least 0")
		.max(maxShown, `must be at most ${maxShown}`)
		.default(usualShown),
	after: text.optional(),
});

type Body = z.output<typeof repriceBody>;

/**
 * Days are of UTC, and both are part of it. Unless `dry_run` is false nothing is written. An answer takes some seconds at
 * the most: where `next` is not null, ask again with it as `after`, and add the answers up. Asked twice, the second time
 * nothing changes. Only what the operator pays is in the amounts.
 */
async function answerReprice({ body }: Asked<Body>, { reprice }: RepriceState) {
	const { since, until, model, ids, dry_run: dryRun, show, after } = body;
	if ([since, until, model, ids].every((one) => one === undefined)) {
		throw refuseField(
			"since",
			"say which calls: since or until a day, of a model, or by their ids.",
		);
	}
	const fromMs = since ?? 0;
	const untilMs = until === undefined ? lastMs : until + dayMs;
	if (untilMs <= fromMs) {
		throw refuseField("until", "it must not be before since.");
	}
	const found = await reprice({
		...{ fromMs, untilMs, dryRun, show },
		model: model ?? null,
		ids: ids ?? null,
		after: after ?? null,
	});
	return {
		dry_run: dryRun,
		looked_at: found.looked,
		...toSumRow(found),
		models: [...found.models].map(([name, sums]) => ({
			model: name,
			...toSumRow(sums),
		})),
		kept: found.kept,
		entries: found.shown.map(toChangeRow),
		next: found.next,
	};
}

const toExact = (nanos: bigint) => ({
	spend: toDollars(toNanos(nanos)),
	cost: toDollarText(toNanos(nanos)),
});

const toSumRow = ({ changes, before, after }: Sums) => ({
	changes,
	before: toExact(before),
	after: toExact(after),
	difference: toExact(after - before),
});

const toWorthRow = ({ state, nanos }: Worth) => ({
	cost_state: state,
	cost: nanos === null ? null : toDollarText(nanos),
});

const toChangeRow = ({ entry, correction, cost }: Change) => ({
	request_id: entry.id,
	startTime: toTime(entry.startedMs),
	model: entry.servedModel ?? entry.requestedModel ?? "unknown",
	payer: entry.payer,
	number: correction.number,
	before: toWorthRow(correction.was),
	after: toWorthRow(correction.is),
	difference: toDollarText(
		toNanos(
			(correction.is.nanos ?? noNanos) - (correction.was.nanos ?? noNanos),
		),
	),
	price: cost.price,
});

export const repriceRoutes: readonly ManagedRoute<RepriceState>[] = [
	defineRoute({
		method: "POST",
		path: "/spend/reprice",
		summary: "Price stored calls again, with the prices of now for their day",
		for: "operator",
		body: repriceBody,
		example: { body: { since: "2026-11-01", model: "claude-sonnet-5-5" } },
		answer: answerReprice,
	}),
];
