/**
 * Prices stored Entries again with the prices in force now for their day, and writes the differences as rows of their own.
 * A page at a time and for some seconds at the most: who asks goes on where an answer ends.
 */
import { GatewayError } from "../../domain/error.ts";
import { toMemberId } from "../../domain/people.ts";
import { type Subject, toSubjectName } from "../../domain/subject.ts";
import { allowsModel } from "../../domain/virtual-key.ts";
import type { Catalog } from "../../pricing/catalog.ts";
import {
	type Charged,
	type ChargedPage,
	readChargedByIds,
	readChargedPage,
	readItems,
	readSumModels,
} from "../../store/charged.ts";
import { type Engine, StoreError } from "../../store/engine.ts";
import type { StoredEntry } from "../../store/entry-row.ts";
import type { Queries } from "../../store/queries.ts";
import { chargeBatchAgain } from "../batches/charge-again.ts";
import type { Gateway } from "../pipeline.ts";
import { chargeAgain } from "../recharge.ts";
import { type Change, judge, toCorrectionEntry } from "./correct.ts";
import { openReport, type RepriceReport } from "./report.ts";
import {
	type FoundNames,
	findSumNames,
	type ReadSumModels,
} from "./sum-names.ts";

export interface RepriceAsked {
	/** Of their starts: the first moment, and the first that no longer counts. */
	readonly fromMs: number;
	readonly untilMs: number;
	/** A name or a pattern; null: whatever served. */
	readonly model: string | null;
	/** Of single Entries; null: all. */
	readonly ids: readonly string[] | null;
	/** `next` of the answer before; null: from the beginning. */
	readonly after: string | null;
	/** Nothing is written. */
	readonly dryRun: boolean;
	/** Changes that are told one by one. */
	readonly show: number;
}

/** Rejects with StoreError, or with GatewayError `busy` while another one runs. What was written by then stays. */
export type Reprice = (asked: RepriceAsked) => Promise<RepriceReport>;

type Parts = Pick<Gateway, "ledger" | "totals" | "catalog" | "clock"> & {
	readonly counter: Pick<Gateway["counter"], "recount">;
	readonly engine: Engine;
	readonly queries: Queries;
	/** How long one answer may take. */
	readonly withinMs?: number;
};

const usualWithinMs = 5_000;
/** Rows that are looked at together: some milliseconds. */
const pageRows = 200;
/** After so many others may do something. */
const atOnce = 25;

export function openReprice(parts: Parts): Reprice {
	let isRunning = false;
	return async (asked) => {
		if (isRunning) {
			throw new GatewayError(
				"busy",
				"Another repricing is under way on this gateway. Try again in a moment.",
			);
		}
		isRunning = true;
		try {
			return await reprice(asked, parts);
		} finally {
			isRunning = false;
		}
	};
}

async function reprice(
	asked: RepriceAsked,
	parts: Parts,
): Promise<RepriceReport> {
	const { clock, ledger, withinMs = usualWithinMs } = parts;
	const untilMs = clock.monotonic() + withinMs;
	const run: Run = {
		...parts,
		asked,
		prices: parts.catalog(),
		report: openReport(asked.show),
		readModels: openSumModels(parts),
	};
	// What has ended by now is looked at too.
	await ledger.flush();
	let { after } = asked;
	for (;;) {
		const { charged, next } = await readPage({ ...asked, after }, parts);
		await doPage(charged, run);
		if (next === null || clock.monotonic() >= untilMs) {
			return run.report.end(next);
		}
		after = next;
	}
}

interface Run extends Parts {
	readonly asked: RepriceAsked;
	/** One list for the whole answer, whatever changes meanwhile. */
	readonly prices: Catalog;
	readonly report: ReturnType<typeof openReport>;
	readonly readModels: ReadSumModels;
}

async function readPage(
	{ ids, fromMs, untilMs, after }: RepriceAsked,
	{ engine, queries }: Parts,
): Promise<ChargedPage> {
	if (ids === null) {
		const asked = { fromMs, untilMs, after, count: pageRows };
		return readChargedPage(engine, queries, asked);
	}
	const charged = await readChargedByIds(engine, queries, [...new Set(ids)]);
	return { charged: charged.filter(isWithin), next: null };

	function isWithin({ entry: { startedMs } }: Charged): boolean {
		return startedMs >= fromMs && startedMs < untilMs;
	}
}

