/** Claude Code's own settings files, whose variables win over those of the environment. */
import { join } from "node:path";
import { z } from "zod";
import { escapeControls } from "./safe-text.ts";
import type { World } from "./world.ts";

/** Of those that `tollway claude` sets, what leads its calls elsewhere or names another session. */
const decisive = [
	"ANTHROPIC_BASE_URL",
	"ANTHROPIC_AUTH_TOKEN",
	"ANTHROPIC_API_KEY",
	"ANTHROPIC_CUSTOM_HEADERS",
] as const;

const settingsFile = z.object({ env: z.record(z.string(), z.unknown()) });

/** Says on stderr which of them overrule what Claude Code is given. */
export function tellOverrides(world: World): void {
	const { env, home, cwd, stderr } = world;
	const folder = env.CLAUDE_CONFIG_DIR ?? join(home, ".claude");
	const files = [
		join(folder, "settings.json"),
		join(cwd, ".claude", "settings.json"),
		join(cwd, ".claude", "settings.local.json"),
	];
	for (const file of new Set(files)) {
		const names = readNames(file, world);
		if (names.length === 0) continue;
		stderr.write(
			`tollway: ${escapeControls(file)} sets ${names.join(", ")}, which Claude Code takes instead of what Tollway says\n`,
		);
	}
}

/** Files that are not there, or are none that Claude Code could read either, set nothing. */
function readNames(file: string, { readFile }: World): readonly string[] {
	try {
		const { env } = settingsFile.parse(JSON.parse(readFile(file)));
		return decisive.filter((name) => Object.hasOwn(env, name));
	} catch {
		return [];
	}
}
