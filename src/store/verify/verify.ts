/** Verifies a ledger against itself: from one moment's sums back to every Entry up to that moment, in bounded memory. */
import type { Clock, SqlValue } from "../../platform/contract.ts";
import { firstLink, type Link } from "../chain.ts";
import type { StoredEntry } from "../entry-row.ts";
import { toStoredEntry } from "../entry-row.ts";
import { toNameHash } from "../reference-pack.ts";
import { newcomers, type Summed, toRollups } from "../rollup.ts";
import type { AuditDatabase, Read } from "./audit-database.ts";
import type { AuditQueries } from "./audit-queries.ts";
import { openChainCheck } from "./check-chain.ts";
import { checkCorrection } from "./check-correction.ts";
import { checkEntry, type PriceCheck } from "./check-entry.ts";
import { openReferenceCheck, type Run } from "./check-references.ts";
import { checkSums } from "./check-sums.ts";
import type { Findings } from "./findings.ts";
import type { Scratch } from "./scratch.ts";

export interface VerifyOptions {
	readonly database: AuditDatabase;
	readonly queries: AuditQueries;
	readonly scratch: Scratch;
	readonly prices: PriceCheck;
	/** As the sums name a call's model. */
	readonly toSumModel: (entry: StoredEntry) => string;
	readonly findings: Findings;
	readonly clock: Clock;
	/** How many Entries are done, of how many. */
	readonly onProgress: (done: number, all: number) => void;
}

export interface Verified {
	readonly writers: number;
	readonly entries: number;
	readonly sums: number;
	/** Costs that were computed again from the stored usage. */
	readonly recomputed: number;
	/** Holds of calls that run at this moment. */
	readonly held: number;
}

const pageEntries = 4_096;
const pageSums = 10_000;
const pageHolds = 10_000;

interface Tail {
	readonly writer: number;
	/** Where its chain begins. */
	readonly start: Link;
	readonly first: number;
	readonly last: number;
	readonly runs: readonly Run[];
}

interface State extends VerifyOptions {
	done: number;
	recomputed: number;
	readonly all: number;
	/** Whether Entries were deleted. */
	readonly isTrimmed: boolean;
}

/** Rejects with StoreError. */
export async function verify(options: VerifyOptions): Promise<Verified> {
	const { database, scratch, findings } = options;
	scratch.begin();
	const start = await database.snapshot(async (read) => ({
		tails: await readTails(read, options),
		trimmed: await readTrimmed(read, options),
		sums: await readSums(read, options),
		held: await checkHolds(read, options),
	}));
	const all = start.tails.reduce(
		(sum, { last, start: { seq } }) => sum + Math.max(0, last - seq),
		0,
	);
	const isTrimmed = start.trimmed.size > 0;
	const state: State = { ...options, done: 0, recomputed: 0, all, isTrimmed };
	for (const tail of start.tails) await checkWriter(tail, state);
	scratch.end();
	await checkTwice(state);
	checkSums(scratch, findings, start.trimmed);
	if (database.kind === "sqlite") await checkFile(database.read, findings);
	const { done: entries, recomputed } = state;
	const { held, sums } = start;
	return { writers: start.tails.length, entries, sums, recomputed, held };
}

async function readTails(
	read: Read,
	{ queries, findings }: VerifyOptions,
): Promise<Tail[]> {
	const writers = new Set(
		(await read(queries.writers({}))).map(([writer]) => Number(writer)),
	);
	const runs = Map.groupBy(
		(await read(queries.runs({}))).map((row) => row.map(Number)),
		([writer]) => writer ?? 0,
	);
	const ends = await read(queries.ends({}));
	const starts = await readStarts(read, { queries, findings }, ends);
	return ends.map((row) => {
		const [writer = 0, first = 0, last = 0] = row.map(Number);
		if (!writers.has(writer)) {
			const detail = `Writer ${writer} has Entries and is not in the table of writers.`;
			findings.add("place", { writer, seq: first, detail });
		}
		const own = (runs.get(writer) ?? []).map(([, since = 0, until = 0]) => ({
			since,
			until,
		}));
		const start = starts.get(writer) ?? firstLink;
		return { writer, start, first, last, runs: own };
	});
}

/** Where trimmed chains begin. Their last Entry is never deleted. */
async function readStarts(
	read: Read,
	{ queries, findings }: Pick<VerifyOptions, "queries" | "findings">,
	ends: readonly (readonly SqlValue[])[],
): Promise<ReadonlyMap<number, Link>> {
	const starts = new Map<number, Link>();
	const present = new Set(ends.map(([writer]) => Number(writer)));
	for (const [id, seq, hash] of await read(queries.checkpoints({}))) {
		const writer = Number(id);
		starts.set(writer, { seq: Number(seq), hash: String(hash) });
		if (present.has(writer)) continue;
		const detail = `Writer ${writer} has a checkpoint at ${seq} and no Entry behind it.`;
		findings.add("checkpoint", { writer, seq: Number(seq), detail });
	}
	return starts;
}

/** By hour, in the order of `sumColumns`. */
async function readTrimmed(
	read: Read,
	{ queries, findings }: VerifyOptions,
): Promise<ReadonlyMap<number, readonly bigint[]>> {
	const rows = await read(queries.trimmed({}));
	const starts = await read(queries.checkpoints({}));
	const deleted = starts.reduce((sum, [, seq]) => sum + Number(seq), 0);
	const counted = rows.reduce((sum, [, entries]) => sum + Number(entries), 0);
	if (deleted !== counted) {
		const detail = `By the checkpoints ${deleted} Entries were deleted, by their sums ${counted}.`;
		findings.add("checkpoint", { detail });
	}
	return new Map(
		rows.map(([hour, , ...sums]) => [
			Number(hour),
			sums.map((sum) => BigInt(sum ?? 0)),
		]),
	);
}

