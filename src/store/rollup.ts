import { readCorrection } from "../domain/correction.ts";
import type { Entry } from "../domain/entry.ts";
import { maxCallNanos } from "../domain/nanos.ts";
import { toMemberId } from "../domain/people.ts";
import type { SqlValue } from "../platform/contract.ts";
import type { Brought, ToName } from "./rollup-names.ts";

type ToIds = (summed: Summed, toName: ToName) => readonly string[];

/** By what the ledger is summed. A new dimension is a new row here. */
const dimensions: readonly (readonly [name: string, toIds: ToIds])[] = [
	["global", () => everything],
	["key", ({ entry }) => toList(entry.keyId)],
	["user", ({ entry }) => toList(entry.userId)],
	["team", ({ entry }) => toList(entry.teamId)],
	[
		"member",
		({ entry: { teamId, userId } }) =>
			teamId === null || userId === null
				? nothing
				: [toMemberId(teamId, userId)],
	],
	[
		"customer",
		({ entry, endUser }, toName) =>
			entry.endUser === null
				? nothing
				: [endUser ?? toName("customer", entry.endUser, entry)],
	],
	[
		"tag",
		({ entry }, toName) =>
			entry.tags.length === 0
				? nothing
				: // Two that have no name of their own are one.
					[...new Set(entry.tags.map((tag) => toName("tag", tag, entry)))],
	],
];

const everything: readonly string[] = [""];
const nothing: readonly string[] = [];
const toList = (id: string | null) => (id === null ? nothing : [id]);

const hourMs = 3_600_000;

/** One row of the table `rollups`, or what is added to one. */
interface Sum {
	readonly hour: number;
	readonly dimension: string;
	readonly id: string;
	readonly model: string;
	calls: number;
	failures: number;
	input: number;
	output: number;
	cacheWrite5m: number;
	cacheWrite1h: number;
	cacheRead: number;
	webSearches: number;
	cost: bigint;
	estimated: bigint;
	unpriced: number;
}

export interface Summed {
	readonly entry: Entry;
	/** The model's name in the catalog; `other` for one that it does not know, because clients can invent names. */
	readonly model: string;
	/** The name that its end user was given when it began; null: none yet. */
	readonly endUser?: string | null;
}

/**
 * What a group of Entries adds to the sums, one row for each that changes: calls of one moment mostly belong to the same
 * few subjects. Only what the operator pays is money here; everybody's tokens count.
 */
export function toRollups(
	group: readonly Summed[],
	toName: ToName,
): SqlValue[][] {
	const sums = new Map<string, Sum>();
	for (const summed of group) {
		const { entry, model } = summed;
		const hour = Math.floor(entry.startedMs / hourMs);
		const name = entry.kind === "correction" ? asItSays : toName;
		for (const [dimension, toIds] of dimensions) {
			for (const id of toIds(summed, name)) {
				const key = `${hour}\n${dimension}\n${id}\n${model}`;
				let sum = sums.get(key);
				if (sum === undefined) {
					sum = { ...zero, hour, dimension, id, model };
					sums.set(key, sum);
				}
				add(sum, entry);
			}
		}
	}
	// Always in one order: two processes that lock the same rows in two orders would wait for each other.
	return [...sums].sort(byKey).map(([, sum]) => toColumns(sum));
}

/** A correction has the names under which its Entry was summed. */
const asItSays: ToName = (_dimension, id) => id;

const byKey = ([a]: [string, Sum], [b]: [string, Sum]): number =>
	a < b ? -1 : 1;

const zero = {
	calls: 0,
	failures: 0,
	input: 0,
	output: 0,
	cacheWrite5m: 0,
	cacheWrite1h: 0,
	cacheRead: 0,
	webSearches: 0,
	cost: 0n,
	estimated: 0n,
	unpriced: 0,
};

function add(sum: Sum, entry: Entry): void {
	// A correction changes what a call cost, not how many there were.
	if (entry.kind !== "correction") {
		sum.calls += 1;
		if (entry.status < 200 || entry.status >= 400) sum.failures += 1;
	}
	sum.input += entry.input;
	sum.output += entry.output;
	sum.cacheWrite5m += entry.cacheWrite5m;
	sum.cacheWrite1h += entry.cacheWrite1h;
	sum.cacheRead += entry.cacheRead;
	sum.webSearches += entry.webSearches;
	if (entry.payer !== "operator") return;
	if (entry.kind === "correction") addCorrection(sum, entry);
	else {
		if (entry.cost === null) sum.unpriced += 1;
		else sum.cost += entry.cost;
		if (entry.state === "estimated") sum.estimated += entry.cost ?? 0n;
	}
}

/** What was an estimate, or had no price, may be none any more. */
function addCorrection(sum: Sum, entry: Entry): void {
	sum.cost += entry.cost ?? 0n;
	const said = readCorrection(entry);
	if (said === null) return;
	const { was, is } = said;
	if (was.state === "estimated") sum.estimated -= was.nanos ?? 0n;
	if (is.state === "estimated") sum.estimated += is.nanos ?? 0n;
	if (was.state === "unpriced") sum.unpriced -= 1;
}

/** What Entries come to by hour, all subjects together: what of the sums is theirs when they are gone. */
export function toTrimmed(entries: readonly Entry[]) {
	const sums = new Map<number, Sum & { entries: number }>();
	for (const entry of entries) {
		const hour = Math.floor(entry.startedMs / hourMs);
		let sum = sums.get(hour);
		if (sum === undefined) {
			sum = { ...zero, entries: 0, hour, dimension: "", id: "", model: "" };
			sums.set(hour, sum);
		}
		sum.entries += 1;
		add(sum, entry);
	}
	return [...sums.values()].map(({ cost, estimated, ...sum }) => ({
		...sum,
		cost: toColumn(cost),
		estimated: toColumn(estimated),
	}));
}

const hoursPerDay = 24;

/** Of no money: how many new names a key has brought in a day, in the day's first hour. */
export const newcomers = "newcomers";

export const toNewcomers = (brought: readonly Brought[]): SqlValue[][] =>
	brought
		.map(({ day, keyId, count }) => ({
			...zero,
			hour: day * hoursPerDay,
			dimension: newcomers,
			id: keyId,
			model: "",
			calls: count,
		}))
		.sort((a, b) => (a.id < b.id ? -1 : 1))
		.map(toColumns);

/** A sum may be more than a number can hold; both engines take digits for a whole number. */
const toColumn = (nanos: bigint): SqlValue =>
	nanos <= maxCallNanos && nanos >= -maxCallNanos
		? Number(nanos)
		: String(nanos);

const toColumns = (sum: Sum): SqlValue[] => [
	sum.hour,
	sum.dimension,
	sum.id,
	sum.model,
	sum.calls,
	sum.failures,
	sum.input,
	sum.output,
	sum.cacheWrite5m,
	sum.cacheWrite1h,
	sum.cacheRead,
	sum.webSearches,
	toColumn(sum.cost),
	toColumn(sum.estimated),
	sum.unpriced,
];
