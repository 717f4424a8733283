/** What every crash stands on: the simulator, a seeded row of calls, what was seen of them, and what is wrong. */

import type { Catalog } from "../../src/pricing/catalog.ts";
import type { Exchange } from "../../src/simulator/record.ts";
import { openRandom } from "../../src/simulator/seeded.ts";
import {
	openSimulator,
	type Simulator,
} from "../../src/simulator/simulator.ts";
import type { Figure } from "../soak/figure.ts";
import { checkFile, openAudit } from "./audit.ts";
import type { CrashContext } from "./context.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { openWitness, type SeenEnd, type Witness } from "./load.ts";
import { type CallPlan, labelHeader, openPlans } from "./plan.ts";
import { openCatalog } from "./truth.ts";
import {
	type Blame,
	judgeSeen,
	type Known,
	openBlame,
	openShelf,
	type Shelf,
	shelve,
} from "./verdict.ts";

export interface Ground {
	readonly context: CrashContext;
	readonly simulator: Simulator;
	readonly random: () => number;
	readonly next: () => CallPlan;
	readonly witness: Witness;
	readonly catalog: Catalog;
	readonly blame: Blame;
	/** Of everything begun so far. */
	readonly known: Known;
	start(dataDir: string): Gateway;
}

/**
 * @param name what its calls' labels begin with
 * @param keptBodyBytes of every body, in upstream's record
 */
export async function openGround(
	context: CrashContext,
	name: string,
	keptBodyBytes = 0,
): Promise<Ground> {
	const simulator = await openSimulator({
		record: { maxExchanges: 100_000, maxBodyBytes: keptBodyBytes },
	});
	const witness = openWitness();
	const catalog = openCatalog();
	const blame = openBlame(context.say);
	return {
		context,
		simulator,
		random: openRandom(context.seed),
		next: openPlans(context.seed, `${name}-${context.seed}`),
		witness,
		catalog,
		blame,
		known: { plans: witness.plans, catalog, blame: blame.blame },
		start: (dataDir) =>
			startGateway({
				...context,
				dataDir,
				upstreamUrl: simulator.url,
				env: { TOLLWAY_DURABILITY: context.durability },
			}),
	};
}

/** Labels of the calls that upstream has had since the last time. */
export function takeUpstream({ record }: Simulator): string[] {
	const labels = record.all().map(toLabel);
	record.clear();
	return labels;
}

export const toLabel = ({ received: { rawHeaders } }: Exchange): string =>
	rawHeaders[rawHeaders.indexOf(labelHeader) + 1] ?? "";

/** The whole ledger of a gateway that is running and quiet, from its first Entry on. */
export function judgeWhole(
	path: string,
	seen: Iterable<SeenEnd>,
	{ known }: Ground,
): Shelf {
	const shelf = openShelf();
	shelve(openAudit({ path, ...known }).read(), shelf, known);
	judgeSeen(seen, shelf, known);
	checkFile(path, known.blame);
	return shelf;
}

export const toGroundFigures = ({ witness, blame }: Ground): Figure[] => [
	{ name: "calls begun", value: witness.plans.size, unit: "count" },
	{ name: "ends seen", value: witness.seen.length, unit: "count" },
	...blame.toFigures(),
];
