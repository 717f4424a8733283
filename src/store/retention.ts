/**
 * Deletes the oldest Entries: the beginning of each writer's chain, in slices so small that no call notices. The chain goes on
 * from a checkpoint; the sums stay, and what of them is deleted Entries' is kept by the hour.
 */
import type { Clock } from "../platform/contract.ts";
import { type Engine, type Statement, StoreError } from "./engine.ts";
import { type StoredEntry, toStoredEntry } from "./entry-row.ts";
import type { Queries } from "./queries.ts";
import { toTrimmed } from "./rollup.ts";
import { readUsedBytes } from "./used-bytes.ts";

export interface RetentionOptions {
	readonly engine: Engine;
	readonly queries: Pick<Queries, "retention">;
	readonly clock: Clock;
	readonly newId: () => string;
	/** Entries that are older go; null: whatever their age. */
	readonly maxAgeMs: number | null;
	/** While the database uses more, the oldest go; null: whatever it uses. */
	readonly maxBytes: number | null;
	/** What began from then on is needed: by windows of budgets and by reports. Neither age nor size takes it. */
	readonly neededSinceMs: () => Promise<number>;
	/** So long after it could be deleted, an Entry waits for exporters. */
	readonly graceMs: number;
	/** Between two slices, that calls come in between. */
	readonly pauseMs: number;
	readonly signal: AbortSignal;
}

export interface Trimmed {
	readonly entries: number;
	/** Of them, those that an exporter had not delivered: counted for each exporter. */
	readonly missed: number;
	/** It uses more than it may, and nothing more may be deleted. */
	readonly isOverSize: boolean;
}

/** Entries of one transaction. */
export const sliceEntries = 128;
/** Of one transaction; SQLite gives pages back to the disk. */
const freedPages = 64;
const leaseName = "retention";
/** Longer than a slice and its pause can take. */
const leaseMs = 60_000;

interface Tail {
	readonly writer: number;
	readonly last: number;
	/** Entries up to here have references, so no run of those is ever begun anew. */
	readonly indexed: number;
	seq: number;
	/** Of its oldest Entry. */
	startedMs: number;
}

