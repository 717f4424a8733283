/** Clients that leave at any byte: each call that upstream has had is on the ledger soon, once, and not for less than its prompt. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Exchange } from "../../src/simulator/record.ts";
import type { Figure } from "../soak/figure.ts";
import { toNone } from "../soak/figure.ts";
import { becomesTrue, runParallel } from "../soak/wait.ts";
import { type Audit, openAudit } from "./audit.ts";
import type { CrashContext } from "./context.ts";
import { type Disconnect, toDisconnects } from "./disconnect-plan.ts";
import {
	type Ground,
	judgeWhole,
	openGround,
	toGroundFigures,
	toLabel,
} from "./ground.ts";
import { type Left, leaveAt } from "./leave-at.ts";
import { toSpent } from "./spent.ts";
import { openShelf, type Shelf, shelve } from "./verdict.ts";

const concurrency = 48;
const lookEveryMs = 50;
const limitMs = 1_000;
/** Of the sum of all costs; an estimate of what came until its client left is never exact. */
const maxErrorPercent = 5;

interface Run extends Ground {
	readonly audit: Audit;
	readonly shelf: Shelf;
	/** When each Entry was first seen on the ledger, by its call. */
	readonly recordedMs: Map<string, number>;
	readonly left: Map<string, Left & Disconnect>;
	readonly upstream: Map<string, Exchange>;
}

/** Rejects when the gateway does not start or ends. */
export async function crashByDisconnects(
	context: CrashContext,
	count: number,
): Promise<Figure[]> {
	const dataDir = mkdtempSync(join(tmpdir(), "tollway-left-"));
	const path = join(dataDir, "tollway.db");
	const ground = await openGround(context, "left", 20_000);
	const run: Run = {
		...ground,
		audit: openAudit({ path, ...ground.known }),
		shelf: openShelf(),
		recordedMs: new Map(),
		left: new Map(),
		upstream: new Map(),
	};
	const gateway = run.start(dataDir);
	try {
		await leaveAll(run, await gateway.ready, count);
		judgeWhole(path, [], run);
		return toFigures(run);
	} finally {
		await gateway.stop("SIGKILL");
		await ground.simulator.stop();
		rmSync(dataDir, { recursive: true, force: true });
	}
}

async function leaveAll(run: Run, url: string, count: number): Promise<void> {
	const { context, left, witness } = run;
	const timer = setInterval(look, lookEveryMs, run);
	try {
		const jobs = toDisconnects(context.seed, count);
		await runParallel(jobs, concurrency, async (disconnect) => {
			context.signal.throwIfAborted();
			const { label } = disconnect.plan;
			witness.plans.set(label, disconnect.plan);
			left.set(label, { ...disconnect, ...(await leaveAt(url, disconnect)) });
			context.progress(`${left.size} of ${count} clients left`);
		});
		await becomesTrue(() => isSettled(run), 3 * limitMs);
	} finally {
		clearInterval(timer);
	}
}

function look(run: Run): void {
	const now = performance.now();
	const entries = run.audit.read();
	shelve(entries, run.shelf, run.known);
	for (const { sessionId } of entries) {
		if (sessionId !== null) run.recordedMs.set(sessionId, now);
	}
	takeEnded(run);
}

/** What upstream keeps of exchanges is bounded: those that are over are taken over. */
function takeEnded({ simulator: { record }, upstream }: Run): void {
	for (const exchange of record.all()) {
		upstream.set(toLabel(exchange), exchange);
	}
	if (record.open() === 0) record.clear();
}

function isSettled({ simulator, upstream, recordedMs }: Run): boolean {
	if (simulator.record.open() > 0) return false;
	return [...upstream.keys()].every((label) => recordedMs.has(label));
}

function toFigures(run: Run): Figure[] {
	const { left, upstream, recordedMs, shelf, catalog, known } = run;
	let slowestEntryMs = 0;
	let slowestEndMs = 0;
	let spent = 0n;
	let recorded = 0n;
	for (const [label, exchange] of upstream) {
		const { plan, leftMs } = left.get(label) as Left & Disconnect;
		const endMs = exchange.end?.atMs ?? Number.POSITIVE_INFINITY;
		const entry = shelf.byLabel.get(label);
		if (entry === undefined) {
			known.blame("unheld", label);
			continue;
		}
		if (plan.stream) slowestEndMs = Math.max(slowestEndMs, endMs - leftMs);
		// A plain call is read to its end, which may come after its client has left.
		const overMs = plan.stream ? leftMs : Math.max(leftMs, endMs);
		const tookMs = (recordedMs.get(label) ?? Number.NaN) - overMs;
		slowestEntryMs = Math.max(slowestEntryMs, tookMs);
		spent += toSpent(exchange, plan, catalog, entry.startedMs);
		recorded += entry.cost ?? 0n;
	}
	const error = (100 * Number(recorded - spent)) / Number(spent);
	return [
		{ name: "clients left", value: left.size, unit: "count" },
		{ name: "calls upstream had", value: upstream.size, unit: "count" },
		...toWays(run),
		bound("slowest Entry", slowestEntryMs),
		bound("slowest end upstream", slowestEndMs),
		toNone("replies without an Entry", countUnrecorded(run)),
		{
			name: "ledger over what upstream charges, percent",
			value: error,
			unit: "count",
			atMost: maxErrorPercent,
			atLeast: -maxErrorPercent,
		},
		...toGroundFigures(run),
	];
}

const bound = (name: string, value: number): Figure => ({
	name,
	value,
	unit: "ms",
	atMost: limitMs,
});

/** Of clients that had some of a reply. */
const countUnrecorded = ({ left, shelf }: Run): number =>
	[...left].filter(
		([label, { answered }]) => answered && !shelf.byLabel.has(label),
	).length;

/** How the ledger says that the calls ended. */
function toWays({ shelf }: Run): Figure[] {
	const counts = new Map<string, number>();
	for (const { end, state } of shelf.byLabel.values()) {
		const name = `Entries: ${end}, ${state}`;
		counts.set(name, (counts.get(name) ?? 0) + 1);
	}
	return [...counts]
		.sort()
		.map(([name, value]) => ({ name, value, unit: "count" }));
}
