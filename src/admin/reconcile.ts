/** `GET /spend/reconcile`: the ledger beside what Anthropic reports of the organization. */
import { z } from "zod";
import {
	addTally,
	type DriftCause,
	type DriftRow,
	driftCauses,
	type LedgerTally,
	noLedgerTally,
	noTally,
	type Tally,
	toDrift,
} from "../domain/drift.ts";
import type { Entry } from "../domain/entry.ts";
import { GatewayError } from "../domain/error.ts";
import {
	type Nanos,
	readDecimal,
	toDecimalText,
	toNanos,
} from "../domain/nanos.ts";
import type { Usage } from "../domain/usage.ts";
import { isTrimmed } from "../store/activity.ts";
import { readLedgerParts, toDayText } from "./ledger-parts.ts";
import { text } from "./read-input.ts";
import { type Asked, defineRoute, type ManagedRoute } from "./route.ts";
import type { SpendState } from "./spend.ts";
import { dates, dayMs } from "./spend-span.ts";
import { type ReportAccess, readReports } from "./upstream-reports.ts";

export interface ReconcileState extends SpendState {
	readonly reports: ReportAccess;
	/** What upstream said that a call used; null where the ledger does not have all of it. */
	readonly toStoredUsage: (entry: Entry) => Usage | null;
}

/** The last full ones. */
const usualDays = 7;
/** A quarter: every call of it is looked at. */
const maxDays = 92;
/** A batch that began as many days before may have ended on the first one. */
const daysBefore = 2;

/** Nano-dollars have so many places in cents. */
const centPlaces = 7;
const toCents = (nanos: bigint): string => toDecimalText(nanos, centPlaces);

const reconcileQuery = z.object({
	...dates,
	workspace: text
		.optional()
		.describe("A workspace of the organization, or `default`"),
	tolerance: z
		.string()
		.regex(
			/^\d{1,9}(\.\d{1,7})?$/,
			"must be a number of cents such as 1 or 0.5",
		)
		.default("1")
		.describe("Cents up to which a model's cost of a day agrees"),
	token_tolerance: z
		.string()
		.regex(/^\d{1,12}$/, "must be a whole number")
		.default("0")
		.meta({
			type: "integer",
			minimum: 0,
			maximum: 999_999_999_999,
			pattern: undefined,
			description: "The same for the tokens of each kind",
		}),
});

type Query = z.output<typeof reconcileQuery>;

/** Days since 1970, both part of it. @throws GatewayError `malformed_request` */
function toSpan(query: Query, nowMs: number) {
	const today = Math.floor(nowMs / dayMs);
	const { start_date: start, end_date: end } = query;
	const last = end === undefined ? today - 1 : end / dayMs;
	const first = start === undefined ? last - usualDays + 1 : start / dayMs;
	const refuse = (why: string) => new GatewayError("malformed_request", why);
	if (last > today) {
		throw refuse("end_date: it must not be after today (UTC).");
	}
	if (first > last) {
		throw refuse(
			end === undefined
				? "start_date: without an end_date it must be before today (UTC): yesterday is the last full day."
				: "end_date: it must not be before start_date.",
		);
	}
	if (last - first >= maxDays) {
		throw refuse(
			`start_date and end_date: at most ${maxDays} days can be compared at once.`,
		);
	}
	return { first, last };
}

/** Rejects with GatewayError, or with StoreError. */
/** @throws GatewayError `malformed_request` where the ledger no longer has all of these days */
async function requireKept(
	{ engine, queries }: ReconcileState,
	first: number,
	last: number,
): Promise<void> {
	const days = { fromMs: first * dayMs, untilMs: (last + 1) * dayMs };
	if (!(await isTrimmed(engine, queries, days))) return;
	throw new GatewayError(
		"malformed_request",
		"start_date and end_date: calls of these days were deleted from the ledger by its age or size. Ask for later days.",
	);
}

async function answerReconcile(
	{ query }: Asked<undefined, Query>,
	state: ReconcileState,
) {
	const { first, last } = toSpan(query, state.clock.now());
	const workspace = query.workspace ?? null;
	await requireKept(state, first, last);
	// First: without a key, nothing else needs to be read.
	const upstream = await readReports(state.reports, {
		fromMs: first * dayMs,
		untilMs: (last + 1) * dayMs,
		workspace,
	});
	const ledger = await readLedgerParts(
		{ ...state, catalog: state.catalog() },
		{ first: first - daysBefore, last },
	);
	const days = Array.from({ length: last - first + 1 }, (_, at) =>
		toDayText(first + at),
	);
	const tolerance = {
		nanos: toNanos(readDecimal(query.tolerance, centPlaces) ?? 0n),
		tokens: Number(query.token_tolerance),
	};
	const rows = toDrift(ledger, toNamed(upstream, state), { days, tolerance });
	return toAnswer(rows, { first, last, workspace, tolerance });
}

