/** Spend by day, out of the sums. */
import { GatewayError } from "../domain/error.ts";
import { type Nanos, noNanos, toNanos } from "../domain/nanos.ts";
import type { SqlValue } from "../platform/contract.ts";
import type { Engine } from "../store/engine.ts";
import {
	type EntryFilter,
	type Reports,
	toSummedNanos,
} from "../store/reports.ts";
import { toDollars } from "./spend-row.ts";
import { maxDays, tooManyDays } from "./spend-span.ts";

export interface DaysAsked {
	readonly filter: EntryFilter;
	/** Empty for `global`. */
	readonly id: string;
	/** The first moments of the first and of the last day, UTC. */
	readonly firstMs: number;
	readonly lastMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Of days times users, or keys, or models; more is no answer that anybody reads. */
const maxGroups = 50_000;

/** Of one day. */
interface DaySpend {
	spend: Nanos;
	readonly models: Map<string, Nanos>;
	readonly users: Map<string, Nanos>;
	readonly keys: Map<string, Nanos>;
}

/** `[{startTime, spend, users: {id: dollars}, models: {name: dollars}, <key>: dollars}]`, days without spend among them. */
export type DayRow = Record<string, unknown>;

/**
 * Of a key only its models are told apart, and of a user the same: sums are kept by subject, not by every pair of them.
 * @throws GatewayError `malformed_request` for more than 366 days, or more users or keys than an answer can hold
 */
export async function toSpendDays(
	engine: Engine,
	reports: Reports,
	asked: DaysAsked,
): Promise<DayRow[]> {
	const { filter, id, firstMs, lastMs } = asked;
	const count = (lastMs - firstMs) / dayMs + 1;
	if (count > maxDays) throw tooManyDays();
	const hours = { from: firstMs / hourMs, until: (lastMs + dayMs) / hourMs };
	const days = new Map<number, DaySpend>();
	const bound = { ...hours, count: maxGroups + 1 };
	const ofSubject = { ...bound, dimension: filter, id };
	for (const row of await engine.read(reports.daysByModel(ofSubject))) {
		addTo(days, row, "models");
	}
	for (const part of filter === "global" ? parts : []) {
		const query = reports.daysById({ ...bound, dimension: part.dimension });
		const rows = await engine.read(query);
		if (rows.length > maxGroups) {
			throw new GatewayError(
				"malformed_request",
				"start_date and end_date: there were too many users or keys in so many days. Ask for fewer days.",
			);
		}
		for (const row of rows) addTo(days, row, part.member);
	}
	return Array.from({ length: count }, (_, at) => {
		const startMs = firstMs + at * dayMs;
		return toRow(startMs, days.get(startMs / dayMs), asked);
	});
}

const parts = [
	{ dimension: "user", member: "users" },
	{ dimension: "key", member: "keys" },
] as const;

/** @param row day, id or model, and cost */
function addTo(
	days: Map<number, DaySpend>,
	[day, name, cost]: readonly SqlValue[],
	member: "models" | "users" | "keys",
): void {
	let sums = days.get(Number(day));
	if (sums === undefined) {
		sums = {
			spend: noNanos,
			models: new Map(),
			users: new Map(),
			keys: new Map(),
		};
		days.set(Number(day), sums);
	}
	const nanos = toSummedNanos(cost);
	sums[member].set(String(name), nanos);
	if (member === "models") sums.spend = toNanos(sums.spend + nanos);
}

function toRow(
	startMs: number,
	sums: DaySpend | undefined,
	{ filter, id }: DaysAsked,
): DayRow {
	const spend = toDollars(sums?.spend ?? noNanos);
	return {
		...(filter === "key" ? { [id]: spend } : toDollarsByName(sums?.keys)),
		// Last, so that no key can be called like one of these.
		startTime: new Date(startMs).toISOString().slice(0, 10),
		spend,
		users: filter === "user" ? { [id]: spend } : toDollarsByName(sums?.users),
		models: toDollarsByName(sums?.models),
	};
}

const toDollarsByName = (sums: ReadonlyMap<string, Nanos> | undefined) =>
	Object.fromEntries(
		[...(sums ?? [])].map(([name, nanos]) => [name, toDollars(nanos)]),
	);
