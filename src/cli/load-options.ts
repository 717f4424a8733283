/** The configuration as a command line asks for it. */
import { parseEnv } from "node:util";
import { type Loaded, loadConfig } from "./load-config.ts";
import { quote } from "./safe-text.ts";
import type { SettingKey } from "./settings.ts";
import type { Environment, Sources } from "./sources.ts";
import type { World } from "./world.ts";

/** Flags by setting, and the file with more variables. */
export interface LoadOptions {
	readonly flags: Readonly<Partial<Record<SettingKey, string>>>;
	readonly envFile?: string;
}

/** The first line that is neither `NAME=value`, a comment nor empty; quoted values may span lines. */
function findBadLine(text: string): number | undefined {
	let quoteOpen: string | undefined;
	for (const [at, line] of text.split(/\r?\n/).entries()) {
		if (quoteOpen !== undefined) {
			if (line.includes(quoteOpen)) quoteOpen = undefined;
			continue;
		}
		if (/^\s*(#|$)/.test(line)) continue;
		const pair = /^\s*(?:export\s+)?[A-Za-z_][\w.-]*\s*=\s*(.*)$/.exec(line);
		if (!pair) return at + 1;
		const opening = /^(["'`])/.exec(pair[1] ?? "")?.[1];
		if (opening && !pair[1]?.slice(1).includes(opening)) quoteOpen = opening;
	}
	return undefined;
}

function readEnvFile(
	world: World,
	path: string,
): { values: Environment } | { problem: string } {
	try {
		const text = world.readFile(path).replace(/^\ufeff/, "");
		const bad = findBadLine(text);
		return bad === undefined
			? { values: parseEnv(text) }
			: {
					problem: `Line ${bad} of ${quote(path)} (--env-file) is not NAME=value.`,
				};
	} catch (error) {
		const { code } = error as { code?: unknown };
		const why =
			code === "ENOENT"
				? "does not exist"
				: `cannot be read (${String(code ?? "error")})`;
		return { problem: `--env-file names ${quote(path)}, which ${why}.` };
	}
}

export function loadFrom(world: World, options: LoadOptions): Loaded {
	const base: Sources = { ...world, flags: options.flags };
	if (options.envFile === undefined) return loadConfig(base);
	const read = readEnvFile(world, options.envFile);
	if ("values" in read) {
		const envFile = { path: options.envFile, values: read.values };
		return loadConfig({ ...base, envFile });
	}
	const loaded = loadConfig(base);
	return {
		...loaded,
		config: null,
		problems: [read.problem, ...loaded.problems],
	};
}

/** To stderr, one line per mistake. */
export function printProblems(
	{ stderr }: Pick<World, "stderr">,
	problems: readonly string[],
): void {
	const count =
		problems.length === 1 ? "one mistake" : `${problems.length} mistakes`;
	const lines = [
		`tollway: not started, ${count} in the configuration:`,
		...problems.map((line) => `  ${line}`),
		"`tollway config` lists every setting.",
	];
	stderr.write(`${lines.join("\n")}\n`);
}
