/** Every command, once. */
import { claudeCommand, statuslineCommand } from "./claude-commands.ts";
import { type Given, toLoadOptions } from "./command-options.ts";
import type { CommandGroup, CommandRow } from "./command-row.ts";
import { runDemo } from "./demo.ts";
import { examine } from "./doctor.ts";
import { keyCommands } from "./key-commands.ts";
import { ledgerCommands } from "./ledger-commands.ts";
import { printPrices } from "./prices.ts";
import { printConfig } from "./print-config.ts";
import { serve } from "./serve.ts";
import { UsageError } from "./usage-error.ts";
import { printVersion } from "./version.ts";
import { exitCodes } from "./world.ts";

const loading = ["host", "port", "envFile", "insecureNoAuth"] as const;

function refuseConfigFile({ config }: Given): void {
	if (config === undefined) return;
	throw new UsageError(
		"there is no configuration file, only environment variables: from LiteLLM's file take master_key as LITELLM_MASTER_KEY, database_url as DATABASE_URL, and the model's api_key and api_base as ANTHROPIC_API_KEY and ANTHROPIC_API_BASE; `tollway config` lists all settings",
	);
}

export const commands: readonly (CommandRow | CommandGroup)[] = [
	{
		name: "serve",
		about: "run the gateway (the default)",
		options: [...loading, "config"],
		manual: true,
		run(world, given) {
			refuseConfigFile(given);
			return serve(world, toLoadOptions(given));
		},
	},
	{
		name: "demo",
		about: "run it in front of a simulated Anthropic: no key, no cost",
		options: ["keep"],
		run: (world, { keep }) => runDemo(world, { keep: keep === true }),
	},
	claudeCommand,
	statuslineCommand,
	keyCommands,
	ledgerCommands,
	{
		name: "usage",
		about: "show what was spent today and in seven days, and on what",
		options: ["json", "url", "envFile"],
		run: async (world, given) =>
			(await import("./usage.ts")).showUsage(world, given),
	},
	{
		name: "reconcile",
		about: "compare the ledger with Anthropic's own usage and cost reports",
		options: [
			"since",
			"until",
			"workspace",
			"tolerance",
			"tokenTolerance",
			"format",
			"json",
			"url",
			"envFile",
		],
		more: `Without days: the seven up to yesterday. Exit code 0: they agree; 1: they drift apart by more than the tolerance; 2: they
could not be compared. The gateway needs ANTHROPIC_ADMIN_KEY.`,
		run: async (world, given) =>
			(await import("./reconcile.ts")).reconcile(world, given),
	},
	{
		name: "config",
		about: "show every setting, its value and where it came from",
		options: [...loading, "json"],
		manual: true,
		run: (world, given) =>
			printConfig(world, {
				...toLoadOptions(given),
				json: given.json === true,
			}),
	},
	{
		name: "doctor",
		about: "check upstream, key, port, data folder, clock and limits",
		options: [...loading, "json"],
		run: (world, given) =>
			examine(world, { ...toLoadOptions(given), json: given.json === true }),
	},
	{
		name: "prices",
		about: "show what calls cost now, why, and what will change",
		options: ["envFile", "json"],
		argument: "[model]",
		run: (world, given) =>
			printPrices(world, {
				...toLoadOptions(given),
				json: given.json === true,
				...(given.argument === undefined ? {} : { model: given.argument }),
			}),
	},
	{
		name: "version",
		about: "print version, commit and runtime",
		options: ["json"],
		run(world, { json }) {
			printVersion(world, json === true);
			return exitCodes.ok;
		},
	},
];