async function doPage(page: readonly Charged[], run: Run): Promise<void> {
	const { asked, prices, report } = run;
	const changes: Change[] = [];
	/** A process that was stopped between the ledger and the counts left these as they were. */
	const corrected: StoredEntry[] = [];
	for (const [at, charged] of page.entries()) {
		if (at % atOnce === atOnce - 1) await new Promise(setImmediate);
		const { entry, corrections } = charged;
		if (asked.model !== null && !isOf(asked.model, entry, prices)) continue;
		report.look();
		const { change, why } = judge(charged, await chargeOne(entry, run));
		if (why !== undefined) report.keep(why);
		else if (change !== null) changes.push(change);
		if (corrections.length > 0) corrected.push(...corrections);
	}
	if (asked.dryRun) changes.forEach(report.change);
	else await write(changes, corrected, run);
}

async function chargeOne(entry: StoredEntry, run: Run) {
	const { engine, queries, prices } = run;
	if (entry.kind === "session") return { why: "session" } as const;
	if (entry.kind === "call") return chargeAgain(entry, prices);
	return chargeBatchAgain(entry, prices, (of) =>
		readItems(engine, queries, of),
	);
}

/** Rows first, then the counts, which ask the ledger again. Rejects with StoreError. */
async function write(
	changes: readonly Change[],
	corrected: readonly StoredEntry[],
	run: Run,
): Promise<void> {
	const { ledger, counter, totals, prices, report } = run;
	const subjects = new Map<string, Subject>();
	const touch = (one: Parameters<typeof toSubjects>[0]) => {
		for (const subject of toSubjects(one)) {
			subjects.set(toSubjectName(subject), subject);
		}
	};
	for (const correction of corrected) touch(correction);
	const correct = async (change: Change) => {
		const names = await findSumNames(change.entry, prices, run.readModels);
		const entry = toCorrectionEntry(change, names, prices.version);
		touch(entry);
		const isOurs = await record(entry, names, ledger);
		if (isOurs) totals.add(entry);
		return isOurs;
	};
	const ends = await Promise.allSettled(changes.map(correct));
	try {
		// Before the next page: the journal is there for calls.
		if (changes.length > 0) await ledger.flush();
	} finally {
		await counter.recount([...subjects.values()]);
	}
	for (const [at, end] of ends.entries()) {
		if (end.status === "rejected") throw end.reason;
		const change = changes[at];
		if (end.value && change !== undefined) report.change(change);
	}
}

/** False: another process was quicker. Rejects with StoreError. */
async function record(
	entry: ReturnType<typeof toCorrectionEntry>,
	{ model, endUser }: FoundNames,
	ledger: Gateway["ledger"],
): Promise<boolean> {
	try {
		await ledger.settle(entry, model, endUser);
		return true;
	} catch (error) {
		if (error instanceof StoreError && error.fault === "conflict") return false;
		throw error;
	}
}

/** Whose budgets it may count in. */
function toSubjects(
	entry: Pick<
		StoredEntry,
		"payer" | "keyId" | "userId" | "teamId" | "endUser" | "tags"
	>,
): readonly Subject[] {
	const { payer, keyId, userId, teamId, endUser, tags } = entry;
	if (payer !== "operator") return [];
	const one = (kind: Subject["kind"], id: string | null): Subject[] =>
		id === null ? [] : [{ kind, id }];
	const member =
		teamId === null || userId === null ? null : toMemberId(teamId, userId);
	return [
		{ kind: "global", id: "" },
		...one("key", keyId),
		...one("user", userId),
		...one("team", teamId),
		...one("member", member),
		...one("customer", endUser),
		...tags.flatMap((tag) => one("tag", tag)),
	];
}

/** By its name, a pattern, or another name of the same model. */
function isOf(
	pattern: string,
	{ servedModel, requestedModel, startedMs }: StoredEntry,
	catalog: Catalog,
): boolean {
	const name = servedModel ?? requestedModel;
	if (name === null) return false;
	if (allowsModel([pattern], name)) return true;
	const [asked, own] = [pattern, name].map((one) =>
		catalog.find(one, startedMs),
	);
	if (!asked?.known || !own?.known) return false;
	return asked.price?.model === own.price?.model;
}

/** Answers of one repricing are few: hours, times names that are asked for. */
const maxRemembered = 10_000;

function openSumModels({ engine, queries }: Parts): ReadSumModels {
	const known = new Map<string, Promise<readonly string[]>>();
	return (of) => {
		const hour = Math.floor(of.atMs / 3_600_000);
		const name = `${hour}\n${of.dimension}\n${of.id}`;
		const found = known.get(name) ?? readSumModels(engine, queries, of);
		if (known.size >= maxRemembered) known.clear();
		known.set(name, found);
		return found;
	};
}
