/** What can be wrong with a ledger, and what is to be done about it. */

export interface FindingKind {
	/** A note does not make the ledger bad. */
	readonly severity: "damage" | "note";
	readonly advice: string;
}

const restore =
	"The row is not what the gateway wrote: find out who writes to this database besides Tollway, and compare with a backup.";
const sums =
	"Entries are the truth: if the chain is whole, set the row to what the Entries say with the gateway stopped; if rows are missing as well, restore them from a backup.";
const references =
	"Only finding calls by msg_…, req_… or session suffers. With the gateway stopped, delete all rows of refs and ref_runs; they are made anew after the next start.";

export const findingKinds = {
	changed: { severity: "damage", advice: restore },
	hash: {
		severity: "damage",
		advice:
			"The row is as it was written, only its hash is not. Take the hash from a backup, after finding out who changed it.",
	},
	missing: {
		severity: "damage",
		advice:
			"Rows were removed, or moved elsewhere: the numbers of a writer have no gaps. Restore them from a backup.",
	},
	place: {
		severity: "damage",
		advice:
			"No gateway writes there: the row was added or moved by somebody else. Compare with a backup.",
	},
	checkpoint: {
		severity: "damage",
		advice:
			"Only retention moves a checkpoint, together with the rows that it deletes: compare both with a backup.",
	},
	unreadable: { severity: "damage", advice: restore },
	twice: {
		severity: "damage",
		advice:
			"A call is charged once. Its unique index is gone or damaged: restore from a backup, or remove the row that breaks the chain.",
	},
	negative: { severity: "damage", advice: restore },
	state: { severity: "damage", advice: restore },
	refused: {
		severity: "damage",
		advice: "A refused call costs nothing. Compare the row with a backup.",
	},
	price: {
		severity: "damage",
		advice:
			"The stored usage at the stored price gives another amount. If the chain is whole at this row, it was written so: report it as a fault of Tollway, with this line.",
	},
	correction: {
		severity: "damage",
		advice:
			"A correction names an Entry that the ledger has, and says what that cost before and since. Compare both rows with a backup.",
	},
	sum_changed: { severity: "damage", advice: sums },
	sum_missing: { severity: "damage", advice: sums },
	sum_extra: { severity: "damage", advice: sums },
	hold: {
		severity: "damage",
		advice: "What is reserved is never negative. Compare with a backup.",
	},
	references: { severity: "damage", advice: references },
	file: {
		severity: "damage",
		advice:
			"The file itself is damaged (disk, memory, or copied while it was written). Stop the gateway and put a backup in its place.",
	},
	hold_left: {
		severity: "note",
		advice:
			"Its process has ended without settling it; the next gateway that runs on this database does it, as an estimate.",
	},
	request_twice: {
		severity: "note",
		advice:
			"Upstream gives each answer an id of its own. See whether something between Tollway and Anthropic repeats answers.",
	},
	model_moved: {
		severity: "note",
		advice:
			"Nothing: the price list of that time knew the model by another name, or not at all. The amounts agree.",
	},
} as const satisfies Record<string, FindingKind>;

export type FindingName = keyof typeof findingKinds;

export interface Finding {
	readonly kind: FindingName;
	/** Whose row; null where it is none of the ledger's. */
	readonly writer: number | null;
	readonly seq: number | null;
	/** Of the Entry, the sum or the hold. */
	readonly id: string | null;
	/** A sentence: what is there, and what should be. */
	readonly detail: string;
}

export interface Findings {
	add(kind: FindingName, found: Partial<Finding> & { detail: string }): void;
	/** How many of each kind, those that were not told too. */
	counts(): Readonly<Partial<Record<FindingName, number>>>;
	/** Whether any is damage. */
	isBad(): boolean;
}

/** Of each kind; more of the same say nothing new. */
export const maxTold = 100;

/** @param tell of each finding at once, up to `maxTold` of a kind */
export function openFindings(tell: (finding: Finding) => void): Findings {
	const counts: Partial<Record<FindingName, number>> = {};
	return {
		add: (kind, found) => {
			const count = (counts[kind] ?? 0) + 1;
			counts[kind] = count;
			if (count > maxTold) return;
			tell({ writer: null, seq: null, id: null, ...found, kind });
		},
		counts: () => counts,
		isBad: () =>
			Object.keys(counts).some(
				(kind) => findingKinds[kind as FindingName].severity === "damage",
			),
	};
}
