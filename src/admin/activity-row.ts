/** What was used, in the words of LiteLLM's daily activity. */
import { addUse, noUse, type UsedSums } from "../store/activity.ts";
import { toDollars } from "./spend-row.ts";

const toPrompt = (sums: UsedSums): number =>
	sums.input + sums.cacheWrite + sums.cacheRead;

export const toTokens = (sums: UsedSums): number =>
	toPrompt(sums) + sums.output;

/** Prompt tokens with those of the cache. */
export const toMetrics = (sums: UsedSums) => ({
	spend: toDollars(sums.cost),
	prompt_tokens: toPrompt(sums),
	completion_tokens: sums.output,
	cache_read_input_tokens: sums.cacheRead,
	cache_creation_input_tokens: sums.cacheWrite,
	total_tokens: toTokens(sums),
	successful_requests: sums.calls - sums.failures,
	failed_requests: sums.failures,
	api_requests: sums.calls,
});

export const toTotals = (sums: UsedSums) => ({
	total_spend: toDollars(sums.cost),
	total_prompt_tokens: toPrompt(sums),
	total_completion_tokens: sums.output,
	total_tokens: toTokens(sums),
	total_api_requests: sums.calls,
	total_successful_requests: sums.calls - sums.failures,
	total_failed_requests: sums.failures,
	total_cache_read_input_tokens: sums.cacheRead,
	total_cache_creation_input_tokens: sums.cacheWrite,
});

/** Sums by name: of models, of keys, of whoever. */
export type Sums = ReadonlyMap<string, UsedSums>;

export function sumBy<T extends UsedSums>(
	rows: readonly T[],
	toName: (row: T) => string,
): Sums {
	const sums = new Map<string, UsedSums>();
	for (const row of rows) {
		const name = toName(row);
		sums.set(name, addUse(sums.get(name) ?? noUse, row));
	}
	return sums;
}

export const sumUp = (rows: readonly UsedSums[]): UsedSums =>
	rows.reduce(addUse, noUse);

/** The dearest first, and those that cost the same by name. */
export const toDearest = (sums: Sums): [string, UsedSums][] =>
	[...sums].sort(([a, x], [b, y]) =>
		x.cost === y.cost ? (a < b ? -1 : 1) : x.cost > y.cost ? -1 : 1,
	);

type ToMetadata = (name: string) => object;

/** `{name: {metrics, metadata, api_key_breakdown}}`; which keys a model's or a team's calls had is not in the sums. */
export const toBreakdown = (
	sums: Sums,
	toMetadata: ToMetadata = () => ({}),
): Record<string, object> =>
	Object.fromEntries(
		toDearest(sums).map(([name, of]) => [
			name,
			{
				metrics: toMetrics(of),
				metadata: toMetadata(name),
				api_key_breakdown: {},
			},
		]),
	);
