import { loadPrices } from "../../src/pricing/load-prices.ts";
import { type Call, toCall } from "./calls.ts";
import { toCast } from "./cast.ts";
import { openDice } from "./dice.ts";
import { dayMs, hourMs, toHours } from "./hours.ts";

export interface Plan {
	readonly entries: number;
	readonly seed: number;
	readonly days: number;
	/** The first moment after the last hour. */
	readonly untilMs: number;
}

/** What one commit takes. */
const maxGroup = 5_000;
const castSize = { keys: 50, teams: 8, tags: 200 } as const;
/** The newest of those that were on sale throughout. */
const maxModels = 14;

/** Entries hour by hour, those of an hour in the order in which they end, which is the order of a ledger. */
export function* makeGroups(plan: Plan): Iterable<readonly Call[]> {
	const { entries, seed, untilMs } = plan;
	const dice = openDice(seed);
	const { catalog, problems } = loadPrices({
		unknownModel: "dearest",
		factor: "1",
		path: null,
	});
	if (problems) throw new Error(problems.join("\n"));
	const models = catalog.models
		.filter(
			({ rows, retiresMs }) =>
				(rows[0]?.fromMs ?? untilMs) <= toStartMs(plan) && retiresMs >= untilMs,
		)
		.map(({ model }) => model)
		.slice(0, maxModels);
	if (models.length === 0) throw new Error("no model was on sale at that time");
	const cast = toCast(dice, models, castSize);
	for (const hour of toHours(entries, plan)) {
		const starts = Array.from(
			{ length: hour.calls },
			() => hour.startMs + dice.below(hourMs),
		).sort((a, b) => a - b);
		// In order of their starts, so that a session's calls lie together.
		const calls = starts.map((ms) =>
			toCall(dice.pick(cast), ms, { dice, catalog }),
		);
		calls.sort((a, b) => toEndMs(a) - toEndMs(b));
		for (let at = 0; at < calls.length; at += maxGroup)
			yield calls.slice(at, at + maxGroup);
	}
}

export const toStartMs = ({ days, untilMs }: Plan): number =>
	untilMs - days * dayMs;

const toEndMs = ({ entry }: Call) => entry.startedMs + entry.durationMs;
