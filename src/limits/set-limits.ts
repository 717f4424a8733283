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
	readonly toSpan: (duration: string | null, anchorMs: number) => Span;
	readonly anchors: Anchors;
}

/** From when windows are counted that no calendar names: from the making of the one whose word they are. */
export interface Anchors {
	/** Of the main budget. */
	readonly budgetMs: number;
	readonly windowsMs: number;
	readonly modelsMs: number;
}

/** @param set its own words, laid over those of the budget that it is linked with */
export function toLimits(
	subject: Subject,
	set: LimitSet,
	{ anchors, calendar }: { anchors: Anchors; calendar: Calendar },
): readonly Limit[] {
	const of: Of = {
		subject,
		toSpan: (duration, anchorMs) => toSpan(duration, anchorMs, calendar),
		anchors,
	};
	const span = of.toSpan(set.budgetDuration, anchors.budgetMs);
	return [
		...toLimit(of, "concurrent", unending, set.maxParallel),
		...toLimit(of, "requests", perMinute, set.rpmLimit),
		...toLimit(of, "tokens", perMinute, set.tpmLimit),
		...toLimit(of, "nanos", span, set.maxBudgetNanos, { main: true }),
		...toLimit(of, "nanos", span, set.softBudgetNanos, { soft: true }),
		...set.budgetLimits.flatMap(({ duration, maxBudgetNanos }) =>
			toLimit(
				of,
				"nanos",
				of.toSpan(duration, anchors.windowsMs),
				maxBudgetNanos,
			),
		),
		...set.modelLimits.flatMap((one) => toModelLimits(of, one)),
	];
}

const toModelLimits = (of: Of, one: ModelLimit): Limit[] => {
	const { model } = one;
	const span = of.toSpan(one.duration, of.anchors.modelsMs);
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
	readonly anchors: Anchors;
	/** When this is over, since 1970. */
	readonly untilMs: number;
}

/** A linked budget says what its followers do not, and its windows are theirs then; a raise counts for its time. */
export function toInForce(
	own: Limited,
	linked: Limited | null,
	nowMs: number,
): InForce {
	const set = lay(own, linked);
	const anchors = toAnchors(own, linked);
	const { raise } = own;
	if (raise === null || raise.untilMs <= nowMs || set.maxBudgetNanos === null) {
		return { set, anchors, untilMs: Number.POSITIVE_INFINITY };
	}
	const maxBudgetNanos = set.maxBudgetNanos + raise.nanos;
	return {
		set: { ...set, maxBudgetNanos },
		anchors,
		untilMs: raise.untilMs,
	};
}

/** Theirs whose word the main budget is, as `lay` has it; and so on. */
function toAnchors(own: Limited, linked: Limited | null): Anchors {
	const of = (isOwn: boolean) => (isOwn ? own : (linked ?? own)).createdMs;
	const isUnder =
		own.maxBudgetNanos === null && (linked?.maxBudgetNanos ?? null) !== null;
	return {
		budgetMs: of(!isUnder),
		windowsMs: of(own.budgetLimits.length > 0),
		modelsMs: of(own.modelLimits.length > 0),
	};
}

export interface When {
	readonly calendar: Calendar;
	readonly nowMs: number;
}

/** The window of now of the main budget, or of what is spent where there is none; null: it does not reset. */
export const findWindow = (
	{ set, anchors }: Pick<InForce, "set" | "anchors">,
	when: When,
): Window | null => windowOf(set.budgetDuration, anchors.budgetMs, when);

/** The same of any duration. */
export function windowOf(
	duration: string | null,
	anchorMs: number,
	{ calendar, nowMs }: When,
): Window | null {
	const span = toSpan(duration, anchorMs, calendar);
	return span.kind === "scheduled" ? windowAt(span.schedule, nowMs) : null;
}
