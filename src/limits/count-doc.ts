/** The counts of a subject as a text, which is all that the database sees of them. */
import { addTo, type Buckets } from "../domain/buckets.ts";
import type { Measure, Span } from "../domain/limit.ts";
import type { CountFormat } from "../domain/shared-counts.ts";
import type { Subject } from "../domain/subject.ts";
import { forever } from "../domain/window.ts";
import type { Period } from "./periods.ts";
import { type Cell, type Stake, toBuckets } from "./shared-cells.ts";

/** All counts of one subject. */
export interface Counts {
	readonly birth: string;
	/** By the names of the limits. */
	readonly cells: Map<string, Cell>;
}

/** Start and end of its window, settled, held; since when calls count, where that is not its start; its state, unless read. */
type PeriodDoc = readonly [
	startMs: number,
	endMs: number,
	settled: string,
	held: string,
	sinceMs?: number | null,
	state?: Period["state"],
];

interface CellDoc {
	readonly measure: Measure;
	readonly model: string | null;
	readonly span: Span;
	/** Null: nobody knows. */
	readonly horizonMs?: number | null;
	readonly saidMs?: number | null;
	readonly recounts?: number;
	readonly periods?: readonly PeriodDoc[];
	/** The number of a bucket and what is in it, the oldest first. */
	readonly buckets?: readonly (readonly [number, number])[];
	readonly running?: number;
}

interface CountsDoc {
	readonly birth: string;
	readonly cells: Readonly<Record<string, CellDoc>>;
}

export const countFormat: CountFormat<Counts> = {
	empty: (birth) => ({ birth, cells: new Map() }),
	read: (text) => {
		const { birth, cells } = JSON.parse(text) as CountsDoc;
		const read = Object.entries(cells).map(
			([name, doc]) => [name, readCell(doc)] as const,
		);
		return { birth, cells: new Map(read) };
	},
	write: ({ birth, cells }) => {
		const kept = [...cells].filter(([, cell]) => !isNothing(cell));
		const docs = kept.map(([name, cell]) => [name, toCellDoc(cell)] as const);
		const doc: CountsDoc = { birth, cells: Object.fromEntries(docs) };
		const untilMs = Math.max(0, ...kept.map(([, cell]) => toUntilMs(cell)));
		return { text: JSON.stringify(doc), untilMs };
	},
};

/** A budget is never nothing: it would have to be read again. */
const isNothing = ({ measure, buckets, running }: Cell): boolean =>
	measure !== "nanos" && running === 0 && (buckets?.sum ?? 0) === 0;

/** What it says of calls that have ended, the ledger says too. */
function toUntilMs({ periods, buckets, running }: Cell): number {
	if (buckets !== null) {
		return (buckets.newest + buckets.amounts.length) * buckets.bucketMs;
	}
	if (running > 0 || periods.some(({ balance }) => balance.held > 0n)) {
		return forever.endMs;
	}
	return Math.max(0, ...periods.map(({ window }) => window.endMs));
}

function toCellDoc(cell: Cell): CellDoc {
	const { measure, model, span, periods, buckets, running } = cell;
	const { horizonMs, saidMs } = cell;
	const recounts = cell.recounts || undefined;
	const of = { measure, model, span };
	if (measure === "concurrent") return { ...of, running };
	if (buckets !== null) return { ...of, buckets: listBuckets(buckets) };
	const money = { horizonMs, saidMs, recounts };
	return { ...of, ...money, periods: periods.map(toPeriodDoc) };
}

/** Written with every call: what nearly all have in common is left out. */
function toPeriodDoc({ window, balance, sinceMs, state }: Period): PeriodDoc {
	const { startMs, endMs } = window;
	const { settled, held } = balance;
	const plain = [startMs, endMs, String(settled), String(held)] as const;
	const since = sinceMs === startMs ? null : sinceMs;
	if (state !== "read") return [...plain, since, state];
	return since === null ? plain : [...plain, since];
}

const readPeriod = ([
	startMs,
	endMs,
	settled,
	held,
	sinceMs = null,
	state = "read",
]: PeriodDoc): Period => ({
	window: { startMs, endMs },
	sinceMs: sinceMs ?? startMs,
	balance: { settled: BigInt(settled), held: BigInt(held) },
	state,
});

function listBuckets({ amounts, newest }: Buckets): [number, number][] {
	const listed: [number, number][] = [];
	for (let at = newest - amounts.length + 1; at <= newest; at++) {
		const amount = amounts[at % amounts.length] ?? 0;
		if (amount !== 0) listed.push([at, amount]);
	}
	return listed;
}

function readCell(doc: CellDoc): Cell {
	const { measure, model, span, running = 0 } = doc;
	const { saidMs = null, recounts = 0 } = doc;
	const horizonMs = doc.horizonMs ?? Number.POSITIVE_INFINITY;
	const buckets = toBuckets(measure, span);
	for (const [at, amount] of doc.buckets ?? []) {
		if (buckets) addTo(buckets, amount, at * buckets.bucketMs);
	}
	const periods = (doc.periods ?? []).map(readPeriod);
	const of = { measure, model, span, horizonMs, saidMs, recounts };
	return { ...of, periods, buckets, running };
}

/** What a call has taken of one limit, wherever it is counted. */
export interface SharedStake extends Stake {
	readonly subject: Subject;
	/** Of the limit. */
	readonly name: string;
	/** Of the counts it was taken of; others of that subject owe it nothing. */
	readonly birth: string;
}

export const writeStakes = (stakes: readonly SharedStake[]): string =>
	JSON.stringify(
		stakes.map((stake) => ({ ...stake, amount: String(stake.amount) })),
	);

export const readStakes = (text: string): readonly SharedStake[] =>
	(JSON.parse(text) as (SharedStake & { readonly amount: string })[]).map(
		(stake) => ({ ...stake, amount: BigInt(stake.amount) }),
	);