async function readSums(
	read: Read,
	{ queries, scratch }: VerifyOptions,
): Promise<number> {
	let after: readonly SqlValue[] = [Number.MIN_SAFE_INTEGER, "", "", ""];
	let count = 0;
	for (;;) {
		const [hour = 0, dimension = "", id = "", model = ""] = after;
		const rows = await read(
			queries.sums({ hour, dimension, id, model, count: pageSums }),
		);
		// Who was new on a day is counted, not summed: no Entry says it.
		const sums = rows.filter(([, dimension]) => dimension !== newcomers);
		scratch.store(sums);
		count += sums.length;
		if (rows.length < pageSums) return count;
		after = rows.at(-1) ?? after;
	}
}

/** I-07: how many belong to calls that run; the others are told. */
async function checkHolds(
	read: Read,
	{ queries, findings, clock }: VerifyOptions,
): Promise<number> {
	let after = "";
	let running = 0;
	for (;;) {
		const rows = await read(queries.holds({ after, count: pageHolds }));
		for (const [id, writer, nanos, lease] of rows) {
			const place = { id: String(id), writer: Number(writer) };
			if (Number(nanos) < 0) {
				const detail = `${nanos} nano-dollars are reserved.`;
				findings.add("hold", { ...place, detail });
			}
			if (lease !== null && Number(lease) >= clock.now()) running += 1;
			else {
				const detail = `${nanos} nano-dollars are reserved by a process that has ended.`;
				findings.add("hold_left", { ...place, detail });
			}
		}
		if (rows.length < pageHolds) return running;
		after = String(rows.at(-1)?.[0]);
	}
}

async function checkWriter(tail: Tail, state: State): Promise<void> {
	const { database, queries, findings, onProgress, all } = state;
	const { read } = database;
	const { writer, last: until } = tail;
	const chain = openChainCheck(writer, findings, tail.start);
	const trimmed = tail.start.seq;
	const options = { ...tail, trimmed, read, queries, findings };
	const references = openReferenceCheck(options);
	let after = tail.first - 1;
	for (;;) {
		const rows = await read(
			queries.entries({ writer, after, until, count: pageEntries }),
		);
		const entries: StoredEntry[] = [];
		for (const row of rows) {
			chain.row(row);
			const entry = readEntry(row, findings);
			if (entry === null) continue;
			entries.push(entry);
			await checkOne(entry, state);
			await references.entry(entry);
		}
		addSums(entries, state);
		state.done += rows.length;
		onProgress(state.done, all);
		if (rows.length < pageEntries) break;
		after = Number(rows.at(-1)?.[1]);
	}
	chain.end(until);
	await references.end();
}

function readEntry(
	row: readonly SqlValue[],
	findings: Findings,
): StoredEntry | null {
	try {
		return toStoredEntry(row);
	} catch (error) {
		if (!(error instanceof SyntaxError || error instanceof RangeError)) {
			throw error;
		}
		findings.add("unreadable", {
			writer: Number(row[0]),
			seq: Number(row[1]),
			id: String(row[2]),
			detail: `A column holds what cannot stand there (${error.message}).`,
		});
		return null;
	}
}

async function checkOne(entry: StoredEntry, state: State): Promise<void> {
	const { scratch, findings, prices } = state;
	const { writer, seq, id, upstreamRequestId: request } = entry;
	if (checkEntry(entry, prices, findings)) state.recomputed += 1;
	scratch.name(toNameHash("corrected", id), writer, seq);
	if (request !== null && entry.kind === "call") {
		scratch.name(toNameHash("request", request), writer, seq);
	}
	await checkCorrection(entry, state);
}

/** Every tag and customer by its own name: check-sums.ts knows of `other`. */
function addSums(
	entries: readonly StoredEntry[],
	{ scratch, toSumModel, prices }: State,
): void {
	const summed: Summed[] = entries.map((entry) => ({
		entry,
		model: toSumModel(entry),
	}));
	const ofOtherTimes = summed.filter(
		({ entry }) => entry.catalog !== prices.catalog,
	);
	const toName = (_: string, id: string) => id;
	scratch.want(toRollups(summed, toName), toRollups(ofOtherTimes, toName));
}

/** I-02: a call is on the ledger once, and so is upstream's answer. */
async function checkTwice({ scratch, database, queries, findings }: State) {
	for (const places of scratch.sameNames()) {
		const seen = new Map<string, string>();
		for (const [writer, seq] of places) {
			const [row] = await database.read(queries.namesAt({ writer, seq }));
			const names = [
				["twice", row?.[0]],
				["request_twice", row?.[1]],
			] as const;
			for (const [kind, name] of names) {
				if (typeof name !== "string") continue;
				const place = `${writer}:${seq}`;
				const before = seen.get(`${kind}${name}`);
				seen.set(`${kind}${name}`, place);
				if (before === undefined || before === place) continue;
				const detail = `${name} stands at ${before} (writer:number), too.`;
				findings.add(kind, { writer, seq, id: String(row?.[0]), detail });
			}
		}
	}
}

const pragmaRows = 100;

/** SQLite's own look at every page. */
async function checkFile(read: Read, findings: Findings): Promise<void> {
	const sql = `PRAGMA quick_check(${pragmaRows})`;
	for (const [told] of await read({ sql, values: [] })) {
		if (told !== "ok") findings.add("file", { detail: `SQLite: ${told}.` });
	}
}
