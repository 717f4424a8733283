/** Rows of usages with what they cost, and why. */
import { expect, test } from "bun:test";
import type { TruthState } from "../../src/domain/entry.ts";
import type { Usage } from "../../src/domain/usage.ts";
import type { CostContext } from "../../src/pricing/cost.ts";
import type { CostNote } from "../../src/pricing/cost-notes.ts";
import { costOf, dollarsOf } from "./usages.ts";

export type CostRow = readonly [
	title: string,
	usage: Partial<Usage>,
	dollars: string,
	state: TruthState,
	notes: readonly CostNote[],
	price: string | null,
	context?: Partial<CostContext>,
];

export function checkCosts(rows: readonly CostRow[]): void {
	test.each(rows)(
		"%s",
		(_, usage, dollars, state, notes, price, context = {}) => {
			expect(dollarsOf(usage, context)).toBe(dollars);
			expect(costOf(usage, context)).toMatchObject({ state, notes, price });
		},
	);
}

export const million = { input: 1_000_000 };
export const sonnet = "claude-sonnet-5-5@2026-10-07";
export const opus = "claude-opus-5-5@2026-09-22";
export const fable = "claude-fable-5-1@2026-09-01";
export const haiku = "claude-haiku-5-5@2026-10-07";
