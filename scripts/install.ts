import { existsSync } from "node:fs";
import {
	dependencies,
	devDependencies,
	projectRoot,
	wantedBun,
} from "./project.ts";
import { say } from "./say.ts";

const stillInstallingMs = 5_000;

/**
 * Installs what bun.lock names: everything, or only what running needs (which never removes what is there beyond it).
 * When all is in place it takes milliseconds, needs no network and prints nothing. Resolves to bun's exit code.
 */
export async function install(what: "everything" | "for running") {
	const runningOnly = what === "for running";
	const names = Object.keys(
		runningOnly ? dependencies : { ...dependencies, ...devDependencies },
	);
	const isFirst = names.some(
		(name) => !existsSync(`${projectRoot}/node_modules/${name}/package.json`),
	);
	if (Bun.version !== wantedBun)
		say(
			`This is Bun ${Bun.version}; made and tested for ${wantedBun}: npx -y bun@${wantedBun} …`,
		);
	if (isFirst) say(`Installing ${names.length} packages and what they need …`);
	const stopBeat = beat("still installing");
	const exitCode = await Bun.spawn({
		cmd: [process.execPath, "install", "--frozen-lockfile"].concat(
			runningOnly ? "--production" : [],
			isFirst ? [] : "--no-summary",
		),
		cwd: projectRoot,
		stdio: ["ignore", 2, 2],
	}).exited;
	stopBeat();
	if (exitCode !== 0)
		say("The packages could not be installed (bun's reason is above).");
	return exitCode;
}

/** Where no terminal shows bun's own progress bar, a line every few seconds does. */
function beat(what: string) {
	if (process.stderr.isTTY) return () => {};
	const startMs = performance.now();
	const timer = setInterval(() => {
		say(`… ${what} (${Math.round((performance.now() - startMs) / 1_000)} s)`);
	}, stillInstallingMs);
	return () => clearInterval(timer);
}
