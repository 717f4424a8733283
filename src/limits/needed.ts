/** Which part of the ledger the windows of limits still need: whole hours are in the sums, the rest of one is not. */
import { setImmediate } from "node:timers/promises";
import type { Directory } from "../domain/directory.ts";
import type { Limited, LimitSet } from "../domain/limit-set.ts";
import { windowAt } from "../domain/window.ts";
import type { Clock } from "../platform/contract.ts";
import { everybody, findInForce, toMemberSet } from "./call-limits.ts";
import { type Calendar, findWindow, toLimits } from "./set-limits.ts";

export interface NeededOptions {
	readonly directory: Directory;
	readonly clock: Pick<Clock, "now">;
	readonly calendar: Calendar;
	/** Of everybody together. */
	readonly global: LimitSet;
	readonly endUserBudgetId: string | null;
}

const hourMs = 3_600_000;

/**
 * When the earliest window began that is open and did not begin with an hour, or what is spent was last said anew within one
 * that is open. Infinity: there is none.
 */
export async function findNeededMs(options: NeededOptions): Promise<number> {
	let neededMs = Number.POSITIVE_INFINITY;
	let count = 0;
	for (const [of, standing] of listLimited(options)) {
		for (const startMs of findStarts(of, standing, options)) {
			if (startMs % hourMs !== 0) neededMs = Math.min(neededMs, startMs);
		}
		count += 1;
		if (count % perTurn === 0) await setImmediate();
	}
	return neededMs;
}

/** Calls get their turn after so many: windows take microseconds each. */
const perTurn = 50;

/** With the budget that counts where somebody is linked with none. */
function* listLimited({
	directory,
	global,
	endUserBudgetId,
}: NeededOptions): Generator<readonly [Limited, Limited | null]> {
	const { keys, users, teams, customers, budgets, tags } = directory;
	for (const shelf of [keys, users, teams, budgets, tags]) {
		for (const one of shelf.list()) yield [one, null];
	}
	const standing =
		endUserBudgetId === null ? null : budgets.byId(endUserBudgetId);
	for (const customer of customers.list()) yield [customer, standing];
	for (const team of teams.list()) {
		for (const { userId } of team.members) {
			const set = toMemberSet(team, userId);
			if (set !== null) yield [set, null];
		}
	}
	const never = { budgetId: null, raise: null, reset: null, createdMs: 0 };
	yield [{ ...global, ...never }, null];
}

/** Of the windows that are open, and of what was said within them. What never resets begins in 1970. */
function findStarts(
	of: Limited,
	standing: Limited | null,
	options: NeededOptions,
): readonly number[] {
	const { calendar, clock } = options;
	const when = { calendar, nowMs: clock.now() };
	const inForce = findInForce(of, options, standing);
	const limits = toLimits(everybody, inForce.set, { ...inForce, calendar });
	const starts = limits
		.filter(({ measure }) => measure === "nanos")
		.map(({ span }) =>
			span.kind === "scheduled"
				? windowAt(span.schedule, when.nowMs).startMs
				: 0,
		);
	// What is shown as spent, whether or not that has a limit.
	starts.push(findWindow(inForce, when)?.startMs ?? 0);
	const resetMs = of.reset?.atMs ?? 0;
	return resetMs >= Math.min(...starts) ? [...starts, resetMs] : starts;
}
