import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The upstream, a folder, and whatever else must end with the run. */
export interface Stage {
	readonly folder: string;
	readonly upstreamPort: number;
	/** Called when the stage is closed. */
	onClose(end: () => Promise<void>): void;
	close(): Promise<void>;
}

/** @param core of the upstream */
export async function openStage(core: number): Promise<Stage> {
	const folder = mkdtempSync(join(tmpdir(), "tollway-bench-"));
	const upstream = Bun.spawn(
		[
			...["taskset", "-c", String(core)],
			...[process.execPath, "scripts/bench/upstream.ts"],
		],
		{ stdio: ["ignore", "pipe", "inherit"] },
	);
	const ends: (() => Promise<void>)[] = [];
	const close = async () => {
		upstream.kill();
		await Promise.all([upstream.exited, ...ends.map((end) => end())]);
		rmSync(folder, { recursive: true, force: true });
	};
	for (const signal of ["SIGINT", "SIGTERM"] as const)
		process.once(signal, () => close().then(() => process.exit(130)));
	return {
		folder,
		upstreamPort: await readPort(upstream.stdout),
		onClose: (end) => ends.push(end),
		close,
	};
}

async function readPort(stdout: ReadableStream<Uint8Array>) {
	for await (const bytes of stdout)
		return Number(new TextDecoder().decode(bytes));
	throw new Error("the upstream did not start");
}
