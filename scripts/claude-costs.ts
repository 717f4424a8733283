/**
 * `bun scripts/claude-costs.ts [model…]`: runs Claude Code once per model and kind of usage in front of a simulator, and
 * prints what it says a session has cost beside what the ledger says. Models are all that have a price here, unless named.
 */
import {
	type ClaudeCost,
	isSame,
	openClaudeRig,
	pricedModels,
	type UsageName,
	usages,
} from "../test/compat/claude-costs.ts";
import { needs } from "../test/needs.ts";
import { say } from "./say.ts";

const program = await needs.npmTool(
	"@anthropic-ai/claude-code@2.1.330",
	"claude",
);
if (program === null) process.exit(1);

const toDollars = (nanos: number) => (nanos / 1e9).toFixed(9);

const toLine = (cost: ClaudeCost): string =>
	[
		isSame(cost) ? "same  " : "DIFFER",
		cost.model.padEnd(28),
		cost.usage.padEnd(30),
		cost.basis.padEnd(8),
		toDollars(cost.claudeNanos),
		toDollars(cost.ledgerNanos),
	].join(" ");

const named = process.argv.slice(2);
const rig = await openClaudeRig(program);
say(`${" ".repeat(74)} Claude Code  ledger`);
for (const model of named.length > 0 ? named : pricedModels) {
	for (const usage of Object.keys(usages) as UsageName[]) {
		say(toLine(await rig.measure(model, [usage])));
	}
}
await rig.stop();
