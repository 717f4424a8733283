/** What somebody can be given to use: the fields that keys, users, teams, customers, budgets and tags have in common. */
import { z } from "zod";
import type { Limited, LimitSet, ModelLimit } from "../domain/limit-set.ts";
import {
	clearable,
	count,
	dollars,
	limitDuration,
	moment,
	optional,
	said,
} from "./fields.ts";
import { refuseField, text } from "./read-input.ts";

const maxWindows = 10;
const maxModels = 100;

const modelBudget = z
	.strictObject(
		{
			budget_limit: optional(dollars),
			max_budget: optional(dollars),
			time_period: optional(limitDuration),
			budget_duration: optional(limitDuration),
			rpm_limit: optional(count),
			tpm_limit: optional(count),
			models: optional(z.array(z.never(), "must be empty")),
		},
		"must hold budget_limit and time_period",
	)
	.refine(
		({ budget_limit, max_budget, rpm_limit, tpm_limit }) =>
			[budget_limit, max_budget, rpm_limit, tpm_limit].some(
				(limit) => limit !== undefined,
			),
		"must hold budget_limit",
	)
	.transform((one) => ({
		maxBudgetNanos: one.budget_limit ?? one.max_budget ?? null,
		duration: one.time_period ?? one.budget_duration ?? null,
		rpmLimit: one.rpm_limit,
		tpmLimit: one.tpm_limit,
	}));

const perModel = <Schema extends z.ZodType>(schema: Schema) =>
	z
		.record(text, schema, "must be an object by model")
		.refine(
			(value) => Object.keys(value).length <= maxModels,
			`must have at most ${maxModels} models`,
		);

/** Calls in a minute, tokens in a minute, calls at a time. */
export const rateShape = {
	rpm_limit: clearable(count),
	tpm_limit: clearable(count),
	max_parallel_requests: clearable(count),
};

/** How much money, in which time. */
export const budgetShape = {
	max_budget: clearable(dollars),
	soft_budget: clearable(dollars),
	budget_duration: clearable(limitDuration),
};

export const limitShape = {
	...rateShape,
	...budgetShape,
	budget_limits: optional(
		z
			.array(
				z.strictObject(
					{ budget_duration: limitDuration, max_budget: dollars },
					"must hold budget_duration and max_budget",
				),
				"must be a list",
			)
			.max(maxWindows, `must have at most ${maxWindows} entries`),
	),
	model_max_budget: optional(perModel(modelBudget)),
	model_rpm_limit: optional(perModel(count)),
	model_tpm_limit: optional(perModel(count)),
};

/** Of those whose spend is counted. */
export const limitedShape = {
	...limitShape,
	budget_id: clearable(text),
	spend: optional(dollars),
};

/** Columns of all of them that no body sets. */
export const shownOfLimited = [
	"budget_reset_at",
	"litellm_budget_table",
	"model_spend",
	"updated_at",
	"updated_by",
] as const;

/** More budget for a while. */
export const raiseShape = {
	temp_budget_increase: optional(dollars),
	temp_budget_expiry: optional(moment),
};

type Fields<Shape extends z.ZodRawShape> = {
	readonly [Name in keyof Shape]?: z.output<Shape[Name]>;
};

export type LimitFields = Fields<typeof limitShape>;
type LimitedFields = Fields<typeof limitedShape> & Fields<typeof raiseShape>;

/** What was not said stays as it is; null takes a limit away. */
export function editLimits(set: LimitSet, fields: LimitFields): LimitSet {
	return {
		maxBudgetNanos: said(fields.max_budget, set.maxBudgetNanos),
		softBudgetNanos: said(fields.soft_budget, set.softBudgetNanos),
		budgetDuration: said(fields.budget_duration, set.budgetDuration),
		budgetLimits:
			fields.budget_limits?.map(({ budget_duration, max_budget }) => ({
				duration: budget_duration,
				maxBudgetNanos: max_budget,
			})) ?? set.budgetLimits,
		rpmLimit: said(fields.rpm_limit, set.rpmLimit),
		tpmLimit: said(fields.tpm_limit, set.tpmLimit),
		maxParallel: said(fields.max_parallel_requests, set.maxParallel),
		modelLimits: editModels(set.modelLimits, fields),
	};
}

function editModels(
	before: readonly ModelLimit[],
	{ model_max_budget, model_rpm_limit, model_tpm_limit }: LimitFields,
): readonly ModelLimit[] {
	const known = new Map(before.map((one) => [one.model, one]));
	const names = new Set(
		[
			[...known.keys()],
			...[model_max_budget, model_rpm_limit, model_tpm_limit].map((given) =>
				Object.keys(given ?? {}),
			),
		].flat(),
	);
	const limits = [...names].map((model): ModelLimit => {
		const was = known.get(model);
		const money = model_max_budget && (own(model_max_budget, model) ?? null);
		return {
			model,
			maxBudgetNanos:
				money === undefined
					? (was?.maxBudgetNanos ?? null)
					: (money?.maxBudgetNanos ?? null),
			duration:
				money === undefined
					? (was?.duration ?? null)
					: (money?.duration ?? null),
			rpmLimit:
				money?.rpmLimit ??
				(model_rpm_limit
					? (own(model_rpm_limit, model) ?? null)
					: (was?.rpmLimit ?? null)),
			tpmLimit:
				money?.tpmLimit ??
				(model_tpm_limit
					? (own(model_tpm_limit, model) ?? null)
					: (was?.tpmLimit ?? null)),
		};
	});
	return limits.filter(
		({ maxBudgetNanos, rpmLimit, tpmLimit }) =>
			maxBudgetNanos !== null || rpmLimit !== null || tpmLimit !== null,
	);
}

/** Clients name models, and a name may be one that every object has. */
const own = <T>(record: Readonly<Record<string, T>>, name: string) =>
	Object.hasOwn(record, name) ? record[name] : undefined;

/**
 * The same for somebody whose spend is counted: `spend` is what counts as spent from now on.
 * @throws GatewayError `malformed_request` for half of a temporary raise, or one that is over
 */
export const editLimited = (
	of: Limited,
	fields: LimitedFields,
	nowMs: number,
): Limited => ({
	...editLimits(of, fields),
	budgetId: said(fields.budget_id, of.budgetId),
	reset:
		fields.spend === undefined
			? of.reset
			: { nanos: fields.spend, atMs: nowMs },
	raise: toRaise(of, fields, nowMs),
	createdMs: of.createdMs,
});

function toRaise(
	{ raise: before }: Limited,
	{ temp_budget_increase: nanos, temp_budget_expiry: untilMs }: LimitedFields,
	nowMs: number,
): Limited["raise"] {
	if (nanos === undefined && untilMs === undefined) return before;
	if (nanos === undefined || untilMs === undefined) {
		throw refuseField(
			"temp_budget_increase",
			"send it together with temp_budget_expiry, or neither.",
		);
	}
	// One that has ended comes back with the whole object.
	const isKnown = before?.nanos === nanos && before.untilMs === untilMs;
	if (isKnown || untilMs > nowMs) return { nanos, untilMs };
	throw refuseField(
		"temp_budget_expiry",
		"this has passed already. Send a time that is yet to come.",
	);
}