/** By the catalog's names on both sides. */
const toNamed = (
	parts: Awaited<ReturnType<typeof readReports>>,
	{ catalog }: ReconcileState,
) =>
	parts.map((part) => {
		const atMs = Date.parse(part.day);
		const { price, known } = catalog().find(part.model, atMs);
		return known && price !== null ? { ...part, model: price.model } : part;
	});

interface Compared {
	readonly first: number;
	readonly last: number;
	readonly workspace: string | null;
	readonly tolerance: { readonly nanos: Nanos; readonly tokens: number };
}

/** As it is answered: money in cents, exact, as text. */
function toAnswer(rows: readonly DriftRow[], compared: Compared) {
	const { first, last, workspace, tolerance } = compared;
	return {
		start_date: toDayText(first),
		end_date: toDayText(last),
		workspace,
		ok: rows.every(({ cause }) => !driftCauses[cause].drifts),
		tolerance: {
			cents: toCents(tolerance.nanos),
			tokens: tolerance.tokens,
		},
		total: {
			ledger: toLedgerRow(
				sumUp(
					rows.map(({ ledger }) => ledger),
					noLedgerTally,
				),
			),
			upstream: toTallyRow(
				sumUp(
					rows.map((row) => row.upstream),
					noTally,
				),
			),
			drift: toTallyRow(
				sumUp(
					rows.map(({ drift }) => drift),
					noTally,
				),
			),
		},
		causes: toCauses(rows),
		rows: rows.map(toRow),
	};
}

const toRow = ({ day, model, cause, drift, ledger, upstream }: DriftRow) => ({
	day,
	model,
	cause,
	drifts: driftCauses[cause].drifts,
	drift: toTallyRow(drift),
	ledger: toLedgerRow(ledger),
	upstream: toTallyRow(upstream),
});

const toTallyRow = (tally: Tally) => ({
	cents: toCents(tally.nanos),
	input_tokens: tally.input,
	output_tokens: tally.output,
	cache_write_5m_tokens: tally.cacheWrite5m,
	cache_write_1h_tokens: tally.cacheWrite1h,
	cache_read_tokens: tally.cacheRead,
	web_searches: tally.webSearches,
});

const toLedgerRow = (tally: LedgerTally) => ({
	...toTallyRow(tally),
	calls: tally.calls,
	estimated_calls: tally.estimatedCalls,
	estimated_cents: toCents(tally.estimated),
	partial_calls: tally.partialCalls,
	partial_cents: toCents(tally.partial),
	unpriced_calls: tally.unpricedCalls,
});

function sumUp<T extends Tally>(tallies: readonly T[], nothing: T): T {
	const sum = { ...nothing } as { -readonly [Name in keyof T]: T[Name] };
	for (const tally of tallies) addTally(sum, tally);
	return sum as T;
}

/** Of each that there is, what it is, on how many days and models, and what it comes to. */
function toCauses(rows: readonly DriftRow[]) {
	const names = Object.keys(driftCauses) as DriftCause[];
	const found = names.flatMap((name) => {
		const of = rows.filter(({ cause }) => cause === name);
		if (of.length === 0) return [];
		const nanos = of.reduce((sum, { drift }) => sum + drift.nanos, 0n);
		const { about } = driftCauses[name];
		return [[name, { about, rows: of.length, cents: toCents(nanos) }] as const];
	});
	return Object.fromEntries(found);
}

const day = "2026-11-22";

/** For the API's description: traffic that did not pass here. */
const toExample = () => {
	const upstream = {
		...noTally,
		input: 1_200,
		output: 300,
		nanos: toNanos(5_400_000n),
	};
	const row: DriftRow = {
		day,
		model: "claude-sonnet-5-5",
		cause: "foreign",
		ledger: noLedgerTally,
		upstream,
		drift: upstream,
	};
	const at = Date.parse(day) / dayMs;
	const tolerance = { nanos: toNanos(10_000_000n), tokens: 0 };
	return toAnswer([row], { first: at, last: at, workspace: null, tolerance });
};

export const reconcileRoutes: readonly ManagedRoute<ReconcileState>[] = [
	defineRoute({
		method: "GET",
		path: "/spend/reconcile",
		summary: "The ledger beside Anthropic's own reports, by day and model",
		for: "operator",
		query: reconcileQuery,
		example: {
			query: { start_date: day, end_date: day },
			reply: toExample,
		},
		answer: answerReconcile,
	}),
];
