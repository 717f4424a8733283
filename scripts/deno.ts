/**
 * `bun scripts/deno.ts`: the relay's scenarios with the gateway under Deno, from the same source. Deno comes from the
 * npm registry.
 */
import { projectRoot } from "./project.ts";
import { runTests } from "./run-tests.ts";
import { say } from "./say.ts";

const deno = "deno@2.9.6";
const flags = [
	"--allow-all",
	"--no-check",
	"--no-lock",
	"--node-modules-dir=manual",
];
const scenarios = ["test/gateway/"];

process.chdir(projectRoot);
// The program's own path: npx would stand between it and the signals that tests send.
const found = Bun.spawnSync(
	["npx", "-y", "-p", deno, "-c", "command -v deno"],
	{ stderr: "inherit" },
);
const program = found.stdout.toString().trim();
if (!program) {
	say(`FAILED ${deno} cannot be had from npm`);
	process.exit(1);
}
say(Bun.spawnSync([program, "--version"]).stdout.toString().trim());
process.exit(
	await runTests({
		patterns: process.argv.length > 2 ? process.argv.slice(2) : scenarios,
		env: {
			TOLLWAY_TEST_COMMAND: [program, "run", ...flags, "src/main.ts"].join(" "),
		},
	}),
);
