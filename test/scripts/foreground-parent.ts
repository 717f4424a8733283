/** What scripts/start.ts does, with another program. */
import { runForeground } from "../../scripts/foreground.ts";

const child = `${import.meta.dir}/counting-child.ts`;
process.exit(
	await runForeground({
		cmd: [process.execPath, "--no-orphans", child, ...process.argv.slice(2)],
	}),
);
