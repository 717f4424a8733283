/** Images of the disk as a power cut would leave it, taken at random moments under load; each is started from. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Durability } from "../../src/store/ledger.ts";
import type { Figure } from "../soak/figure.ts";
import { sleep } from "../soak/wait.ts";
import type { CrashContext } from "./context.ts";
import { type Disk, mount, openDisk } from "./disk.ts";
import type { Gateway } from "./gateway.ts";
import {
	type Ground,
	judgeWhole,
	openGround,
	toGroundFigures,
} from "./ground.ts";
import { type SeenEnd, startLoad } from "./load.ts";
import { countUnsynced } from "./unsynced.ts";

const concurrency = 24;
const cutsPerDisk = 10;
const between = { leastMs: 30, mostMs: 400 };
const maxCopies = 20;
/** What a power cut may take, in milliseconds before it. */
const loses: { readonly [D in Durability]: number } = {
	always: 0,
	interval: 200,
	off: Number.POSITIVE_INFINITY,
};

interface Run extends Ground {
	cuts: number;
	/** Copies during which the device wrote. */
	spoilt: number;
	/** Of images, Entries that were there. */
	entries: number;
	/** Of images, bytes of the data folder that had been written and were not there. */
	unsynced: number;
}

/** Rejects when the gateway does not start, and where there are no loop devices. */
export async function crashByPowerCuts(
	context: CrashContext,
	cuts: number,
): Promise<Figure[]> {
	const ground = await openGround(context, "cut");
	const run: Run = { ...ground, cuts: 0, spoilt: 0, entries: 0, unsynced: 0 };
	try {
		while (run.cuts < cuts) await fill(run, cuts);
		return toFigures(run);
	} finally {
		await ground.simulator.stop();
	}
}

/** Takes a new disk through some cuts. */
async function fill(run: Run, cuts: number): Promise<void> {
	const { random, next, witness, context } = run;
	const disk = openDisk();
	const gateway = run.start(disk.folder);
	try {
		const url = await gateway.ready;
		const seenBefore = witness.seen.length;
		const load = startLoad({ url, concurrency, next, witness });
		const last = Math.min(cuts, run.cuts + cutsPerDisk);
		while (run.cuts < last) {
			context.signal.throwIfAborted();
			const { leastMs, mostMs } = between;
			await sleep(leastMs + (random() % (mostMs - leastMs)));
			await cut(run, { disk, gateway, seenBefore });
			context.progress(`${run.cuts} of ${cuts} power cuts`);
		}
		load.halt();
		await gateway.stop("SIGKILL");
		await load.ended;
	} finally {
		await gateway.stop("SIGKILL");
		disk.remove();
	}
}

interface Running {
	readonly disk: Disk;
	readonly gateway: Gateway;
	/** How many ends had been seen when the disk was new. */
	readonly seenBefore: number;
}

async function cut(run: Run, running: Running): Promise<void> {
	const { disk, gateway, seenBefore } = running;
	const base = mkdtempSync(join(tmpdir(), "tollway-cut-"));
	const image = join(base, "image");
	try {
		const youngestMs = performance.now() - loses[run.context.durability];
		const promised = run.witness.seen
			.slice(seenBefore)
			.filter(({ atMs }) => atMs <= youngestMs);
		gateway.send("SIGSTOP");
		await copyQuiet(run, disk, image);
		const copied = mount(image, join(base, "disk"));
		try {
			run.unsynced += countUnsynced(disk.folder, copied.folder);
			gateway.send("SIGCONT");
			await startFrom(run, copied.folder, promised);
		} finally {
			copied.unmount();
		}
		run.cuts += 1;
	} finally {
		gateway.send("SIGCONT");
		rmSync(base, { recursive: true, force: true });
	}
}

async function copyQuiet(run: Run, disk: Disk, image: string): Promise<void> {
	for (let copies = 0; !disk.copyTo(image); copies++) {
		if (copies === maxCopies) throw new Error("the disk is never quiet");
		run.spoilt += 1;
		await sleep(1);
	}
}

/** @param promised ends that must be there */
async function startFrom(
	run: Run,
	folder: string,
	promised: readonly SeenEnd[],
): Promise<void> {
	const gateway = run.start(folder);
	try {
		await gateway.ready;
		const shelf = judgeWhole(join(folder, "tollway.db"), promised, run);
		run.entries += shelf.byId.size;
	} finally {
		await gateway.stop("SIGKILL");
	}
}

const toFigures = (run: Run): Figure[] => [
	{ name: "power cuts", value: run.cuts, unit: "count" },
	{ name: "copies made again", value: run.spoilt, unit: "count" },
	{ name: "Entries found in images", value: run.entries, unit: "count" },
	{
		// Without any, nothing was tried.
		name: "bytes written and lost",
		value: run.unsynced,
		unit: "count",
		atLeast: 1,
	},
	...toGroundFigures(run),
];
