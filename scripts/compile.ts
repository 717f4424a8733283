import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readCommit, runtimeFlags } from "./project.ts";
import type { Target } from "./targets.ts";

const execArgv = [
	...runtimeFlags,
	// No eval, no module, preload or worker from disk, no inspector; no variable lowers it.
	"--disallow-code-generation-from-strings=strict",
];

/** The program, and beside it the files that run as workers (nested ones are not found once compiled). */
export const program: readonly string[] = [
	"src/main.ts",
	"src/writer.ts",
	"src/reader.ts",
];

export interface CompileOptions {
	outfile: string;
	/** Without it: this machine. Others' runtimes come from the npm registry, once. */
	target?: Target;
}

/**
 * Makes an executable, hardened: nothing in its working directory (`.env`, `bunfig.toml`) and no variable adds code.
 * It is built in a folder of its own and moved: one that runs keeps its file, and nobody sees half a one. Rejects with
 * Bun's AggregateError of build messages.
 */
export async function compile(
	entrypoints: readonly string[],
	{ outfile, target }: CompileOptions,
) {
	mkdirSync(dirname(outfile), { recursive: true });
	const folder = mkdtempSync(join(dirname(outfile), ".building-"));
	const made = join(folder, basename(outfile)); // the name is in the bytes, so it is the final one
	const commit = readCommit();
	try {
		await Bun.build({
			entrypoints: [...entrypoints],
			compile: {
				outfile: made,
				execArgv,
				autoloadDotenv: false,
				autoloadBunfig: false,
				...(target && { target: target.bun }),
			},
			splitting: true,
			format: "esm", // bytecode alone means CommonJS, which has no top-level await
			bytecode: true,
			minify: true,
			sourcemap: "linked",
			define: commit ? { BUILD_COMMIT: JSON.stringify(commit) } : {},
		});
		renameSync(made, outfile);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
