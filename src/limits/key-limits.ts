/** The limits that a key carries. */
import { toDuration } from "../domain/duration.ts";
import type { Limit, Span } from "../domain/limit.ts";
import type { Subject } from "../domain/subject.ts";
import type { VirtualKey } from "../domain/virtual-key.ts";
import { windowAt } from "../domain/window.ts";

const minuteMs = 60_000;

const perMinute: Span = { kind: "sliding", windowMs: minuteMs };
const unending: Span = { kind: "unending" };

const toKeySubject = ({ id }: VirtualKey): Subject => ({
	kind: "key",
	id,
});

function toKeyLimits(key: VirtualKey): readonly Limit[] {
	const subject = toKeySubject(key);
	const limit = (
		measure: Limit["measure"],
		span: Span,
		ceiling: number | null,
	): Limit[] =>
		ceiling === null
			? []
			: [{ subject, measure, span, ceiling: BigInt(ceiling), model: null }];
	return [
		...limit("concurrent", unending, key.maxParallel),
		...limit("requests", perMinute, key.rpmLimit),
		...limit("tokens", perMinute, key.tpmLimit),
		...limit("nanos", toSpan(key.budgetDuration, key), key.maxBudgetNanos),
		...key.budgetLimits.flatMap(({ duration, maxBudgetNanos }) =>
			limit("nanos", toSpan(duration, key), maxBudgetNanos),
		),
	];
}

const toSpan = (duration: string | null, key: VirtualKey): Span =>
	duration === null
		? unending
		: {
				kind: "scheduled",
				schedule: {
					duration: toDuration(duration),
					timeZone: "UTC",
					resetMinute: 0,
					anchorMs: key.createdMs,
				},
			};

export interface KeyLimits {
	/** All that a call of the key belongs to. */
	readonly subjects: readonly Subject[];
	readonly limits: readonly Limit[];
}

/** Made once for each state of a key. */
export function openKeyLimits(): (key: VirtualKey) => KeyLimits {
	const made = new WeakMap<VirtualKey, KeyLimits>();
	return (key) => {
		const known = made.get(key);
		if (known !== undefined) return known;
		const subjects = [toKeySubject(key)];
		const fresh = { subjects, limits: toKeyLimits(key) };
		made.set(key, fresh);
		return fresh;
	};
}

/** When the key's budget resets next; null: it has none, or never. */
export function findReset(key: VirtualKey, nowMs: number): number | null {
	if (key.maxBudgetNanos === null) return null;
	const span = toSpan(key.budgetDuration, key);
	if (span.kind !== "scheduled") return null;
	return windowAt(span.schedule, nowMs).endMs;
}
