/** `tollway ledger …`. What the commands do is loaded when one is asked for. */
import type { CommandGroup } from "./command-row.ts";

export const ledgerCommands: CommandGroup = {
	name: "ledger",
	about: "verify the ledger of what calls cost, or price it again",
	more: `verify reads the database of the settings (TOLLWAY_DATA_DIR or DATABASE_URL) and
never writes to it; a gateway may be running on it. Exit code 0: all is as it was
written; 1: it is not, or could not be read.

reprice asks the running gateway, with the master key of the same settings
(TOLLWAY_MASTER_KEY); when none runs, it opens its database. It shows what would
change, and writes it down when you say yes: the differences are rows of their own.

  tollway ledger reprice --since 2026-11-01 --model claude-sonnet-5-5`,
	commands: [
		{
			name: "verify",
			about: "check the chain, the sums and every amount",
			options: ["json", "envFile"],
			run: async (world, given) =>
				(await import("./ledger-verify.ts")).printVerified(world, given),
		},
		{
			name: "reprice",
			about: "price calls again, with the prices of now for their day",
			options: ["since", "until", "model", "yes", "json", "url", "envFile"],
			run: async (world, given) =>
				(await import("./ledger-reprice.ts")).repriceLedger(world, given),
		},
	],
};
