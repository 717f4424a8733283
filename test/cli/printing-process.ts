/** A process that prints call lines as the gateway does; started by process-world.test.ts. */

import { openLog } from "../../src/cli/log.ts";
import { openProcessWorld } from "../../src/cli/process-world.ts";
import { plainCall } from "./plain-call.ts";

const world = openProcessWorld();
const log = openLog({ level: "info", format: "json", color: "never" }, world);
const [lines = "0", mode = "exit"] = process.argv.slice(2);

for (let at = 0; at < Number(lines); at++) {
	// Time for the pipe to break, and for the next write to notice.
	if (mode === "slow") await new Promise((resolve) => setTimeout(resolve, 1));
	log.onCall({ ...plainCall, timeMs: at, path: `/${at}` });
}

if (mode === "wait") {
	const signal = await new Promise<string>((resolve) => {
		world.onSignal(resolve);
		world.stderr.write(`limit ${world.openFileLimit()}\n`);
	});
	world.stderr.write(`${signal}\n`);
}
await log.close();
process.exit(0);
