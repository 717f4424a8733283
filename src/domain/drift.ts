/** The ledger beside upstream's own reports, by day and model: where they differ, by how much, and what may be why. */
import { type Nanos, noNanos, toNanos } from "./nanos.ts";
import type { TokenCounts } from "./usage.ts";

/** What one side says. */
export interface Tally extends TokenCounts {
	readonly webSearches: number;
	readonly nanos: Nanos;
}

export interface LedgerTally extends Tally {
	readonly calls: number;
	readonly estimatedCalls: number;
	/** Part of `nanos`. */
	readonly estimated: Nanos;
	/** How much more the estimated calls may have cost: what was held for them is the most. */
	readonly estimatedRoom: Nanos;
	readonly partialCalls: number;
	/** Part of `nanos`. */
	readonly partial: Nanos;
	readonly unpricedCalls: number;
}

interface Place {
	/** `2026-11-22`, UTC. */
	readonly day: string;
	/** Or what else upstream charges for: `web_search`, `code_execution`. */
	readonly model: string;
}

/** What upstream charges for beside tokens, and names no model for. */
export const webSearch = "web_search";
const codeExecution = "code_execution";

export type UpstreamPart = Tally & Place;
/** Calls that began on `day` and ended on `endDay`. */
export type LedgerPart = LedgerTally & Place & { readonly endDay: string };

export const countNames = [
	"input",
	"output",
	"cacheWrite5m",
	"cacheWrite1h",
	"cacheRead",
	"webSearches",
] as const satisfies readonly (keyof Tally)[];

export const noTally: Tally = {
	input: 0,
	output: 0,
	cacheWrite5m: 0,
	cacheWrite1h: 0,
	cacheRead: 0,
	webSearches: 0,
	nanos: noNanos,
};

export const noLedgerTally: LedgerTally = {
	...noTally,
	calls: 0,
	estimatedCalls: 0,
	estimated: noNanos,
	estimatedRoom: noNanos,
	partialCalls: 0,
	partial: noNanos,
	unpricedCalls: 0,
};

/** What differences up to these are taken for none. */
export interface Tolerance {
	readonly nanos: Nanos;
	readonly tokens: number;
}

interface CauseRow {
	/** Whether something is wrong, that is: whether the ledger itself does not say why. */
	readonly drifts: boolean;
	readonly about: string;
}

/** What a difference is called. */
export const driftCauses = {
	none: { drifts: false, about: "both sides agree" },
	estimated: {
		drifts: false,
		about: "no more than what the ledger's estimated calls may be off by",
	},
	container_time: {
		drifts: false,
		about: "container hours, of which no reply tells (partial calls)",
	},
	unpriced: {
		drifts: true,
		about: "the tokens agree, and the ledger has calls without a price",
	},
	price: {
		drifts: true,
		about: "the tokens agree, and upstream charges another price",
	},
	foreign: {
		drifts: true,
		about: "upstream has more: traffic that did not pass here",
	},
	missing: {
		drifts: true,
		about: "upstream has less: calls that its reports do not show",
	},
	mixed: {
		drifts: true,
		about: "upstream has more of some kinds and less of others",
	},
} as const satisfies Record<string, CauseRow>;

export type DriftCause = keyof typeof driftCauses;

export interface DriftRow extends Place {
	readonly ledger: LedgerTally;
	readonly upstream: Tally;
	/** Upstream's minus the ledger's. */
	readonly drift: Tally;
	readonly cause: DriftCause;
}

type Sum<T extends Tally> = { -readonly [Name in keyof T]: T[Name] };

export function addTally<T extends Tally>(sum: Sum<T>, more: T): void {
	for (const name of Object.keys(sum) as (keyof T)[]) {
		const [a, b] = [sum[name], more[name]] as [unknown, unknown];
		const added =
			typeof a === "bigint" ? a + (b as bigint) : (a as number) + (b as number);
		sum[name] = added as T[keyof T];
	}
}

const minus = (upstream: Tally, ledger: Tally): Tally => ({
	input: upstream.input - ledger.input,
	output: upstream.output - ledger.output,
	cacheWrite5m: upstream.cacheWrite5m - ledger.cacheWrite5m,
	cacheWrite1h: upstream.cacheWrite1h - ledger.cacheWrite1h,
	cacheRead: upstream.cacheRead - ledger.cacheRead,
	webSearches: upstream.webSearches - ledger.webSearches,
	nanos: toNanos(upstream.nanos - ledger.nanos),
});

interface OpenRow extends Place {
	readonly ledger: Sum<LedgerTally>;
	readonly upstream: Sum<Tally>;
}

/**
 * By day, then model. Which day upstream counts a call on that runs over midnight is not documented: each is counted where
 * it fits better, on the day on which it began or on that on which it ended.
 * @param ledger parts of the days before the first one too, for what ended on it
 */
