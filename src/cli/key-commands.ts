/** `tollway key …`. What the commands do is loaded when one is asked for: a gateway that starts needs none of it. */
import type { OptionName } from "./command-options.ts";
import type { CommandGroup } from "./command-row.ts";

const reaching = ["url", "envFile"] as const;

const making: readonly OptionName[] = [
	"alias",
	"user",
	"team",
	"models",
	"budget",
	"every",
	"rpm",
	"tpm",
	"parallel",
	"expires",
	"tags",
	"json",
];

export const keyCommands: CommandGroup = {
	name: "key",
	about: "make, list and change the keys of your team",
	more: `A <key> is named by its alias, its hash, the key itself, or sk-...Wxyz as the list
shows it. The commands ask the running gateway, with the master key of the same
settings (TOLLWAY_MASTER_KEY); when none runs, they open its database.

  tollway key create --alias alice --budget 20 --every 30d
  tollway key create --alias ci | gh secret set TOLLWAY_KEY
  tollway key list`,
	commands: [
		{
			name: "create",
			about: "make a key; it is shown this once",
			options: [...making, ...reaching],
			run: async (world, given) =>
				(await import("./key-create.ts")).createKey(world, given),
		},
		{
			name: "list",
			about: "list keys, what they spent and whether they work",
			options: ["json", ...reaching],
			run: async (world, given) =>
				(await import("./key-list.ts")).listKeys(world, given),
		},
		{
			name: "info",
			about: "show one key: limits, spend, models",
			argument: "<key>",
			options: ["json", ...reaching],
			run: async (world, given) =>
				(await import("./key-info.ts")).showKey(world, given),
		},
		{
			name: "block",
			about: "refuse its calls until it is unblocked",
			argument: "<key>",
			options: ["json", ...reaching],
			run: async (world, given) =>
				(await import("./key-change.ts")).blockKey(world, given),
		},
		{
			name: "unblock",
			about: "let it work again",
			argument: "<key>",
			options: ["json", ...reaching],
			run: async (world, given) =>
				(await import("./key-change.ts")).unblockKey(world, given),
		},
		{
			name: "revoke",
			about: "remove it for good; what it spent stays on the ledger",
			argument: "<key>",
			options: ["yes", "json", ...reaching],
			run: async (world, given) =>
				(await import("./key-change.ts")).revokeKey(world, given),
		},
		{
			name: "rotate",
			about: "give it a new value; all else stays",
			argument: "<key>",
			options: ["grace", "json", ...reaching],
			run: async (world, given) =>
				(await import("./key-create.ts")).rotateKey(world, given),
		},
	],
};
