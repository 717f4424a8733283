import { abortsSizes, soakAborts } from "./aborts.ts";
import { batchSizes, soakBatch } from "./batch.ts";
import { bodiesSizes, soakBodies } from "./bodies.ts";
import { budgetsSizes, soakBudgets } from "./budgets.ts";
import type { Figure, SoakContext } from "./figure.ts";
import { soakStart, startSizes } from "./start.ts";
import { soakStreams, streamsSizes } from "./streams.ts";

/** As by hand, or short for CI. */
export type Form = "full" | "quick";

export interface Soak {
	readonly about: string;
	/** It is ended when it has not ended by itself. */
	readonly limitMs: number;
	/** Rejects when something that is no figure went wrong: no start, a time-out, the signal. */
	readonly run: (context: SoakContext, form: Form) => Promise<Figure[]>;
}

export const soaks = {
	start: {
		about: "from start to ready",
		limitMs: 60_000,
		run: (context, form) => soakStart(context, startSizes[form]),
	},
	streams: {
		about: "many streams open at once, silent for long",
		limitMs: 180_000,
		run: (context, form) => soakStreams(context, streamsSizes[form]),
	},
	bodies: {
		about: "large bodies up and down, and readers that stop reading",
		limitMs: 300_000,
		run: (context, form) => soakBodies(context, bodiesSizes[form]),
	},
	aborts: {
		about: "clients that leave at any moment",
		limitMs: 180_000,
		run: (context, form) => soakAborts(context, abortsSizes[form]),
	},
	budgets: {
		about: "ten sessions of Claude Code on one budget, until it is spent",
		limitMs: 1_200_000,
		run: (context, form) => soakBudgets(context, budgetsSizes[form]),
	},
	batch: {
		about: "a large batch, with the gateway killed on the way",
		limitMs: 300_000,
		run: (context, form) => soakBatch(context, batchSizes[form]),
	},
} as const satisfies Record<string, Soak>;

export type SoakName = keyof typeof soaks;

export const isSoakName = (name: string): name is SoakName =>
	Object.hasOwn(soaks, name);
