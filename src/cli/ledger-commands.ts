/** `tollway ledger …`. What the commands do is loaded when one is asked for. */
import type { CommandGroup } from "./command-row.ts";

export const ledgerCommands: CommandGroup = {
	name: "ledger",
	about: "verify the ledger of what calls cost",
	more: `It reads the database of the settings (TOLLWAY_DATA_DIR or DATABASE_URL) and never
writes to it; a gateway may be running on it. Exit code 0: all is as it was
written; 1: it is not, or could not be read.`,
	commands: [
		{
			name: "verify",
			about: "check the chain, the sums and every amount",
			options: ["json", "envFile"],
			run: async (world, given) =>
				(await import("./ledger-verify.ts")).printVerified(world, given),
		},
	],
};
