import { expect, test } from "bun:test";
import { crashes } from "../../scripts/crash/crashes.ts";
import { isMissed } from "../../scripts/soak/figure.ts";
import { toJsonLine } from "../../scripts/soak/print.ts";
import { command } from "../rig.ts";

/** The short forms of `scripts/crash/main.ts`; power cuts take root and a file system of their own. */
const counts = { kills: 8, disconnects: 200 } as const;
const names = ["kills", "disconnects"] as const;

const limitMs = 60_000;
const seed = 1;

for (const name of names) {
	test.concurrent(
		`${counts[name]} ${name}: every end that was seen is on the ledger`,
		async () => {
			const said: string[] = [];
			const context = {
				command,
				seed,
				durability: "always" as const,
				progress: () => {},
				say: (text: string) => void said.push(text),
				signal: AbortSignal.timeout(limitMs),
			};
			const figures = await crashes[name](context, counts[name]);
			// How soon is not judged on a machine that runs other tests.
			const missed = figures.filter(
				(figure) => figure.unit !== "ms" && isMissed(figure),
			);
			expect(
				missed.map((figure) => toJsonLine({ soak: name, figure })),
			).toEqual([]);
			expect(said).toEqual([]);
		},
		limitMs,
	);
}
