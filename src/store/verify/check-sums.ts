/** I-01: the sums of the ledger are those of its Entries, by every dimension, hour and model. */
import { otherName } from "../rollup-names.ts";
import type { Findings } from "./findings.ts";
import { type Scratch, type SumPair, sumColumns } from "./scratch.ts";

const named: ReadonlySet<string> = new Set(["tag", "customer"]);
const hoursPerDay = 24;
/** From so many names of a day on, some keys may have no more of their own: rollup-names.ts. */
const namesPerKey = 1_000;

/** What Entries come to that were deleted, by hour, in the order of `sumColumns`. */
export type TrimmedSums = ReadonlyMap<number, readonly bigint[]>;

export function checkSums(
	scratch: Scratch,
	findings: Findings,
	trimmed: TrimmedSums,
): void {
	const unseen = new Map(trimmed);
	for (const pairs of scratch.differences()) {
		const [{ hour, dimension } = { hour: 0, dimension: "" }] = pairs;
		const gone = trimmed.get(hour);
		if (gone !== undefined) {
			if (dimension === "global") unseen.delete(hour);
			checkTrimmed(pairs, gone, findings);
			continue;
		}
		const moved = withoutMovedModels(pairs, findings);
		const left = withoutOtherNames(moved, scratch);
		for (const pair of left) blame(pair, findings);
	}
	for (const [hour, gone] of unseen) {
		if (gone.every((sum) => sum === 0n)) continue;
		const name = toName({ dimension: "global", id: "", hour });
		const detail = `${name}: deleted Entries (${toFigures(gone)}) are not in the sum.`;
		findings.add("sum_changed", { detail });
	}
}

/**
 * Of an hour with deleted Entries: all subjects together have what is there and what was deleted, exactly. Whose the deleted
 * ones were is not kept: no subject has less than its Entries make, and none of a kind together more than was deleted.
 */
function checkTrimmed(
	pairs: readonly SumPair[],
	gone: readonly bigint[],
	findings: Findings,
): void {
	const [first] = pairs;
	if (first === undefined) return;
	const { dimension } = first;
	const more = addUp(pairs.map(toDelta));
	const isRight =
		dimension === "global"
			? more.every((sum, at) => sum === gone[at])
			: dimension === "tag" || (more[0] ?? 0n) <= (gone[0] ?? 0n);
	if (!isRight) {
		const detail = `${toName({ ...first, id: "" })}: the sums are ${toFigures(more)} more than the Entries that are left; deleted were ${toFigures(gone)}.`;
		findings.add("sum_changed", { id: first.id, detail });
	}
	// Names of those may be summed as `other`, and models under another name.
	if (named.has(dimension) || dimension === "global") return;
	for (const group of Map.groupBy(pairs, ({ id }) => id).values()) {
		const [calls = 0n] = addUp(group.map(toDelta));
		const [pair] = group;
		if (calls < 0n && pair !== undefined) blame(pair, findings);
	}
}

/**
 * Which name a model is summed under is decided by the price list of the time. Where that is not the one at hand, all that
 * can be checked is that nothing but the name differs.
 */
function withoutMovedModels(
	pairs: readonly SumPair[],
	findings: Findings,
): SumPair[] {
	return [...Map.groupBy(pairs, ({ id }) => id).values()].flatMap((group) => {
		const deltas = group.map(toDelta);
		const total = addUp(deltas);
		const away = deltas.reduce((sum, [calls = 0n]) => sum + most(calls), 0n);
		const movable = group.reduce((sum, one) => sum + one.movable, 0);
		const isMove = total.every((sum) => sum === 0n) && away <= BigInt(movable);
		if (!isMove || group.length < 2) return group;
		for (const pair of group) {
			const detail = `${toName(pair)}: ${pair.model || "calls without a model"} was summed by another price list.`;
			findings.add("model_moved", { id: pair.id, detail });
		}
		return [];
	});
}

/**
 * Names beyond the first thousand of a key and day are summed as `other`; which ones they were depends on what the process
 * had seen. Such a day's names may have less than their Entries say, and `other` has what they lack.
 */
function withoutOtherNames(
	pairs: readonly SumPair[],
	scratch: Scratch,
): readonly SumPair[] {
	const [first] = pairs;
	if (first === undefined || !named.has(first.dimension)) return pairs;
	const other = pairs.filter(({ id }) => id === otherName);
	if (other.length === 0) return pairs;
	const day = Math.floor(first.hour / hoursPerDay);
	const names = scratch.countNames(
		// A call of yesterday that ends today has the names of today.
		(day - 1) * hoursPerDay,
		(day + 2) * hoursPerDay,
	);
	if (names < namesPerKey) return pairs;
	const less = pairs.filter(({ id }) => id !== otherName);
	const gained = addUp(other.map(toDelta));
	const lacking = addUp(less.map(toDelta));
	// Of two tags of one call that have no name of their own `other` counts one.
	const isMove = gained.every((sum, at) => {
		const lost = -(lacking[at] ?? 0n);
		return first.dimension === "tag" ? sum <= lost : sum === lost;
	});
	const isLess = less.every((pair) => toDelta(pair).every((sum) => sum <= 0n));
	if (!isLess) return pairs;
	return isMove && (gained[0] ?? 0n) > 0n ? [] : other;
}

const none: readonly bigint[] = sumColumns.map(() => 0n);

/** What is stored more than the Entries say. */
const toDelta = ({ wanted, stored }: SumPair): bigint[] =>
	none.map(
		(_, at) => ((stored ?? none)[at] ?? 0n) - ((wanted ?? none)[at] ?? 0n),
	);

const addUp = (deltas: readonly (readonly bigint[])[]): bigint[] =>
	none.map((_, at) => deltas.reduce((sum, one) => sum + (one[at] ?? 0n), 0n));

const most = (sum: bigint): bigint => (sum > 0n ? sum : 0n);

const hourMs = 3_600_000;

const toName = ({
	dimension,
	id,
	hour,
}: Pick<SumPair, "dimension" | "id" | "hour">): string =>
	`${dimension}${id === "" ? "" : ` ${id}`}, ${toHour(hour)}`;

function toHour(hour: number): string {
	const time = new Date(hour * hourMs);
	return Number.isNaN(time.getTime())
		? `hour ${hour}`
		: `${time.toISOString().slice(0, 13)}h UTC`;
}

function blame(pair: SumPair, findings: Findings): void {
	const { wanted, stored, model, id } = pair;
	const name = `${toName(pair)}, ${model || "no model"}`;
	if (stored === null) {
		const detail = `${name}: the sum is missing; the Entries make ${toFigures(wanted ?? none)}.`;
		findings.add("sum_missing", { id, detail });
	} else if (wanted === null) {
		const detail = `${name}: there is a sum (${toFigures(stored)}) and no Entry for it.`;
		findings.add("sum_extra", { id, detail });
	} else {
		const wrong = sumColumns.flatMap((column, at) =>
			stored[at] === wanted[at]
				? []
				: [`${column} ${stored[at]} instead of ${wanted[at]}`],
		);
		findings.add("sum_changed", {
			id,
			detail: `${name}: ${wrong.join(", ")}.`,
		});
	}
}

const toFigures = (sums: readonly bigint[]): string =>
	sumColumns
		.flatMap((column, at) => (sums[at] ? [`${column} ${sums[at]}`] : []))
		.join(", ") || "nothing";
