/** The sum of a Claude Code session's Entries is what it says itself, for every model that it prices. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { needs } from "../needs.ts";
import {
	type ClaudeRig,
	isSame,
	openClaudeRig,
	pricedModels,
	type UsageName,
} from "./claude-costs.ts";

const program = await needs.npmTool(
	"@anthropic-ai/claude-code@2.1.330",
	"claude",
);
const timeoutMs = 40_000;

const guessed =
	"Claude Code 2.1.330 has no price for this model and takes that of Opus 5.5 (costBasis unknown); the ledger has the listed one";
const noFast =
	"this model has no fast mode and upstream never says so of it; Claude Code takes the usual price, the ledger doubles it and marks the row as estimated";
const formerFast =
	"its fast mode has ended and upstream never says so of it any more; Claude Code still has the price of that time, the ledger doubles the usual one and marks the row as estimated";

/** Of one call, in dollars: what Claude Code says, and what the ledger says. `bun scripts/claude-costs.ts` prints them. */
const differences: readonly (readonly [
	model: string,
	usage: UsageName,
	claude: string,
	ledger: string,
	why: string,
])[] = [
	["claude-fable-5-1", "fast", "0.06295425", "0.1259085", noFast],
	["claude-mythos-5-1", "fast", "0.06295425", "0.1259085", noFast],
	["claude-fable-5", "fast", "0.0704595", "0.140919", noFast],
	["claude-mythos-5", "fast", "0.0704595", "0.140919", noFast],
	[
		"claude-mythos-preview",
		"every kind of token",
		"0.0261824",
		"0.17614875",
		guessed,
	],
	["claude-opus-4-7", "fast", "0.2113785", "0.0704595", formerFast],
	["claude-opus-4-6", "fast", "0.2113785", "0.0704595", formerFast],
	["claude-opus-4-5-20251101", "fast", "0.03522975", "0.0704595", noFast],
	[
		"claude-3-opus-20240229",
		"every kind of token",
		"0.0261824",
		"0.10568925",
		guessed,
	],
	["claude-sonnet-5-5", "fast", "0.0130912", "0.0261824", noFast],
	["claude-sonnet-5", "fast", "0.0140919", "0.0281838", noFast],
	["claude-sonnet-4-6", "fast", "0.02113785", "0.0422757", noFast],
	["claude-sonnet-4-5-20250929", "fast", "0.02113785", "0.0422757", noFast],
	["claude-sonnet-4-20250514", "fast", "0.02113785", "0.0422757", noFast],
	["claude-3-7-sonnet-20250219", "fast", "0.02113785", "0.0422757", noFast],
	["claude-3-5-sonnet-20241022", "fast", "0.02113785", "0.0422757", noFast],
	["claude-3-5-sonnet-20240620", "fast", "0.02113785", "0.0422757", noFast],
	[
		"claude-3-sonnet-20240229",
		"every kind of token",
		"0.0261824",
		"0.02113785",
		guessed,
	],
	["claude-haiku-5-5", "fast", "0.000704595", "0.00140919", noFast],
	["claude-haiku-4-5-20251001", "fast", "0.00704595", "0.0140919", noFast],
	["claude-3-5-haiku-20241022", "fast", "0.00563676", "0.01127352", noFast],
	[
		"claude-3-haiku-20240307",
		"every kind of token",
		"0.0261824",
		"0.00178651",
		guessed,
	],
	["claude-2.1", "every kind of token", "0.0261824", "0.0514556", guessed],
	["claude-2.0", "every kind of token", "0.0261824", "0.0514556", guessed],
	[
		"claude-instant-1.2",
		"every kind of token",
		"0.0261824",
		"0.00514556",
		guessed,
	],
];

const unpriced = new Set(
	differences.filter((row) => row[4] === guessed).map(([model]) => model),
);

/** What upstream says of the calls of one session. */
const session: readonly UsageName[] = [
	"every kind of token",
	"in the US, with two searches",
	"a prompt of 230,014 tokens",
];

const toDollars = (nanos: number) => String(Number((nanos / 1e9).toFixed(9)));

describe.skipIf(program === null)("what Claude Code says it has cost", () => {
	let rig: ClaudeRig;
	beforeAll(async () => {
		rig = await openClaudeRig(program ?? "");
	});
	afterAll(() => rig.stop());

	test.each(pricedModels.filter((model) => !unpriced.has(model)))(
		"%s: a session of three calls is the sum of its rows, to the nano-dollar",
		async (model) => {
			const cost = await rig.measure(model, session);
			expect(cost).toMatchObject({ basis: "list", calls: session.length });
			expect(cost.ledgerNanos).toBeGreaterThan(0);
			expect([cost, isSame(cost)]).toEqual([cost, true]);
		},
		timeoutMs,
	);

	test.each(["claude-fable-5-2", "claude-opus-5-5", "claude-opus-5"])(
		"%s in its fast mode: the same",
		async (model) => {
			const cost = await rig.measure(model, ["fast"]);
			expect([cost, isSame(cost)]).toEqual([cost, true]);
		},
		timeoutMs,
	);

	test.each(differences)(
		"%s, %s: %s there and %s here, because %s",
		async (model, usage, claude, ledger) => {
			const cost = await rig.measure(model, [usage]);
			expect([
				toDollars(cost.claudeNanos),
				toDollars(cost.ledgerNanos),
				isSame(cost),
			]).toEqual([claude, ledger, false]);
		},
		timeoutMs,
	);
});
