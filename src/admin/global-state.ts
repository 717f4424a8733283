/** What the global routes have in common. */
import type { Nanos } from "../domain/nanos.ts";
import type { Clock } from "../platform/contract.ts";
import type { Used } from "../store/activity.ts";
import { readUse } from "./activity.ts";
import type { LogsState } from "./spend-logs.ts";
import { dayMs, toDays } from "./spend-span.ts";
import { toLocalDays, utc } from "./zone.ts";

const globalDays = 30;

export type Dates = Parameters<typeof toDays>[0];

export interface GlobalState extends LogsState {
	readonly clock: Clock;
	/** Of everything; null: there is none. */
	readonly maxBudget: () => Nanos | null;
}

/** The last thirty days and today. */
export function toUsualDays({ clock }: Pick<GlobalState, "clock">) {
	const today = Math.floor(clock.now() / dayMs) * dayMs;
	return { firstMs: today - globalDays * dayMs, lastMs: today };
}

/** Everybody's, by day and model. */
export const readEverything = (
	query: Dates,
	state: GlobalState,
): Promise<readonly Used[]> =>
	readUse(state, {
		dimension: "global",
		ids: [""],
		days: toLocalDays(toDays(query) ?? toUsualDays(state), utc),
	});
