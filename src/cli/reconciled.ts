/** What `GET /spend/reconcile` answers, as this version reads it. Amounts are cents, exact, as text. */
import { z } from "zod";
import { AskError } from "./ask-error.ts";

const cents = z.string().regex(/^-?\d{1,30}(\.\d{1,12})?$/);
const count = z.number();

const tally = {
	cents,
	input_tokens: count,
	output_tokens: count,
	cache_write_5m_tokens: count,
	cache_write_1h_tokens: count,
	cache_read_tokens: count,
	web_searches: count,
};

const tallyRow = z.object(tally);

const ledgerRow = z.object({
	...tally,
	calls: count,
	estimated_calls: count,
	estimated_cents: cents,
	partial_calls: count,
	partial_cents: cents,
	unpriced_calls: count,
});

const sides = { ledger: ledgerRow, upstream: tallyRow, drift: tallyRow };

const reconciled = z.object({
	start_date: z.string(),
	end_date: z.string(),
	workspace: z.string().nullable(),
	ok: z.boolean(),
	tolerance: z.object({ cents, tokens: count }),
	total: z.object(sides),
	causes: z.record(
		z.string(),
		z.object({ about: z.string(), rows: count, cents }),
	),
	rows: z.array(
		z.object({
			day: z.string(),
			model: z.string(),
			cause: z.string(),
			drifts: z.boolean(),
			...sides,
		}),
	),
});

export type Reconciled = z.output<typeof reconciled>;
export type ReconciledRow = Reconciled["rows"][number];
export type TallyRow = z.output<typeof tallyRow>;

/** The kinds of what is counted, as people and metrics call them. */
export const countKinds = {
	input_tokens: "input",
	output_tokens: "output",
	cache_write_5m_tokens: "cache write 5m",
	cache_write_1h_tokens: "cache write 1h",
	cache_read_tokens: "cache read",
	web_searches: "web searches",
} as const satisfies Partial<Record<keyof TallyRow, string>>;

export type CountKind = keyof typeof countKinds;
export const kindNames = Object.keys(countKinds) as CountKind[];

/** @throws AskError for the answer of another version */
export function readReconciled(answer: unknown): Reconciled {
	const { success, data } = reconciled.safeParse(answer);
	if (success) return data;
	throw new AskError(
		"The gateway's answer is none that this version understands. Is it another version of Tollway?",
	);
}
