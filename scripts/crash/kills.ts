/** SIGKILL at random moments under load, again and again on the same data. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure } from "../soak/figure.ts";
import { sleep } from "../soak/wait.ts";
import { type Audit, openAudit } from "./audit.ts";
import type { CrashContext } from "./context.ts";
import {
	type Ground,
	judgeWhole,
	openGround,
	takeUpstream,
	toGroundFigures,
} from "./ground.ts";
import { startLoad } from "./load.ts";
import { judgeSeen, openShelf, type Shelf, shelve } from "./verdict.ts";

const concurrency = 24;
/** How long it runs before it is killed. */
const life = { leastMs: 20, mostMs: 250 };
/** One start of so many is itself killed on its way. */
const brokenStarts = 8;
const longestStartMs = 90;

interface Run extends Ground {
	readonly dataDir: string;
	readonly path: string;
	readonly audit: Audit;
	readonly shelf: Shelf;
	/** Ends that have been judged. */
	judged: number;
	/** Calls whose end nobody saw. */
	orphans: number;
	slowestStartMs: number;
}

/** Rejects when the gateway does not start. */
export async function crashByKills(
	context: CrashContext,
	kills: number,
): Promise<Figure[]> {
	const dataDir = mkdtempSync(join(tmpdir(), "tollway-crash-"));
	const path = join(dataDir, "tollway.db");
	const ground = await openGround(context, "kill");
	const run: Run = {
		...ground,
		dataDir,
		path,
		audit: openAudit({ path, ...ground.known }),
		shelf: openShelf(),
		judged: 0,
		orphans: 0,
		slowestStartMs: 0,
	};
	try {
		for (let kill = 1; kill <= kills; kill++) {
			context.signal.throwIfAborted();
			await live(run);
			context.progress(`${kill} of ${kills} kills`);
		}
		await conclude(run);
		return toFigures(run, kills);
	} finally {
		await ground.simulator.stop();
		rmSync(dataDir, { recursive: true, force: true });
	}
}

/** One life: start, audit, load, SIGKILL. */
async function live(run: Run): Promise<void> {
	const { random, witness, next } = run;
	const gateway = run.start(run.dataDir);
	try {
		if (random() % brokenStarts === 0) {
			await sleep(random() % longestStartMs);
			return;
		}
		const url = await timeStart(run, gateway.ready);
		judgeNew(run);
		const load = startLoad({ url, concurrency, next, witness });
		await sleep(life.leastMs + (random() % (life.mostMs - life.leastMs)));
		load.halt();
		await gateway.stop("SIGKILL");
		await load.ended;
	} finally {
		await gateway.stop("SIGKILL");
	}
}

async function timeStart(run: Run, ready: Promise<string>): Promise<string> {
	const startMs = performance.now();
	const url = await ready;
	const tookMs = performance.now() - startMs;
	run.slowestStartMs = Math.max(run.slowestStartMs, tookMs);
	return url;
}

/** After a start: nothing of what was seen before may be missing. */
function judgeNew(run: Run): void {
	const { audit, shelf, witness, known, simulator } = run;
	const entries = audit.read();
	shelve(entries, shelf, known);
	run.orphans += entries.filter(({ end }) => end === "process_ended").length;
	judgeSeen(witness.seen.slice(run.judged), shelf, known);
	run.judged = witness.seen.length;
	for (const text of witness.odd.splice(0)) known.blame("odd", text);
	for (const label of takeUpstream(simulator)) {
		if (!shelf.byLabel.has(label)) known.blame("unheld", label);
	}
}

/** The last start, and everything from the beginning once more. */
async function conclude(run: Run): Promise<void> {
	const gateway = run.start(run.dataDir);
	try {
		await gateway.ready;
		judgeNew(run);
		judgeWhole(run.path, run.witness.seen, run);
	} finally {
		await gateway.stop("SIGKILL");
	}
}

const toFigures = (run: Run, kills: number): Figure[] => [
	{ name: "kills", value: kills, unit: "count" },
	{ name: "Entries", value: run.shelf.byId.size, unit: "count" },
	{ name: "calls that a kill cut off", value: run.orphans, unit: "count" },
	{ name: "slowest start", value: run.slowestStartMs, unit: "ms" },
	...toGroundFigures(run),
];
