/** The short form of `bun run soak budgets`. */
import { expect, test } from "bun:test";
import { budgetsSizes, spendBudget } from "../../scripts/soak/budgets.ts";
import { isMissed } from "../../scripts/soak/figure.ts";
import { masterKey, openOperator } from "./operator.ts";

const limitMs = 40_000;

test(
	"ten parallel sessions spend 95 % of a budget and nothing above it; open holds only make them wait",
	async () => {
		const op = await openOperator();
		try {
			const { url, simulator } = op.rig;
			const place = { url, masterKey, simulator };
			const signal = AbortSignal.timeout(limitMs);
			for (const load of budgetsSizes.quick) {
				const figures = await spendBudget(place, load, {
					seed: 1,
					signal,
					progress: () => {},
				});
				expect(figures.filter(isMissed)).toEqual([]);
				const waited = figures.find(({ name }) => name.includes("retries"));
				expect(waited?.value).toBeGreaterThan(0);
			}
		} finally {
			await op.stop();
		}
	},
	limitMs,
);
