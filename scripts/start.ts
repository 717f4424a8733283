/** `bun start`: installs what running needs (nothing, the second time), then is the gateway. */
import { runForeground } from "./foreground.ts";
import { install } from "./install.ts";
import { projectRoot, runtimeFlags } from "./project.ts";

const installed = await install("for running");
if (installed !== 0) process.exit(installed);
process.exit(
	await runForeground({
		cmd: [
			process.execPath,
			"--no-orphans", // should this process be killed, the gateway must not keep the port
			...runtimeFlags,
			`${projectRoot}/src/main.ts`,
			...process.argv.slice(2),
		],
	}),
);
