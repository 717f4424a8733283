/** What somebody may use who is linked with a budget: whose word counts. */
import { describe, expect, test } from "bun:test";
import {
	type LimitSet,
	lay,
	type ModelLimit,
	noLimits,
} from "../../src/domain/limit-set.ts";

type Part = Partial<LimitSet>;

const budget = (maxBudgetNanos: number | null, budgetDuration: string | null) =>
	({ maxBudgetNanos, budgetDuration }) satisfies Part;

const rows: readonly (readonly [
	what: string,
	own: Part,
	under: Part,
	laid: Part,
])[] = [
	["nothing of one's own", {}, budget(5, "1d"), budget(5, "1d")],
	[
		"a budget and a window",
		budget(9, "1mo"),
		budget(5, "1d"),
		budget(9, "1mo"),
	],
	[
		"a budget without a window",
		budget(9, null),
		budget(5, "1d"),
		budget(9, "1d"),
	],
	["a window only", budget(null, "1d"), budget(5, "1mo"), budget(5, "1mo")],
	[
		"a window for a budget that has none",
		budget(null, "1d"),
		budget(5, null),
		budget(5, "1d"),
	],
	["a budget of nothing", budget(0, null), budget(5, "1d"), budget(0, "1d")],
	[
		"a soft budget",
		{ softBudgetNanos: 3 },
		budget(5, "1d"),
		{ ...budget(5, "1d"), softBudgetNanos: 3 },
	],
	[
		"a soft budget over none",
		{ softBudgetNanos: 3, budgetDuration: "1d" },
		{ rpmLimit: 7 },
		{ softBudgetNanos: 3, budgetDuration: "1d", rpmLimit: 7 },
	],
	[
		"rates",
		{ rpmLimit: 1 },
		{ rpmLimit: 9, tpmLimit: 8 },
		{ rpmLimit: 1, tpmLimit: 8 },
	],
	[
		"no calls at all",
		{ maxParallel: 0 },
		{ maxParallel: 5 },
		{ maxParallel: 0 },
	],
];

test.each(rows)("%s", (_, own, under, laid) => {
	expect(lay({ ...noLimits, ...own }, { ...noLimits, ...under })).toEqual({
		...noLimits,
		...laid,
	});
});

test("without a link one's own words are all", () => {
	const own = { ...noLimits, ...budget(1, "1d") };
	expect(lay(own, null)).toBe(own);
});

describe("models", () => {
	const limit = (model: string, part: Partial<ModelLimit>): ModelLimit => ({
		model,
		maxBudgetNanos: null,
		duration: null,
		rpmLimit: null,
		tpmLimit: null,
		...part,
	});
	const layModels = (own: ModelLimit[], under: ModelLimit[]) =>
		lay({ ...noLimits, modelLimits: own }, { ...noLimits, modelLimits: under })
			.modelLimits;

	test("a limit for one lifts none of the others", () => {
		const own = limit("a", { rpmLimit: 1 });
		const under = limit("b", { maxBudgetNanos: 5, duration: "1d" });
		expect(layModels([own], [under])).toEqual([own, under]);
	});

	test("of one model a budget keeps its window, and each rate counts by itself", () => {
		const own = limit("a", { duration: "1d", rpmLimit: 1 });
		const under = limit("a", {
			maxBudgetNanos: 5,
			duration: "1mo",
			rpmLimit: 9,
			tpmLimit: 8,
		});
		expect(layModels([own], [under])).toEqual([
			limit("a", {
				maxBudgetNanos: 5,
				duration: "1mo",
				rpmLimit: 1,
				tpmLimit: 8,
			}),
		]);
	});
});