export function toDrift(
	ledger: readonly LedgerPart[],
	upstream: readonly UpstreamPart[],
	how: { readonly days: readonly string[]; readonly tolerance: Tolerance },
): readonly DriftRow[] {
	const days = new Set(how.days);
	const rows = new Map<string, OpenRow>();
	const find = (day: string, model: string): OpenRow | null => {
		if (!days.has(day)) return null;
		const key = `${day}\n${model}`;
		let row = rows.get(key);
		if (row === undefined) {
			row = {
				day,
				model,
				ledger: { ...noLedgerTally },
				upstream: { ...noTally },
			};
			rows.set(key, row);
		}
		return row;
	};
	const put = (row: OpenRow | null, part: LedgerTally) => {
		if (row !== null) addTally(row.ledger, part);
	};
	for (const part of upstream) {
		const row = find(part.day, part.model);
		if (row !== null) addTally(row.upstream, part);
	}
	for (const part of ledger) {
		if (part.day === part.endDay) put(find(part.day, part.model), part);
	}
	for (const part of ledger) {
		if (part.day === part.endDay) continue;
		const start = find(part.day, part.model);
		const end = find(part.endDay, part.model);
		const gain = toMisfit(end) - toMisfit(end, part);
		const loss = toMisfit(start) - toMisfit(start, part);
		put(gain > loss ? end : start, part);
	}
	return toRows([...rows.values()], how.tolerance);
}

const toAmount = (nanos: bigint): number => Math.abs(Number(nanos));

/** How far both sides are apart, were the part counted in that row. */
function toMisfit(row: OpenRow | null, more: Tally = noTally): number {
	if (row === null) return 0;
	const { nanos, ...counts } = minus(row.upstream, row.ledger);
	return countNames.reduce(
		(sum, name) => sum + Math.abs(counts[name] - more[name]),
		toAmount(nanos - more.nanos),
	);
}

function toRows(
	rows: readonly OpenRow[],
	tolerance: Tolerance,
): readonly DriftRow[] {
	const daysWith = (name: "partialCalls" | "unpricedCalls") =>
		new Set(
			rows.filter(({ ledger }) => ledger[name] > 0).map(({ day }) => day),
		);
	const partialDays = daysWith("partialCalls");
	const unpricedDays = daysWith("unpricedCalls");
	return rows
		.map((row) => {
			const drift = minus(row.upstream, row.ledger);
			const difference = {
				...row,
				drift,
				tolerance,
				hasPartial: row.model === codeExecution && partialDays.has(row.day),
				hasUnpriced:
					row.ledger.unpricedCalls > 0 ||
					(row.model === webSearch && unpricedDays.has(row.day)),
			};
			const cause = causes.find(([, is]) => is(difference))?.[0] ?? "mixed";
			return { ...row, drift, cause };
		})
		.filter(
			({ ledger, upstream, cause }) =>
				cause !== "none" || !isEmpty(ledger, upstream),
		)
		.sort((a, b) => (`${a.day}\n${a.model}` < `${b.day}\n${b.model}` ? -1 : 1));
}

const isEmpty = (ledger: LedgerTally, upstream: Tally): boolean =>
	ledger.calls === 0 && isNothing(ledger) && isNothing(upstream);

const isNothing = (tally: Tally): boolean =>
	tally.nanos === 0n && toCounts(tally).every((count) => count === 0);

interface Difference extends Omit<DriftRow, "cause"> {
	readonly tolerance: Tolerance;
	/** It is what calls that are `partial` lack. */
	readonly hasPartial: boolean;
	/** Calls that are `unpriced` may be why. */
	readonly hasUnpriced: boolean;
}

const toCounts = (tally: Tally): number[] =>
	countNames.map((name) => tally[name]);

const isSameCounts = ({ drift, tolerance }: Difference): boolean =>
	toCounts(drift).every((count) => Math.abs(count) <= tolerance.tokens);

const isSameCost = ({ drift, tolerance }: Difference): boolean =>
	-tolerance.nanos <= drift.nanos && drift.nanos <= tolerance.nanos;

/** The first that holds. */
const causes: readonly (readonly [
	DriftCause,
	(difference: Difference) => boolean,
])[] = [
	["none", (one) => isSameCounts(one) && isSameCost(one)],
	["container_time", ({ drift, hasPartial }) => hasPartial && drift.nanos > 0n],
	[
		"estimated",
		({ ledger, drift }) =>
			ledger.estimatedCalls > 0 &&
			-ledger.estimated <= drift.nanos &&
			drift.nanos <= ledger.estimatedRoom,
	],
	[
		"unpriced",
		(one) => isSameCounts(one) && one.hasUnpriced && one.drift.nanos > 0n,
	],
	[
		"foreign",
		({ ledger, drift, tolerance }) =>
			toCounts(drift).every((count) => count >= -tolerance.tokens) &&
			drift.nanos >= -tolerance.nanos &&
			(toCounts(drift).some((count) => count > tolerance.tokens) ||
				isNothing(ledger)),
	],
	[
		"missing",
		({ drift, tolerance }) =>
			toCounts(drift).every((count) => count <= tolerance.tokens) &&
			drift.nanos <= tolerance.nanos &&
			toCounts(drift).some((count) => count < -tolerance.tokens),
	],
	["price", isSameCounts],
];
