/** What somebody may use: what keys, users, teams, members, customers, tags, budgets and the gateway itself can be given. */

/** A budget in a window of its own. Nano-dollars, below 2^53. */
export interface BudgetWindow {
	/** As `toDuration` reads it. */
	readonly duration: string;
	readonly maxBudgetNanos: number;
}

/** For calls that can reach one of these models. */
export interface ModelLimit {
	/** A name, with `*` for any characters. */
	readonly model: string;
	readonly maxBudgetNanos: number | null;
	/** Null: it never resets. */
	readonly duration: string | null;
	/** In any 60 seconds. */
	readonly rpmLimit: number | null;
	readonly tpmLimit: number | null;
}

/** Null: no limit. Budgets are nano-dollars, below 2^53; times are milliseconds since 1970. */
export interface LimitSet {
	readonly maxBudgetNanos: number | null;
	/** More may be spent, and it is told. */
	readonly softBudgetNanos: number | null;
	/** Of both; as `toDuration` reads it; null: they never reset. */
	readonly budgetDuration: string | null;
	/** More windows, each with a budget of its own. */
	readonly budgetLimits: readonly BudgetWindow[];
	/** In any 60 seconds. */
	readonly rpmLimit: number | null;
	readonly tpmLimit: number | null;
	/** Calls at a time. */
	readonly maxParallel: number | null;
	readonly modelLimits: readonly ModelLimit[];
}

export const noLimits: LimitSet = {
	maxBudgetNanos: null,
	softBudgetNanos: null,
	budgetDuration: null,
	budgetLimits: [],
	rpmLimit: null,
	tpmLimit: null,
	maxParallel: null,
	modelLimits: [],
};

/** Whose limits they are. */
export interface Limited extends LimitSet {
	/** Whose budget counts where nothing of its own is said; null: nobody's. */
	readonly budgetId: string | null;
	/** So much more than `maxBudgetNanos` until then. */
	readonly raise: { readonly nanos: number; readonly untilMs: number } | null;
	/** What was spent before counts as so much. */
	readonly reset: { readonly nanos: number; readonly atMs: number } | null;
	/** Windows that no calendar names are counted from here. */
	readonly createdMs: number;
}

/**
 * Own words first; where there are none, those of the linked budget. Whose the budget is, theirs is its duration, if they
 * said one: a soft budget or a duration of one's own does not stretch the window of the budget that one is linked with.
 */
export function lay(own: LimitSet, under: LimitSet | null): LimitSet {
	if (under === null) return own;
	const isUnder = own.maxBudgetNanos === null && under.maxBudgetNanos !== null;
	const [first, second] = isUnder ? [under, own] : [own, under];
	return {
		maxBudgetNanos: first.maxBudgetNanos,
		softBudgetNanos: own.softBudgetNanos ?? under.softBudgetNanos,
		budgetDuration: first.budgetDuration ?? second.budgetDuration,
		budgetLimits: own.budgetLimits.length
			? own.budgetLimits
			: under.budgetLimits,
		rpmLimit: own.rpmLimit ?? under.rpmLimit,
		tpmLimit: own.tpmLimit ?? under.tpmLimit,
		maxParallel: own.maxParallel ?? under.maxParallel,
		modelLimits: layModels(own.modelLimits, under.modelLimits),
	};
}

/** Model by model, as above: a limit for one model does not lift those for the others. */
function layModels(
	own: readonly ModelLimit[],
	under: readonly ModelLimit[],
): readonly ModelLimit[] {
	const left = new Map(under.map((one) => [one.model, one]));
	const laid = own.map((one): ModelLimit => {
		const other = left.get(one.model);
		left.delete(one.model);
		if (other === undefined) return one;
		const [first, second] =
			one.maxBudgetNanos === null ? [other, one] : [one, other];
		return {
			model: one.model,
			maxBudgetNanos: first.maxBudgetNanos,
			duration: first.duration ?? second.duration,
			rpmLimit: one.rpmLimit ?? other.rpmLimit,
			tpmLimit: one.tpmLimit ?? other.tpmLimit,
		};
	});
	return [...laid, ...left.values()];
}
