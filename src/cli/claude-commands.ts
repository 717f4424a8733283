/** `tollway claude` and `tollway statusline`. What they do is loaded when they are asked for. */
import type { CommandRow } from "./command-row.ts";

export const claudeCommand: CommandRow = {
	name: "claude",
	about: "run Claude Code through the gateway; its cost at the end",
	options: ["url", "envFile"],
	argument: "[arguments...]",
	passesOn: true,
	more: `Everything behind its own options is handed on to the \`claude\` on your PATH, and
its exit code is handed back. Your virtual key is TOLLWAY_KEY; a gateway without
a master key needs none. What the session cost is printed to stderr.

  tollway claude
  tollway claude -p 'Why is the build red?' --model opus
  tollway claude -- --help`,
	run: async (world, given) =>
		(await import("./claude.ts")).runClaude(world, given),
};

export const statuslineCommand: CommandRow = {
	name: "statusline",
	about: "one line for Claude Code: budget left, today, this session",
	options: ["url", "envFile"],
	more: `Claude Code shows it when ~/.claude/settings.json has

  { "statusLine": { "type": "command", "command": "tollway statusline" } }

It asks the gateway that Claude Code calls, with the key that it calls with;
TOLLWAY_URL and TOLLWAY_KEY name others. NO_COLOR is respected.`,
	run: async (world, given) =>
		(await import("./statusline.ts")).showStatusLine(world, given),
};
