/** What a set of limits comes to, for the subject that has it. */
import { toDuration } from "../domain/duration.ts";
import type { Limit, Measure, Span } from "../domain/limit.ts";
import {
	type Limited,
	type LimitSet,
	lay,
	type ModelLimit,
} from "../domain/limit-set.ts";
import type { Subject } from "../domain/subject.ts";
import { type Window, windowAt } from "../domain/window.ts";

/** When budgets of whole days reset. */
export interface Calendar {
	/** Of the IANA database. */
	readonly timeZone: string;
	/** Minutes after midnight. */
	readonly resetMinute: number;
}

const minuteMs = 60_000;
const perMinute: Span = { kind: "sliding", windowMs: minuteMs };
const unending: Span = { kind: "unending" };

interface Of {
	readonly subject: Subject;
	readonly toSpan: (duration: string | null) => Span;
}

/** @param set its own words, laid over those of the budget that it is linked with */
export function toLimits(
	subject: Subject,
	set: LimitSet,
	{ anchorMs, calendar }: { anchorMs: number; calendar: Calendar },
): readonly Limit[] {
	const of: Of = {
		subject,
		toSpan: (duration) => toSpan(duration, anchorMs, calendar),
	};
	const span = of.toSpan(set.budgetDuration);
	return [
		...toLimit(of, "concurrent", unending, set.maxParallel),
		...toLimit(of, "requests", perMinute, set.rpmLimit),
		...toLimit(of, "tokens", perMinute, set.tpmLimit),
		...toLimit(of, "nanos", span, set.maxBudgetNanos, { main: true }),
		...toLimit(of, "nanos", span, set.softBudgetNanos, { soft: true }),
		...set.budgetLimits.flatMap(({ duration, maxBudgetNanos }) =>
			toLimit(of, "nanos", of.toSpan(duration), maxBudgetNanos),
		),
		...set.modelLimits.flatMap((one) => toModelLimits(of, one)),
	];
}

const toModelLimits = (of: Of, one: ModelLimit): Limit[] => {
	const { model } = one;
	const span = of.toSpan(one.duration);
	return [
		...toLimit(of, "requests", perMinute, one.rpmLimit, { model }),
		...toLimit(of, "tokens", perMinute, one.tpmLimit, { model }),
		...toLimit(of, "nanos", span, one.maxBudgetNanos, { model }),
	];
};

const toLimit = (
	{ subject }: Of,
	measure: Measure,
	span: Span,
	ceiling: number | null,
	{ model = null as string | null, soft = false, main = false } = {},
): Limit[] =>
	ceiling === null
		? []
		: [
				{
					subject,
					measure,
					span,
					ceiling: BigInt(ceiling),
					model,
					...(soft && { soft: true }),
					...(main && { main: true }),
				},
			];

const toSpan = (
	duration: string | null,
	anchorMs: number,
	{ timeZone, resetMinute }: Calendar,
): Span =>
	duration === null
		? unending
		: {
				kind: "scheduled",
				schedule: {
					duration: toDuration(duration),
					timeZone,
					resetMinute,
					anchorMs,
				},
			};

/** What holds for somebody now. */
export interface InForce {
	readonly set: LimitSet;
	/** Windows that no calendar names are counted from here. */
	readonly anchorMs: number;
	/** When this is over, since 1970. */
	readonly untilMs: number;
}

/** A linked budget says what its followers do not, its windows are theirs; a raise counts for its time. */
export function toInForce(
	own: Limited,
	linked: Limited | null,
	nowMs: number,
): InForce {
	const set = lay(own, linked);
	const anchorMs = linked?.createdMs ?? own.createdMs;
	const { raise } = own;
	if (raise === null || raise.untilMs <= nowMs || set.maxBudgetNanos === null) {
		return { set, anchorMs, untilMs: Number.POSITIVE_INFINITY };
	}
	const maxBudgetNanos = set.maxBudgetNanos + raise.nanos;
	return {
		set: { ...set, maxBudgetNanos },
		anchorMs,
		untilMs: raise.untilMs,
	};
}

export interface When {
	readonly calendar: Calendar;
	readonly nowMs: number;
}

/** The window of now of the main budget, or of what is spent where there is none; null: it does not reset. */
export const findWindow = (
	{ set, anchorMs }: Pick<InForce, "set" | "anchorMs">,
	when: When,
): Window | null => windowOf(set.budgetDuration, anchorMs, when);

/** The same of any duration. */
export function windowOf(
	duration: string | null,
	anchorMs: number,
	{ calendar, nowMs }: When,
): Window | null {
	const span = toSpan(duration, anchorMs, calendar);
	return span.kind === "scheduled" ? windowAt(span.schedule, nowMs) : null;
}
