import type { TruthState } from "../domain/entry.ts";

interface NoteRow {
	/** What a cost with such a note is at best. */
	readonly state: TruthState;
	readonly about: string;
}

/** What is to be said of a cost. */
export const costNotes = {
	declined_free: {
		state: "exact",
		about: "a model declined before it wrote anything, which costs nothing",
	},
	container_time: {
		state: "partial",
		about: "a container ran whose hours the API does not report",
	},
	unfinished: {
		state: "estimated",
		about: "the reply broke off before upstream gave its final counts",
	},
	unknown_model: {
		state: "estimated",
		about: "the catalog does not know the model; a dearest price stands in",
	},
	unnamed_model: {
		state: "estimated",
		about:
			"the reply does not say which model this was; another's price may stand in",
	},
	early_price: {
		state: "estimated",
		about: "the call is older than the model's first price, which stands in",
	},
	priority_tier: {
		state: "estimated",
		about: "paid by a commitment; the list price stands in",
	},
	unknown_tier: {
		state: "estimated",
		about: "a service tier without a known price; the standard one stands in",
	},
	unknown_geography: {
		state: "estimated",
		about: "a geography without a known factor; none is applied",
	},
	unknown_speed: {
		state: "estimated",
		about: "a speed without a known price; the standard one stands in",
	},
	unlisted_fast: {
		state: "estimated",
		about: "fast mode on a model whose price lists none; a guess stands in",
	},
	unlisted_batch: {
		state: "estimated",
		about: "a batch on a model whose price lists none; no discount is applied",
	},
	unlisted_us: {
		state: "estimated",
		about:
			"US inference on a model whose price lists none; the usual factor is applied",
	},
	unlisted_long: {
		state: "estimated",
		about:
			"a long prompt in fast mode, whose price lists none; both factors are applied",
	},
	fast_batch: {
		state: "estimated",
		about:
			"fast mode in a batch, which is not on offer; both factors are applied",
	},
	declined_batch: {
		state: "estimated",
		about:
			"a model declined within a batch, which is taken to be free as elsewhere",
	},
	prompt_of_several: {
		state: "estimated",
		about:
			"over the threshold for long prompts only as the sum of samplings that are not listed",
	},
	unknown_iteration: {
		state: "estimated",
		about: "an iteration of an unknown type, priced like any other",
	},
	beyond_iterations: {
		state: "estimated",
		about:
			"more was counted than the iterations add up to; the rest is priced as well",
	},
	bad_counts: {
		state: "unpriced",
		about: "a count that is negative, no whole number or beyond all measure",
	},
	no_price: {
		state: "unpriced",
		about: "the catalog does not know the model, and nothing stands in",
	},
} as const satisfies Record<string, NoteRow>;

export type CostNote = keyof typeof costNotes;

const states: readonly TruthState[] = [
	"exact",
	"partial",
	"estimated",
	"unpriced",
];

/** The worst that any of the notes says. */
export function toState(notes: readonly CostNote[]): TruthState {
	let worst = 0;
	for (const note of notes) {
		worst = Math.max(worst, states.indexOf(costNotes[note].state));
	}
	return states[worst] ?? "unpriced";
}
