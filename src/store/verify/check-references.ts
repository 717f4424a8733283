import type { StoredEntry } from "../entry-row.ts";
import {
	type NameKind,
	nameMembers,
	packNames,
	toNameHash,
	toNameNumber,
} from "../reference-pack.ts";
import type { Read } from "./audit-database.ts";
import type { AuditQueries } from "./audit-queries.ts";
import type { Findings } from "./findings.ts";

export interface Run {
	readonly since: number;
	readonly until: number;
}

/** Whether each Entry is found by its other names: the runs follow each other, and say what their Entries say. */
export interface ReferenceCheck {
	/** The next Entry of the writer. Rejects with StoreError. */
	entry(entry: StoredEntry): Promise<void>;
	end(): Promise<void>;
}

const kinds = Object.entries(nameMembers) as [
	NameKind,
	(typeof nameMembers)[NameKind],
][];

interface Options {
	readonly writer: number;
	/** In their order. */
	readonly runs: readonly Run[];
	/** The writer's last seq. */
	readonly last: number;
	/** Its Entries up to here were deleted; 0: none. */
	readonly trimmed: number;
	readonly read: Read;
	readonly queries: AuditQueries;
	readonly findings: Findings;
}

export function openReferenceCheck(options: Options): ReferenceCheck {
	const { writer, last, findings } = options;
	const runs = keepSound(options);
	// Of the first run some Entries may be gone: what it should say nobody knows any more.
	let at = runs.findIndex(({ since }) => since > options.trimmed);
	if (at < 0) at = runs.length;
	let numbers: number[] = [];
	const finish = async (run: Run) => {
		if (!(await isPacked(run, numbers, options))) {
			const detail = `The references of numbers ${run.since} to ${run.until} are not those of their Entries.`;
			findings.add("references", { writer, seq: run.since, detail });
		}
		numbers = [];
		at += 1;
	};
	return {
		entry: async (entry) => {
			const run = runs[at];
			if (run === undefined) return;
			if (entry.seq < run.since) return;
			if (entry.seq > run.until) {
				await finish(run);
				return;
			}
			for (const [kind, member] of kinds) {
				const name = entry[member];
				if (name === null) continue;
				const place = entry.seq - run.since;
				numbers.push(toNameNumber(toNameHash(kind, name), place));
			}
			if (entry.seq === run.until) await finish(run);
		},
		end: async () => {
			const run = runs[at];
			if (run && run.until <= last) await finish(run);
		},
	};
}

/** Those that follow each other and lie within the ledger. */
function keepSound(options: Options): readonly Run[] {
	const { writer, runs, last, trimmed, findings } = options;
	// Of a trimmed ledger the runs may begin anywhere within what was deleted.
	const first = runs[0]?.since ?? 1;
	let next = first <= trimmed ? first : trimmed + 1;
	for (const [at, { since, until }] of runs.entries()) {
		const isSound = since === next && until >= since && until <= last;
		if (!isSound) {
			const detail = `References of numbers ${since} to ${until} stand where ${next} should begin; the last Entry is ${last}.`;
			findings.add("references", { writer, seq: since, detail });
			return runs.slice(0, at);
		}
		next = until + 1;
	}
	return runs;
}

async function isPacked(
	{ since }: Run,
	numbers: readonly number[],
	{ writer, read, queries }: Options,
): Promise<boolean> {
	const stored = await read(queries.packed({ writer, since }));
	const wanted = packNames(Float64Array.from(numbers).sort());
	return (
		stored.length === wanted.length &&
		wanted.every(
			({ first, names }, at) =>
				Number(stored[at]?.[0]) === first && stored[at]?.[1] === names,
		)
	);
}
