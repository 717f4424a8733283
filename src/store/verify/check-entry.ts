/** What must hold of every row in itself. */
import type { Entry } from "../../domain/entry.ts";
import type { Nanos } from "../../domain/nanos.ts";
import type { StoredEntry } from "../entry-row.ts";
import type { FindingName, Findings } from "./findings.ts";

interface Rule {
	readonly kind: FindingName;
	/** What is wrong; null: nothing. */
	find(entry: Entry): string | null;
}

const amounts = [
	"cost",
	"held",
	"input",
	"output",
	"cacheWrite5m",
	"cacheWrite1h",
	"cacheRead",
	"thinking",
	"webSearches",
	"durationMs",
	"requestBytes",
	"replyBytes",
] as const satisfies readonly (keyof Entry)[];

const words = {
	kind: ["call", "batch", "session", "correction"],
	state: ["exact", "estimated", "partial", "unpriced"],
	payer: ["operator", "client", "user_profile"],
} as const satisfies Partial<Record<keyof Entry, readonly string[]>>;

export const rules: readonly Rule[] = [
	{
		// I-08: only a correction gives money back.
		kind: "negative",
		find: (entry) => {
			if (entry.kind === "correction") return null;
			const name = amounts.find((one) => (entry[one] ?? 0) < 0);
			return name ? `${name} is ${entry[name]}, less than nothing.` : null;
		},
	},
	{
		kind: "state",
		find: (entry) => {
			for (const name of ["kind", "state", "payer"] as const) {
				const known: readonly string[] = words[name];
				if (!known.includes(entry[name])) return `${name} is ${entry[name]}.`;
			}
			return (entry.cost === null) === (entry.state === "unpriced")
				? null
				: `The state is ${entry.state} and the cost ${entry.cost}; what is unpriced has none, all else has one.`;
		},
	},
	{
		// I-19
		kind: "refused",
		find: ({ end, cost }) =>
			end.startsWith("refused:") && cost !== 0n
				? `It was refused (${end}) and costs ${cost} nano-dollars.`
				: null,
	},
	{
		kind: "price",
		find: ({ kind, price, cost }) =>
			kind === "call" && price === null && cost !== null && cost > 0n
				? `It costs ${cost} nano-dollars at no price.`
				: null,
	},
];

export interface PriceCheck {
	/** The version of the prices at hand. */
	readonly catalog: string;
	/** The cost by what is stored of the usage and the prices at hand; null: what is stored does not tell. */
	toCostAgain(entry: Entry): Nanos | null;
}

/** True where the cost was computed again. */
export function checkEntry(
	entry: StoredEntry,
	prices: PriceCheck,
	findings: Findings,
): boolean {
	const { writer, seq, id } = entry;
	for (const { kind, find } of rules) {
		const detail = find(entry);
		if (detail !== null) findings.add(kind, { writer, seq, id, detail });
	}
	const again = prices.toCostAgain(entry);
	if (again === null) return false;
	if (again === entry.cost) return true;
	// Prices change: another list may rightly give another amount.
	if (entry.catalog !== prices.catalog) return false;
	const detail = `It costs ${entry.cost} nano-dollars; its usage at ${entry.price} gives ${again}.`;
	findings.add("price", { writer, seq, id, detail });
	return true;
}
