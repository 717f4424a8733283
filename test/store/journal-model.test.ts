/** Whatever calls do, and whenever the process ends: what is on the disk is what a simple list would have kept. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
	isAfter,
	type Journal,
	type Mark,
	openJournal,
	zeroMark,
} from "../../src/store/journal.ts";
import {
	copyDisk,
	type FakeDisk,
	openFakeDisk,
	toPayload,
} from "./journal-disk.ts";

const bytes = 600;
const runs = 500;

interface World {
	disk: FakeDisk;
	journal: Journal;
	readonly open: Map<string, string>;
	/** Appended and not in the database, in their order. */
	waiting: { readonly id: string; readonly mark: Mark }[];
	/** Up to where the database has them. */
	recorded: Mark;
	count: number;
}

const step = fc.oneof(
	fc.record({ do: fc.constant("hold" as const), size: fc.nat(60) }),
	fc.record({ do: fc.constant("settle" as const), which: fc.nat(9) }),
	fc.record({ do: fc.constant("record" as const), share: fc.nat(100) }),
	fc.record({ do: fc.constant("crash" as const) }),
	fc.record({ do: fc.constant("renew" as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function begin(world: World): Promise<void> {
	world.journal = openJournal({
		files: world.disk,
		toCarried: () => [...world.open.values()].map(toPayload),
	});
	await world.journal.begin(world.recorded);
}

/** Null: there was no room. */
function append({ journal }: World, payload: string): Mark | null {
	try {
		return journal.append([toPayload(payload)]);
	} catch {
		return null;
	}
}

const steps: {
	readonly [K in Step["do"]]: (
		world: World,
		step: Step,
	) => Promise<void> | void;
} = {
	hold(world, step) {
		const size = step.do === "hold" ? step.size : 0;
		const id = `${world.count++}`;
		const payload = `H${id} ${"x".repeat(size)}`;
		world.open.set(id, payload);
		try {
			world.journal.hold(toPayload(payload));
		} catch {
			world.open.delete(id);
		}
	},
	settle(world, step) {
		const at = step.do === "settle" ? step.which : 0;
		const id = [...world.open.keys()][at];
		if (id === undefined) return;
		const mark = append(world, `E${id}`);
		// Where there is no room the database takes it at once.
		world.open.delete(id);
		if (mark !== null) world.waiting.push({ id, mark });
	},
	record(world, step) {
		const share = step.do === "record" ? step.share : 0;
		const count = Math.ceil((world.waiting.length * share) / 100);
		const last = world.waiting.splice(0, count).at(-1);
		if (last === undefined) return;
		world.recorded = last.mark;
		world.journal.release(last.mark);
	},
	async crash(world) {
		world.disk = copyDisk(world.disk);
		compare(world);
		world.open.clear();
		world.recorded = world.waiting.at(-1)?.mark ?? world.recorded;
		world.waiting = [];
		await begin(world);
	},
	async renew(world) {
		if (world.waiting.length === 0) await world.journal.begin(zeroMark);
	},
};

/** What the next process would find. */
function compare({ disk, open, waiting, recorded }: World): void {
	const { left } = openJournal({ files: copyDisk(disk), toCarried: () => [] });
	const toId = (payload: string) => payload.slice(1).split(" ")[0] as string;
	const entries = left.filter(({ payload }) => payload.startsWith("E"));
	const fresh = entries.filter(({ mark }) => isAfter(mark, recorded));
	expect(fresh.map(({ payload }) => toId(payload))).toEqual(
		waiting.map(({ id }) => id),
	);
	const ended = new Set(entries.map(({ payload }) => toId(payload)));
	const held = left.filter(
		({ payload }) => payload.startsWith("H") && !ended.has(toId(payload)),
	);
	const found = new Set(held.map(({ payload }) => toId(payload)));
	for (const id of open.keys()) expect(found).toContain(id);
}

test.each([
	["by calls", false],
	["through memory", true],
])(
	"a journal that is written %s keeps what a list would keep",
	async (_how, mapped) => {
		await fc.assert(
			fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (script) => {
				const disk = openFakeDisk(bytes, mapped);
				const world: World = {
					disk,
					journal: openJournal({ files: disk, toCarried: () => [] }),
					open: new Map(),
					waiting: [],
					recorded: zeroMark,
					count: 0,
				};
				await begin(world);
				for (const one of script) {
					await steps[one.do](world, one);
				}
				compare(world);
			}),
			{ numRuns: runs, seed: 1 },
		);
	},
);