interface Bounds {
	/** What began before may go. */
	readonly untilMs: number;
	/** What began before is waited for by no exporter any more. */
	readonly graceMs: number;
	/** exporter → writer → seq. */
	readonly cursors: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

/** All that is due. Null: another process does it. Rejects with StoreError; what was done until then is done. */
export async function trim(options: RetentionOptions): Promise<Trimmed | null> {
	const by = options.newId();
	if (!(await hold(options, by))) return null;
	try {
		return await trimHeld(options, by);
	} finally {
		const { engine, queries } = options;
		const release = queries.retention.release({ name: leaseName, by });
		// It ends by itself.
		await engine.commit([release], false).catch(() => {});
	}
}

/** Takes or renews the lease; false: another process has it. */
async function hold(
	{ engine, queries: { retention }, clock }: RetentionOptions,
	by: string,
): Promise<boolean> {
	const now = clock.now();
	const claim = { name: leaseName, by, now, until: now + leaseMs };
	await engine.commit([retention.claim(claim)], false);
	const rows = await engine.readInOrder(retention.lease({ name: leaseName }));
	return rows[0]?.[0] === by;
}

async function trimHeld(
	options: RetentionOptions,
	by: string,
): Promise<Trimmed> {
	const { engine, maxAgeMs, maxBytes, clock, pauseMs, signal } = options;
	const nowMs = clock.now();
	const neededMs = await toNeededMs(options);
	const ageMs = maxAgeMs === null ? Number.NEGATIVE_INFINITY : nowMs - maxAgeMs;
	const done = { entries: 0, missed: 0 };
	const tails = await readTails(options);
	const cursors = await readCursors(options);
	let isOverSize = false;
	while (!signal.aborted) {
		isOverSize = maxBytes !== null && (await readUsedBytes(engine)) > maxBytes;
		const untilMs = isOverSize ? neededMs : Math.min(ageMs, neededMs);
		const graceMs = untilMs - options.graceMs;
		const tail = findOldest(tails, { untilMs, graceMs, cursors });
		if (tail === null) break;
		const slice = await trimSlice(tail, { untilMs, graceMs, cursors }, options);
		done.entries += slice.entries;
		done.missed += slice.missed;
		if (slice.entries === 0) tails.splice(tails.indexOf(tail), 1);
		await freePages(engine);
		await pause(pauseMs, signal);
		if (!(await hold(options, by))) break;
	}
	return { ...done, isOverSize };
}

/** Open holds and batches may still look for their Entries. */
async function toNeededMs({
	engine,
	queries: { retention },
	neededSinceMs,
}: RetentionOptions): Promise<number> {
	const [row = []] = await engine.readInOrder(retention.oldestOpen({}));
	const open = row.flatMap((value) => (value === null ? [] : Number(value)));
	return Math.min(await neededSinceMs(), ...open);
}

async function readTails(options: RetentionOptions): Promise<Tail[]> {
	const { engine, queries } = options;
	const rows = await engine.readInOrder(queries.retention.tails({}));
	const tails = rows.map(([writer, seq, , last, indexed]) => ({
		writer: Number(writer),
		last: Number(last ?? 0),
		indexed: Number(indexed ?? 0),
		seq: Number(seq ?? 0),
		startedMs: Number.POSITIVE_INFINITY,
	}));
	for (const tail of tails) await readStart(tail, options);
	return tails;
}

async function readStart(
	tail: Tail,
	{ engine, queries }: RetentionOptions,
): Promise<void> {
	const { writer, seq: after } = tail;
	const query = queries.retention.startAfter({ writer, after });
	const [row] = await engine.readInOrder(query);
	tail.startedMs = Number(row?.[0] ?? Number.POSITIVE_INFINITY);
}

async function readCursors({ engine, queries }: RetentionOptions) {
	const cursors = new Map<string, Map<number, number>>();
	for (const row of await engine.readInOrder(queries.retention.cursors({}))) {
		const exporter = String(row[0]);
		const own = cursors.get(exporter) ?? new Map<number, number>();
		cursors.set(exporter, own.set(Number(row[1]), Number(row[2])));
	}
	return cursors;
}

/** The last one of a writer stays: the next goes on from it. */
const toLastSeq = ({ last, indexed }: Tail): number =>
	Math.min(last - 1, indexed);

/** How far all exporters are. */
const toDelivered = ({ writer }: Tail, { cursors }: Bounds): number =>
	Math.min(
		Number.POSITIVE_INFINITY,
		...[...cursors.values()].map((own) => own.get(writer) ?? 0),
	);

function findOldest(tails: readonly Tail[], bounds: Bounds): Tail | null {
	const due = tails.filter(
		(tail) =>
			tail.seq < toLastSeq(tail) && mayGo(tail.seq + 1, tail, bounds, tail),
	);
	due.sort((a, b) => a.startedMs - b.startedMs);
	return due[0] ?? null;
}

const mayGo = (
	seq: number,
	{ startedMs }: { readonly startedMs: number },
	bounds: Bounds,
	tail: Tail,
): boolean =>
	startedMs < bounds.untilMs &&
	(seq <= toDelivered(tail, bounds) || startedMs < bounds.graceMs);

async function trimSlice(
	tail: Tail,
	bounds: Bounds,
	options: RetentionOptions,
): Promise<{ entries: number; missed: number }> {
	const { engine, queries, newId } = options;
	const { retention } = queries;
	const { writer, seq: before } = tail;
	const until = toLastSeq(tail);
	const rows = await engine.read(
		retention.oldest({ writer, after: before, until, count: sliceEntries }),
	);
	const all = rows.map(toStoredEntry);
	const end = all.findIndex((entry) => !mayGo(entry.seq, entry, bounds, tail));
	const some = end < 0 ? all : all.slice(0, end);
	const last = some.at(-1);
	if (last === undefined) return { entries: 0, missed: 0 };
	const missed = toMissed(tail, last.seq, bounds);
	const slice = newId();
	const statements = await toStatements(options, { tail, some, missed, slice });
	await engine.commit(statements, false);
	const [row] = await engine.readInOrder(retention.checkpoint({ writer }));
	// Another process was first, though it had no lease.
	if (row?.[3] !== slice) {
		throw new StoreError("conflict", "another process deletes Entries, too");
	}
	tail.seq = last.seq;
	await readStart(tail, options);
	const counts = [...missed.values()];
	return {
		entries: some.length,
		missed: counts.reduce((sum, count) => sum + count, 0),
	};
}

/** By exporter: how many of those up to `until` it has not delivered. */
const toMissed = ({ writer, seq }: Tail, until: number, { cursors }: Bounds) =>
	new Map(
		[...cursors]
			.map(([exporter, own]) => {
				const delivered = Math.max(seq, own.get(writer) ?? 0);
				return [exporter, until - delivered] as const;
			})
			.filter(([, count]) => count > 0),
	);

interface Slice {
	readonly tail: Tail;
	readonly some: readonly StoredEntry[];
	readonly missed: ReadonlyMap<string, number>;
	readonly slice: string;
}

async function toStatements(
	{ engine, queries: { retention } }: RetentionOptions,
	{ tail: { writer, seq: before }, some, missed, slice }: Slice,
): Promise<Statement[]> {
	const { seq = before, hash = "" } = some.at(-1) ?? {};
	const ours = { writer, slice };
	const [run] = await engine.readInOrder(
		retention.lastRun({ writer, until: seq }),
	);
	const since = run?.[0] ?? null;
	return [
		retention.addCheckpoint({ writer }),
		retention.moveCheckpoint({ ...ours, before, seq, hash }),
		...toTrimmed(some).map((sums) =>
			retention.addTrimmed({ ...ours, ...sums }),
		),
		...[...missed].map(([exporter, count]) =>
			retention.addMissed({ ...ours, exporter, missed: count }),
		),
		retention.dropEntries({ ...ours, until: seq }),
		...(since === null
			? []
			: [
					retention.dropReferences({ ...ours, until: since }),
					retention.dropRuns({ ...ours, until: since }),
				]),
	];
}

/** PostgreSQL does it by itself. */
async function freePages(engine: Engine): Promise<void> {
	if (engine.kind !== "sqlite") return;
	const sql = `PRAGMA incremental_vacuum(${freedPages})`;
	await engine.readInOrder({ sql, values: [] });
}

/** Resolves sooner when all ends. */
const pause = (ms: number, signal: AbortSignal) =>
	new Promise<void>((resolve) => {
		if (signal.aborted) return resolve();
		const end = () => {
			clearTimeout(timer);
			signal.removeEventListener("abort", end);
			resolve();
		};
		const timer = setTimeout(end, ms);
		signal.addEventListener("abort", end);
	});
