/** The columns that everybody has whose use is limited. */
import type { Directory } from "../domain/directory.ts";
import type { Limited, LimitSet, ModelLimit } from "../domain/limit-set.ts";
import { type Nanos, toNanos } from "../domain/nanos.ts";
import type { Budget } from "../domain/people.ts";
import { findInForce } from "../limits/call-limits.ts";
import { windowOf } from "../limits/set-limits.ts";
import { toDollars, toTime } from "./spend-row.ts";
import type { AdminState } from "./state.ts";

export const toTimeOrNull = (ms: number | null): string | null =>
	ms === null ? null : toTime(ms);

export const toBudget = (nanos: number | null): number | null =>
	nanos === null ? null : toDollars(toNanos(BigInt(nanos)));

/** What columns are made of besides the row. */
export interface What extends Pick<AdminState, "clock" | "calendar"> {
	readonly directory: Pick<Directory, "budgets">;
}

/** When what is spent begins anew, or else the first of the budgets that have windows of their own; null: never. */
export function findReset(of: Limited, what: What): string | null {
	const { set, anchors } = findInForce(of, what);
	const when = { calendar: what.calendar, nowMs: what.clock.now() };
	const windows =
		set.budgetDuration === null
			? set.budgetLimits.map(({ duration }) =>
					windowOf(duration, anchors.windowsMs, when),
				)
			: [windowOf(set.budgetDuration, anchors.budgetMs, when)];
	const ends = windows.flatMap((window) => window?.endMs ?? []);
	return ends.length === 0 ? null : toTime(Math.min(...ends));
}

/** Limits as they were said. */
export const toLimitColumns = (set: LimitSet) => ({
	max_parallel_requests: set.maxParallel,
	tpm_limit: set.tpmLimit,
	rpm_limit: set.rpmLimit,
	max_budget: toBudget(set.maxBudgetNanos),
	soft_budget: toBudget(set.softBudgetNanos),
	budget_duration: set.budgetDuration,
	budget_limits: set.budgetLimits.map(({ duration, maxBudgetNanos }) => ({
		budget_duration: duration,
		max_budget: toBudget(maxBudgetNanos),
	})),
	model_max_budget: toModels(set, toModelBudget),
	model_rpm_limit: toModels(set, ({ rpmLimit }) => rpmLimit),
	model_tpm_limit: toModels(set, ({ tpmLimit }) => tpmLimit),
});

function toModels<T>(
	{ modelLimits }: LimitSet,
	toValue: (one: ModelLimit) => T | null,
): Record<string, T> {
	const found = modelLimits.flatMap((one) => {
		const value = toValue(one);
		return value === null ? [] : [[one.model, value] as const];
	});
	return Object.fromEntries(found);
}

const toModelBudget = ({ maxBudgetNanos, duration }: ModelLimit) =>
	maxBudgetNanos === null
		? null
		: { budget_limit: toBudget(maxBudgetNanos), time_period: duration };

/** With what counts as spent, when it resets, and the budget that it is linked with. */
export const toLimitedColumns = (of: Limited, spend: Nanos, what: What) => ({
	spend: toDollars(spend),
	...toLimitColumns(of),
	budget_reset_at: findReset(of, what),
	budget_id: of.budgetId,
	model_spend: {},
	litellm_budget_table: toBudgetTable(of, what),
});

function toBudgetTable({ budgetId }: Limited, what: What) {
	const budget = budgetId && what.directory.budgets.byId(budgetId);
	return budget ? toBudgetRow(budget, what) : null;
}

export const toBudgetRow = (budget: Budget, what: What) => ({
	budget_id: budget.id,
	...toLimitColumns(budget),
	budget_reset_at: findReset(budget, what),
	created_at: toTime(budget.createdMs),
	created_by: budget.createdBy,
	updated_at: toTime(budget.updatedMs),
	updated_by: budget.updatedBy,
});

/** What the contract also puts into `metadata`. */
export function toMetadata(
	metadata: Readonly<Record<string, unknown>>,
	of: Limited,
	tags: readonly string[] = [],
): Record<string, unknown> {
	const model_rpm_limit = toModels(of, ({ rpmLimit }) => rpmLimit);
	const model_tpm_limit = toModels(of, ({ tpmLimit }) => tpmLimit);
	const { raise } = of;
	return {
		...metadata,
		...(tags.length > 0 && { tags }),
		...(Object.keys(model_rpm_limit).length > 0 && { model_rpm_limit }),
		...(Object.keys(model_tpm_limit).length > 0 && { model_tpm_limit }),
		...(raise && {
			temp_budget_increase: toBudget(raise.nanos),
			temp_budget_expiry: toTime(raise.untilMs),
		}),
	};
}
