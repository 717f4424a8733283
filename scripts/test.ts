/**
 * `bun run test`: installs everything, builds the executable, runs the tests (all, or those the arguments name), ends
 * with the totals. TOLLWAY_EXECUTABLE names an executable that is there, then none is built.
 */
import { resolve } from "node:path";
import { runForeground } from "./foreground.ts";
import { install } from "./install.ts";
import { name, projectRoot } from "./project.ts";
import { runTests } from "./run-tests.ts";

process.chdir(projectRoot);
const installed = await install("everything");
if (installed !== 0) process.exit(installed);

const given = process.env.TOLLWAY_EXECUTABLE;
const built = given
	? 0
	: await runForeground({ cmd: [process.execPath, "scripts/build.ts"] });
const executable = resolve(
	given ?? `dist/${name}${process.platform === "win32" ? ".exe" : ""}`,
);

const wanted = process.argv.slice(2);
process.exit(
	await runTests({
		patterns: wanted[0] === "--" ? wanted.slice(1) : wanted,
		env: built === 0 ? { TOLLWAY_EXECUTABLE: executable } : {},
		broken: built === 0 ? [] : ["the executable could not be built"],
	}),
);
