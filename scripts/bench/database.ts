import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type FileSize, measureFile } from "../prefill/ledger-file.ts";
import { syncFile } from "./disk.ts";

/** A ledger with a past: what a call costs depends on what lies in it already. */
export interface Ledger {
	readonly path: string;
	readonly size: FileSize;
}

/** The density of a million in a month; fewer Entries over as long would share fewer sums. */
const entriesPerDay = 1_000_000 / 30;

/** Makes one of so many Entries, or takes the one that was made before. Rejects when it is in use. */
export async function findLedger(
	folder: string,
	{ path, entries }: { readonly path: string | null; readonly entries: number },
): Promise<Ledger> {
	if (path !== null) {
		if (!existsSync(path)) throw new Error(`there is no ${path}`);
		return { path, size: await measureFile(path) };
	}
	const made = join(folder, "prefilled.db");
	const days = Math.max(1, Math.round(entries / entriesPerDay));
	const child = Bun.spawn(
		[
			...[process.execPath, "scripts/prefill.ts", "--database", made],
			...["--entries", String(entries), "--days", String(days)],
		],
		{ stdio: ["ignore", "pipe", "inherit"] },
	);
	const text = await new Response(child.stdout).text();
	if ((await child.exited) !== 0) throw new Error("the prefill failed");
	return { path: made, size: JSON.parse(text) };
}

/** A data folder with a copy of the ledger: no contestant sees what another one wrote. */
export function copyLedger(path: string, dataFolder: string): void {
	mkdirSync(dataFolder, { recursive: true });
	const copy = join(dataFolder, "tollway.db");
	copyFileSync(path, copy);
	// Otherwise the kernel writes it out while something is measured.
	syncFile(copy);
}
