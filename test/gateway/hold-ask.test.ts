/** What is held for a body, and that no call that it can start costs more. */
import { describe, expect, test } from "bun:test";
import {
	type HoldAsk,
	type HoldMode,
	toHoldAmount,
} from "../../src/domain/hold-amount.ts";
import { toHoldAsk } from "../../src/gateway/hold-ask.ts";
import { scanBody } from "../../src/gateway/scan/scan.ts";
import { toCost } from "../../src/pricing/cost.ts";
import { now, openShipped, toUsage } from "../pricing/usages.ts";
import { maxTokens, say } from "./hold-bodies.ts";
import { promptCases } from "./hold-bodies-prompt.ts";
import { toolCases } from "./hold-bodies-tools.ts";

const catalog = openShipped();
const find = (model: string) => catalog.find(model, now).price;

function toAsk(body: Record<string, unknown>) {
	const text = JSON.stringify({
		model: "claude-sonnet-5-5",
		max_tokens: maxTokens,
		...say(),
		...body,
	});
	const scan = scanBody(new TextEncoder().encode(text));
	return { ask: toHoldAsk(scan, find) as HoldAsk, bytes: text.length };
}

const context = { atMs: now, requestedModel: "claude-sonnet-5-5" };

describe("the hold for", () => {
	test.each([...promptCases, ...toolCases])(
		"$name",
		({ body, ask: wanted, models, worst }) => {
			const { ask, bytes } = toAsk(body);
			expect(ask).toMatchObject(wanted as object);
			if (models) {
				expect(ask.slots.map(({ price }) => price.model)).toEqual([...models]);
			}
			for (const mode of ["usual", "strict"] as const satisfies HoldMode[]) {
				const usage = toUsage(worst(Math.floor(bytes / 2)));
				const { nanos } = toCost(usage, catalog, context);
				expect(toHoldAmount(ask, mode).nanos).toBeGreaterThanOrEqual(
					nanos as bigint,
				);
			}
		},
	);

	test("no more than a tenth above the worst of an ordinary call, so that budgets are not blocked", () => {
		const { ask, bytes } = toAsk({ inference_geo: "global" });
		const usage = toUsage({ input: Math.ceil(bytes / 2), output: maxTokens });
		const cost = toCost(usage, catalog, context).nanos as bigint;
		expect(toHoldAmount(ask, "usual").nanos).toBeLessThanOrEqual(
			(cost * 11n) / 10n,
		);
	});

	test("a model nobody knows, where nothing stands in: nothing can be held", () => {
		const body = JSON.stringify({ model: "gpt-99", ...say() });
		const scan = scanBody(new TextEncoder().encode(body));
		expect(toHoldAsk(scan, () => null)).toBeNull();
	});
});
