import { expect, test } from "bun:test";
import { isMissed } from "../../scripts/soak/figure.ts";
import { toJsonLine } from "../../scripts/soak/print.ts";
import { hasProc } from "../../scripts/soak/processes.ts";
import { soaks } from "../../scripts/soak/soaks.ts";
import { noticeMark } from "../needs.ts";
import { command } from "../rig.ts";

/** The short forms of `scripts/soak/main.ts`; start-up has a goal for the executable only and is not judged here. */
const names = ["streams", "bodies", "aborts", "batch"] as const;

const limitMs = 60_000;
const seed = 1;

if (!hasProc) console.error(`${noticeMark}the soaks: this system has no /proc`);

for (const name of names) {
	test.concurrent.skipIf(!hasProc)(
		`${name}: ${soaks[name].about}`,
		async () => {
			const context = {
				command,
				seed,
				progress: () => {},
				signal: AbortSignal.timeout(limitMs),
			};
			const figures = await soaks[name].run(context, "quick");
			expect(figures.length).toBeGreaterThan(0);
			const missed = figures.filter(isMissed);
			expect(
				missed.map((figure) => toJsonLine({ soak: name, figure })),
			).toEqual([]);
		},
		limitMs,
	);
}
